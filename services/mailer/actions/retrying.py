"""Failed letters go into the queue again, where that makes sense (rules/retrying.py)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update
from sqlalchemy.orm import Session

from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.models import Letter
from services.mailer.queries import LetterFilter
from services.mailer.rules.requests import WORTH_SENDING
from services.mailer.rules.retrying import PASSING, WITHOUT_SECRET
from services.mailer.rules.states import FAILED, PENDING
from shared import clock
from shared.audit import record_act
from shared.wake import wake

CHUNK = 500


@dataclass
class Retry:
    """What came of a request to send again: how many go again, how many failed ones need a new credential instead,
    and (for chosen letters) which do not go and their state (None: there is no such letter)."""

    retried: int = 0
    to_issue_again: int = 0
    not_retried: list[dict[str, Any]] = field(default_factory=list)


def count_retry(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Retry:
    """What `retry_where` would do now."""
    failed = session.scalar(select(func.count()).select_from(Letter).where(Letter.state == FAILED, *conditions)) or 0
    can = session.scalar(select(func.count()).select_from(Letter).where(*_can_retry(), *conditions)) or 0
    return Retry(can, failed - can)


def retry_selected(session: Session, ids: Sequence[uuid.UUID]) -> Retry:
    """Send these again, as far as that makes sense."""
    result, wanted = Retry(), sorted(set(ids))
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        again = _queue_again(session, [Letter.id.in_(some)])
        result.retried += len(again)
        rest = set(some) - set(again)
        states = {
            row.id: row.state for row in session.execute(select(Letter.id, Letter.state).where(Letter.id.in_(rest)))
        }
        result.not_retried += [{"id": one, "state": states.get(one)} for one in sorted(rest)]
    result.to_issue_again = sum(one["state"] == FAILED for one in result.not_retried)
    return _record(session, result, subject="letters")


def retry_batch(session: Session, batch_id: uuid.UUID) -> Retry:
    """Send what failed of a batch again."""
    return _record(session, _retry_where(session, [Letter.batch_id == batch_id]), subject="batch", subject_id=batch_id)


def retry_matching(session: Session, wanted: LetterFilter) -> Retry:
    """Send every failed letter that a filter lets through again."""
    return _record(session, _retry_where(session, wanted.conditions(session)), subject="letters")


def _retry_where(session: Session, conditions: Sequence[ColumnElement[bool]]) -> Retry:
    result = count_retry(session, conditions)
    result.retried = len(_queue_again(session, conditions))
    return result


def _can_retry() -> Sequence[ColumnElement[bool]]:
    """As `may_go_again` says, of letters whose words are still there."""
    return (
        Letter.state == FAILED,
        Letter.kind.in_(WITHOUT_SECRET),
        Letter.kind.not_in(PASSING) | (Letter.expires_at > clock.now()),
        Letter.text.is_not(None) | Letter.told.is_not(None),
    )


def _queue_again(session: Session, conditions: Sequence[ColumnElement[bool]]) -> list[uuid.UUID]:
    moment = clock.now()
    change = update(Letter).where(*_can_retry(), *conditions)
    change = change.values(
        state=PENDING,
        due_at=moment,
        delayed=False,
        attempts=0,
        expires_at=case((Letter.kind.in_(PASSING), Letter.expires_at), else_=moment + WORTH_SENDING),
        sending_mark=None,
        ended_at=None,
        ended_by=None,
        outcome=None,
    )
    again = change.returning(Letter.id).execution_options(synchronize_session=False)
    return list(session.scalars(again))


def _record(session: Session, result: Retry, **about: Any) -> Retry:
    if result.retried:
        record_act(session, "mailer", "letters.retried", count=result.retried, **about)
        wake(session, LETTERS_TOPIC)
    return result
