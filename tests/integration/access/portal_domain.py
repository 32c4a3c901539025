"""Who may call what in the portal: domain."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
