"""What needs attention in the portal, for the start page of the back office."""

from sqlalchemy.orm import Session

from shared.web import Attention


def list_attention(_session: Session) -> list[Attention]:
    """The most urgent first."""
    return []
