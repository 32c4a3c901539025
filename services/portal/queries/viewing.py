"""Reading who of the staff looks at the area as a client."""

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from services.portal.models import Viewing


def find_viewing(session: Session, token_hash: bytes) -> Viewing | None:
    """The viewing with this token that nobody has ended, with its party; its time may be over."""
    wanted = select(Viewing).join(Viewing.party).options(contains_eager(Viewing.party))
    return session.scalar(wanted.where(Viewing.token_hash == token_hash, Viewing.ended_at.is_(None)))
