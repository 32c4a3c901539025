"""Letters end before they leave: cancelled by the staff or another system, replaced, or their reason is gone.

The mark `sending` and the end of a waiting letter are rival conditional updates of one row: exactly one of them finds
it `pending`. Both lock rows in the order of their ids, so that two of them never wait for each other.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, true, update
from sqlalchemy.orm import Session

from services.mailer.actions.telling import TOLD, about
from services.mailer.models import Letter
from services.mailer.rules.states import CANCELLED, FAILED, PENDING, SENDING
from services.mailer.rules.suppressing import SUPPRESSED, SUPPRESSED_TOLD
from shared import clock
from shared.audit import record_act
from shared.events.mailer import LetterCancelled, LetterFailed
from shared.outbox import publish

CHUNK = 500
BY_STAFF = "staff"


@dataclass
class Cancellation:
    """What came of a request to cancel: how many were, and which were not because of their state."""

    cancelled: int = 0
    not_cancelled: list[dict[str, Any]] = field(default_factory=list)
    """`id` and `state` of each; an unknown id has the state None."""


def cancel_selected(session: Session, ids: Sequence[uuid.UUID], by: str) -> Cancellation:
    """Cancel these letters, as far as they still wait."""
    result = Cancellation()
    wanted = sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        ended = end_waiting(session, Letter.id.in_(some), CANCELLED, BY_STAFF, by)
        result.cancelled += len(ended)
        rest = set(some) - set(ended)
        states = {
            row.id: row.state for row in session.execute(select(Letter.id, Letter.state).where(Letter.id.in_(rest)))
        }
        result.not_cancelled += [{"id": one, "state": states.get(one)} for one in sorted(rest)]
    _record(session, result, subject="letters")
    return result


def cancel_batch(session: Session, batch_id: uuid.UUID, by: str) -> Cancellation:
    """Cancel what still waits of a batch."""
    return _record(
        session, _cancel_where(session, Letter.batch_id == batch_id, by), subject="batch", subject_id=batch_id
    )


def cancel_all(session: Session, by: str) -> Cancellation:
    """Cancel everything that waits."""
    return _record(session, _cancel_where(session, true(), by), subject="queue")


def _record(session: Session, result: Cancellation, **about: Any) -> Cancellation:
    if result.cancelled:
        record_act(session, "mailer", "letters.cancelled", count=result.cancelled, **about)
    return result


def _cancel_where(session: Session, condition: ColumnElement[bool], by: str) -> Cancellation:
    ended = end_waiting(session, condition, CANCELLED, BY_STAFF, by)
    # Those under way at this moment could not be stopped, and the caller has to know.
    under_way = session.execute(select(Letter.id, Letter.state).where(Letter.state == SENDING, condition))
    return Cancellation(len(ended), [{"id": row.id, "state": row.state} for row in under_way])


def end_waiting(
    session: Session, condition: ColumnElement[bool], state: str, reason: str, by: str | None = None
) -> list[uuid.UUID]:
    """End the waiting letters that meet the condition, destroy their secrets, and tell of those cancelled or failed.

    Returns their ids. A letter that is being sent, or has ended already, stays as it is.
    """
    waiting = (Letter.state == PENDING, condition)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(Letter.id).where(*waiting).order_by(Letter.id).with_for_update()).all()
    moment = clock.now()
    change = (
        update(Letter)
        .where(*waiting)
        .values(
            state=state,
            ciphertext=None,
            sealing_key=None,
            claimed_by=None,
            ended_at=moment,
            ended_by=by,
            outcome=reason,
        )
        .returning(*(getattr(Letter, name) for name in TOLD))
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(change).all()
    publish(session, *(told for row in rows if (told := _told(row, state, reason, moment))))
    return [row.id for row in rows]


def _told(row: Any, state: str, reason: str, moment: datetime) -> LetterCancelled | LetterFailed | None:
    if state == CANCELLED:
        return LetterCancelled(**about(row, moment), reason=reason)
    if state == FAILED:
        return LetterFailed(**about(row, moment), answer=SUPPRESSED_TOLD if reason == SUPPRESSED else reason)
    return None
