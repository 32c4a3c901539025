"""Who may call what in the portal: area."""

from tests.integration.access.kinds import CLIENT_AREA, Route

ROUTES: tuple[Route, ...] = (
    Route("invoices.index", "GET", CLIENT_AREA),
    Route("invoices.show", "GET", CLIENT_AREA),
    Route("invoices.pdf", "GET", CLIENT_AREA),
    Route("invoices.document", "GET", CLIENT_AREA),
    Route("invoices.archive", "GET", CLIENT_AREA),
    Route("income.index", "GET", CLIENT_AREA),
    Route("income.show", "GET", CLIENT_AREA),
    Route("income.pdf", "GET", CLIENT_AREA),
    Route("receipts.index", "GET", CLIENT_AREA),
    Route("receipts.show", "GET", CLIENT_AREA),
    Route("receipts.pdf", "GET", CLIENT_AREA),
    Route("statement.show", "GET", CLIENT_AREA),
    Route("statement.pdf", "GET", CLIENT_AREA),
    Route("statement.csv", "GET", CLIENT_AREA),
)
