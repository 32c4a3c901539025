"""Consecutive numbers without gaps."""

import uuid

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from services.portal.actions.refusals import SeriesExhausted
from services.portal.models import Series


def take_number(session: Session, purpose: str, series_id: uuid.UUID | None = None) -> tuple[uuid.UUID, str]:
    """The next number of a series, and the series' id; without one the oldest active series of the purpose.

    The series stays locked until the transaction ends: if it fails the number was never taken, so there are no gaps.
    Lock the parties first: then no two transactions wait for each other. Raises SeriesExhausted.
    """
    free = (Series.active, or_(Series.last_number.is_(None), Series.next_number <= Series.last_number))
    oldest = select(Series.id).where(Series.purpose == purpose, *free).order_by(Series.created_at, Series.id)
    chosen = series_id or session.scalar(oldest.limit(1))
    taken = session.execute(
        update(Series)
        .where(Series.id == chosen, Series.purpose == purpose, *free)
        .values(next_number=Series.next_number + 1)
        .returning(Series.id, Series.prefix, Series.next_number, Series.width),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if taken is None and series_id is None and chosen is not None:
        return take_number(session, purpose)  # its last number was taken while we waited: on to the next series
    if taken is None:
        raise SeriesExhausted
    return taken.id, f"{taken.prefix}{taken.next_number - 1:0{taken.width}}"
