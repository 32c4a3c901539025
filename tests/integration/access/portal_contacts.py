"""Who may call what in the portal: contacts and sub-accounts."""

from tests.integration.access.kinds import API, CLIENT_AREA, STAFF_CHANGE, STAFF_READ, Route

ROUTES: tuple[Route, ...] = (
    Route("contacts.index", "GET", CLIENT_AREA),
    Route("contacts.new", "GET POST", CLIENT_AREA),
    Route("contacts.edit", "GET POST", CLIENT_AREA),
    Route("contacts.act", "GET POST", CLIENT_AREA),
    Route("activity.index", "GET", CLIENT_AREA),
    Route("contact_desk.index", "GET", STAFF_READ),
    Route("contact_desk.act", "GET POST", STAFF_CHANGE),
    Route("contacts_api.Contacts", "GET", API("contacts:read")),
)
