"""Who may call what in the portal: profile."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
