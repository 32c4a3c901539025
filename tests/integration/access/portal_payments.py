"""Who may call what in the portal: payments."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
