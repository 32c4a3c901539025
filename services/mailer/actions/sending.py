"""The way of a letter out: claimed by a worker, marked as being sent, and what came of it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, Uuid, bindparam, exists, insert, select, update
from sqlalchemy.orm import Session

from services.mailer.actions.ending import end_waiting
from services.mailer.actions.telling import TOLD, about
from services.mailer.models import Attempt, Letter, Queue
from services.mailer.queries import suppressed_of
from services.mailer.rules.states import (
    FAILED,
    PENDING,
    SENDING,
    SENT,
    UNCERTAIN,
    Consequence,
    Outcome,
    Verdict,
    consequence_of,
)
from services.mailer.rules.suppressing import SUPPRESSED
from services.mailer.rules.window import URGENT_KINDS
from shared import clock
from shared.db import new_id
from shared.events.mailer import LetterFailed, LetterSent
from shared.outbox import publish

PAUSED = exists().where(Queue.paused)


@dataclass(frozen=True)
class ClaimedLetter:
    """A letter in the hands of a worker: what it needs to be written and sent."""

    id: uuid.UUID
    kind: str
    name: str
    login: str
    address: str
    domain: str
    language: str
    ciphertext: bytes | None
    sealing_key: str | None
    message_id: str
    expires_at: datetime
    subject: str | None
    text: str | None
    html: str | None
    path: str | None
    told: dict[str, str] | None
    stop_path: str | None
    attachments: list[dict[str, str]] | None


# Built once: these run for every few letters, and to build them costs more than to run them.
letters = Letter.__table__
IDS = letters.c.id.in_(bindparam("ids", expanding=True, type_=Uuid()))
OURS = (IDS, letters.c.claimed_by == bindparam("worker", type_=Uuid()))
LOCK = select(letters.c.id).where(*OURS).order_by(letters.c.id).with_for_update()
BEGIN = (
    update(letters)  # type: ignore[arg-type]
    .where(
        *OURS,
        ((letters.c.state == PENDING) & ~PAUSED)
        | ((letters.c.state == SENDING) & (letters.c.sending_mark == bindparam("mark", type_=Uuid()))),
    )
    .values(
        state=SENDING,
        sending_mark=bindparam("mark", type_=Uuid()),
        sending_at=bindparam("now", type_=letters.c.sending_at.type),
    )
    .returning(letters.c.id)
)
IN_HAND = (
    select(
        *(letters.c[name] for name in TOLD),
        letters.c.attempts,
        letters.c.state,
    )
    .where(*OURS, letters.c.state.in_((SENDING, UNCERTAIN)))
    .order_by(letters.c.id)
    .with_for_update()
)


def _each(columns: Sequence[str], **same: Any) -> Update:
    """One statement for many letters: `key` is the id, `new_…` its new values, the rest is the same for all."""
    changes: dict[str, Any] = {name: bindparam(f"new_{name}", type_=letters.c[name].type) for name in columns}
    same_letter = letters.c.id == bindparam("key", type_=Uuid())
    return update(letters).where(same_letter).values(changes | same)  # type: ignore[arg-type]


END = _each(
    ("state", "attempts", "ended_at", "outcome"), ciphertext=None, sealing_key=None, claimed_by=None, delayed=False
)
WAIT = _each(("attempts", "due_at", "outcome"), state=PENDING, claimed_by=None, delayed=False)
TRIED = insert(Attempt.__table__)  # type: ignore[arg-type]
COLUMNS = tuple(getattr(Letter, name) for name in ClaimedLetter.__dataclass_fields__)


def claim_letters(
    session: Session,
    worker: uuid.UUID,
    limit: int,
    delay: float,
    without_domains: Sequence[str] = (),
    *,
    only_urgent: bool = False,
) -> list[ClaimedLetter]:
    """Take up to `limit` letters that are due, those that do not wait (recoveries, further attempts) first.

    A claimed letter still waits: it can be cancelled, and it goes back if this worker dies. What is meant for an
    address on the suppression list ends here. `only_urgent`: outside the send window.
    """
    claimed: list[ClaimedLetter] = []
    for free in _free(delay, only_urgent):
        wanted = select(Letter.id).where(*free, ~PAUSED).order_by(Letter.due_at).limit(limit - len(claimed))
        if without_domains:
            wanted = wanted.where(Letter.domain.not_in(without_domains))
        ids = session.scalars(wanted.with_for_update(skip_locked=True)).all()
        if not ids:
            continue
        mark = update(Letter).where(Letter.id.in_(ids)).values(claimed_by=worker).returning(*COLUMNS)
        rows = session.execute(mark.execution_options(synchronize_session=False)).all()
        claimed += sorted((ClaimedLetter(*row) for row in rows), key=lambda letter: letter.id)
    return _without_suppressed(session, claimed)


def _free(delay: float, only_urgent: bool) -> list[tuple[ColumnElement[bool], ...]]:
    """What may be claimed: first what does not wait for the delay, then the rest."""
    now = clock.now()
    return [
        (
            Letter.state == PENDING,
            Letter.claimed_by.is_(None),
            Letter.delayed == delayed,
            Letter.due_at <= due,
            *((Letter.kind.in_(URGENT_KINDS),) if only_urgent else ()),
        )
        for delayed, due in ((False, now), (True, now - timedelta(seconds=delay)))
    ]


def _without_suppressed(session: Session, claimed: list[ClaimedLetter]) -> list[ClaimedLetter]:
    if not claimed:
        return []
    suppressed = suppressed_of(session, {letter.address for letter in claimed})
    if ended := [letter.id for letter in claimed if letter.address in suppressed]:
        end_waiting(session, Letter.id.in_(ended), FAILED, SUPPRESSED)
    return [letter for letter in claimed if letter.address not in suppressed]


def begin_sending(session: Session, worker: uuid.UUID, ids: Sequence[uuid.UUID], mark: uuid.UUID) -> set[uuid.UUID]:
    """Mark claimed letters as being sent; returns those that may be: not cancelled meanwhile, the queue not paused.

    Must commit before the server gets anything. If the answer to that commit was lost, the call can be repeated with
    the same `mark`.
    """
    if not ids:
        return set()
    connection, values = session.connection(), {"ids": list(ids), "worker": worker}
    if connection.dialect.name == "postgresql":
        connection.execute(LOCK, values).all()
    begun = set(connection.scalars(BEGIN, values | {"mark": mark, "now": clock.now()}))
    if left := [one for one in ids if one not in begun]:
        release_letters(session, worker, left)
    return begun


def has_due_letters(session: Session, delay: float, *, only_urgent: bool = False) -> bool:
    """Whether there is anything to claim: cheaper to ask than to try."""
    return any(session.scalar(select(Letter.id).where(*free).limit(1)) for free in _free(delay, only_urgent))


def release_letters(session: Session, worker: uuid.UUID, ids: Sequence[uuid.UUID] | None = None) -> None:
    """Give claimed letters back that were not begun (all of this worker, or these)."""
    release = update(Letter).where(Letter.claimed_by == worker, Letter.state == PENDING).values(claimed_by=None)
    if ids is not None:
        release = release.where(Letter.id.in_(ids))
    session.execute(release.execution_options(synchronize_session=False))


def record_outcomes(
    session: Session, worker: uuid.UUID, outcomes: Sequence[Outcome], retry_delays: Sequence[float]
) -> None:
    """Write down what came of letters, destroy the secrets of those that ended, and tell of them.

    Safe to repeat: what is recorded already is left alone. A letter that others took for `uncertain` because this
    worker seemed dead gets its true outcome.
    """
    by_id = {outcome.letter_id: outcome for outcome in outcomes}
    if not by_id:
        return
    connection = session.connection()
    found = connection.execute(IN_HAND, {"ids": list(by_id), "worker": worker}).all()
    moment = clock.now()
    ended: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = []
    events: list[Any] = []
    tried: list[Outcome] = []
    for row in found:
        outcome = by_id[row.id]
        follows = consequence_of(outcome.verdict, row.attempts, retry_delays)
        attempts = row.attempts + (outcome.verdict is not Verdict.UNTRIED)
        if outcome.verdict is not Verdict.UNTRIED:
            tried.append(outcome)
        if follows.state == PENDING:
            if row.state == SENDING:  # an `uncertain` one lost its secret: it can not go back
                waiting.append(_again(outcome, follows, attempts, moment))
            continue
        ended.append(
            {
                "key": row.id,
                "new_state": follows.state,
                "new_attempts": attempts,
                "new_ended_at": moment,
                "new_outcome": _told(outcome),
            }
        )
        events += _events(row, follows.state, outcome, moment)
    for statement, rows in ((END, ended), (WAIT, waiting), (TRIED, [_attempt(outcome) for outcome in tried])):
        if rows:
            connection.execute(statement, rows)
    publish(session, *events)


def _told(outcome: Outcome) -> str:
    return outcome.answer or outcome.verdict.value


def _again(outcome: Outcome, follows: Consequence, attempts: int, moment: datetime) -> dict[str, Any]:
    due = moment + timedelta(seconds=follows.again_in or 0.0)
    told = None if outcome.verdict is Verdict.UNTRIED else _told(outcome)
    return {"key": outcome.letter_id, "new_attempts": attempts, "new_due_at": due, "new_outcome": told}


def _attempt(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": new_id(),
        "letter_id": outcome.letter_id,
        "at": outcome.at,
        "seconds": round(outcome.seconds, 4),
        "verdict": outcome.verdict.value,
        "code": outcome.code,
        "answer": outcome.answer,
    }


def _events(row: Any, state: str, outcome: Outcome, moment: datetime) -> list[Any]:
    if state == SENT:
        return [LetterSent(**about(row, moment))]
    return [LetterFailed(**about(row, moment), answer=_told(outcome))] if state == FAILED else []
