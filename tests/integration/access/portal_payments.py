"""Who may call what in the portal: payments by hand, reports and incidents."""

from tests.integration.access.kinds import CLIENT_AREA, STAFF_CHANGE, STAFF_READ, Route

ROUTES = (
    Route("reports.index", "GET", CLIENT_AREA),
    Route("reports.new", "GET POST", CLIENT_AREA),
    Route("reports.show", "GET", CLIENT_AREA),
    Route("reports.file", "GET", CLIENT_AREA),
    Route("payment_desk.index", "GET", STAFF_READ),
    Route("payment_desk.show", "GET", STAFF_READ),
    Route("payment_desk.pdf", "GET", STAFF_READ),
    Route("payment_desk.export", "GET", STAFF_READ),
    Route("payment_desk.new", "GET POST", STAFF_CHANGE),
    Route("payment_desk.reverse", "GET POST", STAFF_CHANGE),
    Route("payment_desk.use", "GET POST", STAFF_CHANGE),
    Route("report_desk.index", "GET", STAFF_READ),
    Route("report_desk.show", "GET", STAFF_READ),
    Route("report_desk.file", "GET", STAFF_READ),
    Route("report_desk.accept", "POST", STAFF_CHANGE),
    Route("report_desk.reject", "POST", STAFF_CHANGE),
    Route("incident_desk.index", "GET", STAFF_READ),
    Route("incident_desk.show", "GET", STAFF_READ),
    Route("incident_desk.show", "POST", STAFF_CHANGE),
)
