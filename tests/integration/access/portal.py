"""Who may call what in the portal; `__init__.py` says how to add a line."""

from tests.integration.access import (
    portal_area,
    portal_cases,
    portal_contacts,
    portal_desk,
    portal_documents,
    portal_domain,
    portal_paying,
    portal_payments,
    portal_profile,
)
from tests.integration.access.kinds import (
    AFTER_PASSWORD,
    API,
    BACK_OFFICE,
    CLIENT_AREA,
    COMMON,
    PUBLIC,
    SIGNS_OUT,
    STAFF_CHANGE,
    STAFF_READ,
    Route,
)

ROUTES = (
    *COMMON,
    *BACK_OFFICE,
    # REST
    Route("attention.AttentionView", "GET", API("attention:read")),
    Route("clients.Clients", "GET", API("parties:read")),
    Route("clients.OneClient", "GET", API("parties:read")),
    # The client area
    Route("home.start", "GET", PUBLIC),
    Route("home.show", "GET", CLIENT_AREA),
    Route("access.signin", "GET POST", PUBLIC),
    Route("access.signout", "POST", SIGNS_OUT),
    Route("passwords.forgot", "GET POST", PUBLIC),
    Route("passwords.forgot_sent", "GET", PUBLIC),
    Route("passwords.link", "GET POST", PUBLIC),
    Route("passwords.change", "GET", CLIENT_AREA),
    Route("passwords.save", "POST", CLIENT_AREA),
    Route("code.ask", "GET POST", AFTER_PASSWORD),
    Route("security.show", "GET", CLIENT_AREA),
    Route("security.about", "GET", CLIENT_AREA),
    Route("security.begin", "POST", CLIENT_AREA),
    Route("security.confirm", "POST", CLIENT_AREA),
    Route("security.restart", "GET", CLIENT_AREA),
    Route("security.change", "GET POST", CLIENT_AREA),
    Route("security.end_session", "GET POST", CLIENT_AREA),
    Route("security.end_others", "GET POST", CLIENT_AREA),
    # The back office
    Route("backoffice.clients", "GET", STAFF_READ),
    Route("backoffice.client", "GET", STAFF_READ),
    Route("backoffice.end_one", "GET POST", STAFF_CHANGE),
    Route("backoffice.end_sessions", "GET POST", STAFF_CHANGE),
    # The areas, each in a table of its own
    *portal_area.ROUTES,
    *portal_cases.ROUTES,
    *portal_contacts.ROUTES,
    *portal_desk.ROUTES,
    *portal_documents.ROUTES,
    *portal_domain.ROUTES,
    *portal_paying.ROUTES,
    *portal_payments.ROUTES,
    *portal_profile.ROUTES,
)
