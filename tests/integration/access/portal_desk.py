"""Who may call what in the portal: desk."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
