"""Who may call what in the portal: the mail history, one's own letters, and stopping them."""

from tests.integration.access.kinds import API, CLIENT_AREA, LETTER, STAFF_READ, Route

ROUTES: tuple[Route, ...] = (
    Route("letters.index", "GET", CLIENT_AREA),
    Route("choices.show", "GET", CLIENT_AREA),
    Route("choices.save", "POST", CLIENT_AREA),
    Route("notices.stop", "GET POST", LETTER),
    Route("letter_desk.index", "GET", STAFF_READ),
    Route("documents_api.fiscal_pdf", "GET", API("invoices:read")),
)
