"""Reads of the change log of a party."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.directory.models import PartyChange
from shared.web.paging import Page, paginate


def list_changes(
    session: Session, party_id: uuid.UUID, *, cursor: str | None = None, limit: int = 50
) -> Page[PartyChange]:
    """One page of the log, the newest first. Raises BadCursor."""
    asking = select(PartyChange).where(PartyChange.party_id == party_id)
    # Ids are in the order of their making.
    return paginate(session, asking, [(PartyChange.id, True)], cursor=cursor, limit=limit)
