"""Who may call what in the portal: paying."""

from tests.integration.access.kinds import CLIENT_AREA, OWN_PROOF, Route

ROUTES: tuple[Route, ...] = (
    Route("paying.choose", "GET", CLIENT_AREA),
    Route("paying.begin", "POST", CLIENT_AREA),
    Route("paying.result", "GET", CLIENT_AREA),
    Route("sandbox.show", "GET", CLIENT_AREA),
    Route("sandbox.decide", "POST", CLIENT_AREA),
    Route("notifications.Notifications", "POST", OWN_PROOF),
)
