"""Reading the copy of the parties."""

import uuid

from sqlalchemy.orm import Session

from services.portal.models import Party


def find_party(session: Session, party_id: uuid.UUID) -> Party | None:
    """The portal's copy of a party."""
    return session.get(Party, party_id)
