"""Who may call what in the portal: paying."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
