"""Who may call what in the portal: domain."""

from tests.integration.access.kinds import API, Route

ROUTES: tuple[Route, ...] = (
    Route("invoices_api.create", "POST", API("invoices:write")),
    Route("invoices_api.index", "GET", API("invoices:read")),
    Route("invoices_api.show", "GET", API("invoices:read")),
    Route("invoices_api.issue", "POST", API("invoices:write")),
    Route("invoices_api.void", "POST", API("invoices:write")),
    Route("invoices_api.credit", "POST", API("invoices:write")),
    Route("payments_api.record", "POST", API("payments:write")),
    Route("payments_api.index", "GET", API("payments:read")),
    Route("payments_api.show", "GET", API("payments:read")),
    Route("documents_api.xml", "GET", API("invoices:read")),
    Route("papers_api.invoice", "GET", API("invoices:read")),
    Route("papers_api.receipt", "GET", API("payments:read")),
)
