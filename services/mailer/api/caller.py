"""Who calls."""

from shared.web import acting_staff, current_client


def caller() -> str:
    """Who stands behind the request: the staff member in whose name a service calls, else the client."""
    actor, client = acting_staff(), current_client()
    return actor.name if actor else client.id if client else ""
