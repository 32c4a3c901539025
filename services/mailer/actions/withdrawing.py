"""Letters whose cause is gone, or says something else by now: they do not go.

Events may overtake each other: what ended before its letter came in is remembered, and the letter ends when it comes.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.mailer.actions.ending import end_waiting
from services.mailer.models import Letter, Withdrawal
from services.mailer.rules.states import CANCELLED, REPLACED
from services.mailer.rules.withdrawing import CREDENTIAL_REVOKED, OUTRUN, PARTY_DEACTIVATED, TAKEN_OVER
from shared import clock

CHUNK = 500
LOCK_KEY = 7_305_010  # any number: it names the lock that notices and their withdrawals wait for
ABOUT: tuple[InstrumentedAttribute[Any], ...] = (Letter.credential_id, Letter.notice_id)
"""What may end before its letter came in."""


def withdraw_credentials(session: Session, credentials: Sequence[uuid.UUID], state: str) -> None:
    """Credentials ended: their waiting letters become `state`, and so will those that have not come in yet."""
    _withdraw(
        session, Letter.credential_id, credentials, state, CREDENTIAL_REVOKED if state == CANCELLED else TAKEN_OVER
    )


def withdraw_notices(session: Session, notices: Sequence[uuid.UUID], reason: str) -> None:
    """What notices say is not so any more: their waiting letters are cancelled, and so will be those to come."""
    hold_notices(session)
    _withdraw(session, Letter.notice_id, notices, CANCELLED, reason)


def withdraw_parties(session: Session, parties: Sequence[uuid.UUID]) -> None:
    """Parties were deactivated: what waits for them, or for somebody else about them, does not go."""
    hold_notices(session)
    for some in chunks(parties):
        end_waiting(session, Letter.party_id.in_(some), CANCELLED, PARTY_DEACTIVATED)


def hold_notices(session: Session) -> None:
    """Wait until no other transaction takes in or withdraws notices: two at once would not see each other's rows."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK_KEY)))


def end_withdrawn(session: Session, about: Sequence[uuid.UUID]) -> None:
    """End the letters, just taken in, of what had ended before."""
    for some in chunks(about):
        for row in session.scalars(select(Withdrawal).where(Withdrawal.about_id.in_(some))).all():
            for column in ABOUT:
                end_waiting(session, column == row.about_id, row.state, row.reason)


def replace_notices(session: Session, former_of: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Letters just taken in (notice → the one that it renews) take the place of those that wait.

    Where the former letter has left or ended already, its reader has been told, or is not to be told: the new one does
    not go either, nor does what took its place in turn.
    """
    renewed_by = {former: notice for notice, former in former_of.items()}
    for some in chunks(list(renewed_by)):
        ended = set(end_waiting(session, Letter.notice_id.in_(some), REPLACED, TAKEN_OVER))
        _remember_unknown(session, Letter.notice_id, some, REPLACED, TAKEN_OVER)
        known = session.execute(select(Letter.id, Letter.notice_id).where(Letter.notice_id.in_(some))).all()
        _end_outrun(session, {renewed_by[row.notice_id] for row in known if row.id not in ended})


def _end_outrun(session: Session, notices: set[uuid.UUID]) -> None:
    seen: set[uuid.UUID] = set()
    while notices:
        end_waiting(session, Letter.notice_id.in_(notices), CANCELLED, OUTRUN)
        seen |= notices
        later = session.scalars(select(Letter.notice_id).where(Letter.instead_of.in_(notices)))
        notices = {one for one in later if one is not None} - seen


def replace_credentials(session: Session, replaced: Sequence[uuid.UUID]) -> None:
    """New letters take the place of those of these credentials."""
    _withdraw(session, Letter.credential_id, replaced, REPLACED, TAKEN_OVER)


def _withdraw(
    session: Session, column: InstrumentedAttribute[Any], about: Sequence[uuid.UUID], state: str, reason: str
) -> None:
    for some in chunks(about):
        end_waiting(session, column.in_(some), state, reason)
        _remember_unknown(session, column, some, state, reason)


def _remember_unknown(
    session: Session, column: InstrumentedAttribute[Any], about: Sequence[uuid.UUID], state: str, reason: str
) -> None:
    known = set(session.scalars(select(column).where(column.in_(about))))
    known |= set(session.scalars(select(Withdrawal.about_id).where(Withdrawal.about_id.in_(about))))
    moment = clock.now()
    rows = [
        {"about_id": one, "state": state, "reason": reason, "at": moment}
        for one in dict.fromkeys(about)
        if one not in known
    ]
    if rows:
        session.execute(insert(Withdrawal), rows)


def forget_withdrawals(session: Session, before: datetime) -> None:
    """Remove what was remembered before a moment: the bus delivers nothing that old any more."""
    session.execute(delete(Withdrawal).where(Withdrawal.at < before))


def chunks(items: Sequence[uuid.UUID]) -> Iterable[Sequence[uuid.UUID]]:
    """A few hundred at a time, as many as a statement takes well."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
