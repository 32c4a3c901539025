"""Who may call what in the portal: cases."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
