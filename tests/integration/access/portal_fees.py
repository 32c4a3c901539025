"""Who may call what in the portal: late fees."""

from tests.integration.access.kinds import ADMIN, STAFF_CHANGE, STAFF_READ, Route

ROUTES: tuple[Route, ...] = (
    Route("fee_desk.index", "GET", STAFF_READ),
    Route("fee_desk.client", "GET", STAFF_READ),
    Route("fee_desk.charged", "GET", STAFF_READ),
    Route("fee_desk.export", "GET", STAFF_READ),
    Route("fee_desk.waive", "GET POST", STAFF_CHANGE),
    Route("fee_rules.rule", "GET POST", ADMIN),
    Route("fee_rules.off", "GET POST", ADMIN),
    Route("fee_rules.ceiling", "GET POST", ADMIN),
)
