"""Who may call what in the portal: profile, another e-mail, the guide, and seeing the area as a client."""

from tests.integration.access.kinds import CLIENT_AREA, PUBLIC, STAFF_CHANGE, Route

ROUTES: tuple[Route, ...] = (
    Route("profile.show", "GET", CLIENT_AREA),
    Route("profile.save", "POST", CLIENT_AREA),
    Route("emails.ask", "GET", CLIENT_AREA),
    Route("emails.begin", "POST", CLIENT_AREA),
    Route("emails.withdraw", "POST", CLIENT_AREA),
    Route("emails.open_link", "GET", CLIENT_AREA),
    Route("emails.confirm", "POST", CLIENT_AREA),
    Route("guide.download", "GET", CLIENT_AREA),
    Route("viewing.ask", "GET", STAFF_CHANGE),
    Route("viewing.start", "POST", STAFF_CHANGE),
    Route("viewing.leave", "POST", PUBLIC),  # does nothing where nobody looks
)
