"""What somebody should look at: each count reads an index and stops early."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.mailer.models import Letter, Queue
from services.mailer.rules.states import FAILED, PENDING, UNCERTAIN
from services.mailer.rules.window import URGENT_KINDS, Window
from shared import clock

MOST = 10_000
RECENT = timedelta(hours=24)
DOUBTFUL = timedelta(days=7)
LONG = timedelta(hours=1)


def count_failed_lately(session: Session) -> int:
    """How many letters failed within the last day."""
    return _count(session, Letter.state == FAILED, Letter.ended_at >= clock.now() - RECENT)


def count_uncertain_lately(session: Session) -> int:
    """Of how many letters of the last week nobody can tell whether they arrived."""
    return _count(session, Letter.state == UNCERTAIN, Letter.ended_at >= clock.now() - DOUBTFUL)


def count_waiting_letters(session: Session) -> int:
    """How many letters wait."""
    return _count(session, Letter.state == PENDING)


def count_waiting_long(session: Session, queue: Queue, window: Window | None) -> int:
    """How many letters could have gone out an hour ago and did not, though nothing known holds them up."""
    now = clock.now()
    if queue.paused or queue.trouble:
        return 0
    late: list[ColumnElement[bool]] = [
        Letter.state == PENDING,
        Letter.due_at < now - LONG - timedelta(seconds=queue.delay or 0),
    ]
    if window is not None and not _was_open(window, now):
        late.append(Letter.kind.in_(URGENT_KINDS))
    return _count(session, *late)


def _was_open(window: Window, now: datetime) -> bool:
    """Whether letters could go out for the whole of the last hour."""
    return all(window.is_open(now - LONG * quarter / 4) for quarter in range(5))


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    some = select(Letter.id).where(*conditions).limit(MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
