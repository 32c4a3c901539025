"""Who may call what in the portal: documents."""

from tests.integration.access.kinds import ADMIN, STAFF_CHANGE, STAFF_READ, Route

ROUTES = (
    Route("documents.show", "GET", STAFF_READ),
    Route("documents.attach", "POST", STAFF_CHANGE),
    Route("documents.build", "POST", STAFF_CHANGE),
    Route("documents.download", "GET", STAFF_READ),
    Route("documents.remove", "GET POST", STAFF_CHANGE),
    Route("fiscal_settings.edit", "GET", ADMIN),
    Route("fiscal_settings.save", "POST", ADMIN),
)
