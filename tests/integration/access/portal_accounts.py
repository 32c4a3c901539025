"""Who may call what in the portal: invitations, and whose area is looked at."""

from tests.integration.access.kinds import API, CLIENT_AREA, PUBLIC, Route

ROUTES: tuple[Route, ...] = (
    Route("clients.Sessions", "GET", API("parties:read")),
    # Without a link that works every one of them only says so.
    Route("invitations.show", "GET", PUBLIC),
    Route("invitations.send_code", "POST", PUBLIC),
    Route("invitations.choose_password", "POST", PUBLIC),
    Route("invitations.sign_in", "POST", PUBLIC),
    Route("invitations.accept", "POST", PUBLIC),
    Route("invitations.leave", "POST", PUBLIC),
    Route("accounts.choose", "GET", CLIENT_AREA),
    Route("accounts.switch", "POST", CLIENT_AREA),
    Route("accounts.follow", "GET", CLIENT_AREA),
)
