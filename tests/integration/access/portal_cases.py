"""Who may call what in the portal: requests of clients (PQRS)."""

from tests.integration.access.kinds import API, CLIENT_AREA, STAFF_CHANGE, STAFF_READ, Route

ROUTES = (
    Route("cases_api.Cases", "GET", API("cases:read")),
    Route("cases_api.OneCase", "GET", API("cases:read")),
    Route("cases.index", "GET", CLIENT_AREA),
    Route("cases.new", "GET POST", CLIENT_AREA),
    Route("cases.show", "GET", CLIENT_AREA),
    Route("cases.write", "POST", CLIENT_AREA),
    Route("cases.file", "GET", CLIENT_AREA),
    Route("case_desk.index", "GET", STAFF_READ),
    Route("case_desk.export", "GET", STAFF_READ),
    Route("case_desk.show", "GET", STAFF_READ),
    Route("case_desk.file", "GET", STAFF_READ),
    Route("case_figures.index", "GET", STAFF_READ),
    Route("case_figures.picture", "GET", STAFF_READ),
    Route("case_acts.new", "GET POST", STAFF_CHANGE),
    Route("case_acts.reply", "POST", STAFF_CHANGE),
    Route("case_acts.note", "POST", STAFF_CHANGE),
    Route("case_acts.assign", "POST", STAFF_CHANGE),
    Route("case_acts.extend", "GET POST", STAFF_CHANGE),
    Route("case_acts.close", "GET POST", STAFF_CHANGE),
    Route("case_acts.reopen", "GET POST", STAFF_CHANGE),
)
