"""Reading series of numbers."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.portal.models import Series


def list_series(session: Session) -> Sequence[Series]:
    """Every series, by purpose, the oldest first; retired ones too."""
    return session.scalars(select(Series).order_by(Series.purpose, Series.created_at, Series.id)).all()


def list_usable_series(session: Session, purpose: str) -> Sequence[Series]:
    """The series of a purpose that can still give a number; the first is the one that is taken by itself."""
    has_some = or_(Series.last_number.is_(None), Series.next_number <= Series.last_number)
    wanted = select(Series).where(Series.purpose == purpose, Series.active, has_some)
    return session.scalars(wanted.order_by(Series.created_at, Series.id)).all()
