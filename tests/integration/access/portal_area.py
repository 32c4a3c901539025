"""Who may call what in the portal: area."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
