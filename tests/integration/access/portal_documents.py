"""Who may call what in the portal: documents."""

from tests.integration.access.kinds import Route

ROUTES: tuple[Route, ...] = ()
