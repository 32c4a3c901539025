"""Reading PQRS: a client's own ones, and the inbox of the staff."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from services.portal.models import Case, CaseMessage, StoredFile
from services.portal.queries.searching import found_by
from services.portal.rules.cases import (
    ANSWERED,
    CLOSED,
    OPEN,
    SOON_DAYS,
    UNANSWERED,
    WRITTEN_AGAIN,
    after_business_days,
)
from shared.web.paging import Order, Page, paginate

NOTE = "note"
UNANSWERED_NOW = and_(Case.answered_at.is_(None), Case.closed_at.is_(None))
"""As the partial index has it."""


@dataclass(frozen=True, kw_only=True)
class CaseFilter:
    """What the staff looks for. `state` is one of SHOWN_STATES, "" for all; the deadline is in a span."""

    state: str = ""
    kind: str = ""
    text: str = ""
    assigned_to: str = ""
    party_id: uuid.UUID | None = None
    due_from: date | None = None
    due_until: date | None = None


@dataclass(frozen=True)
class Waiting:
    """How many cases wait for an answer, by the nearness of the deadline, and in how many the client wrote again."""

    overdue: int
    today: int
    soon: int
    in_time: int
    written_again: int


def find_own_case(session: Session, party_id: uuid.UUID, case_id: uuid.UUID) -> Case | None:
    """One of a client's own cases."""
    return session.scalar(select(Case).where(Case.id == case_id, Case.party_id == party_id))


def list_own_cases(session: Session, party_id: uuid.UUID, *, cursor: str | None = None, limit: int = 20) -> Page[Case]:
    """A client's own cases, the newest first."""
    own = select(Case).where(Case.party_id == party_id)
    return paginate(session, own, [(Case.id, True)], cursor=cursor, limit=limit)


def find_case(session: Session, case_id: uuid.UUID) -> Case | None:
    """A case with its party, for the staff."""
    return session.scalar(_with_party().where(Case.id == case_id))


def list_messages(session: Session, case_id: uuid.UUID, *, notes: bool) -> Sequence[CaseMessage]:
    """The conversation from its beginning; `notes`: with those that only the staff sees."""
    wanted = select(CaseMessage).where(CaseMessage.case_id == case_id)
    if not notes:
        wanted = wanted.where(CaseMessage.kind != NOTE)
    # Not by the id alone: it is made when the form is shown, and somebody else may have been faster.
    return session.scalars(wanted.order_by(CaseMessage.at, CaseMessage.id)).all()


def files_of_messages(
    session: Session, party_id: uuid.UUID, message_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[StoredFile]]:
    """What is attached to some messages, by message."""
    wanted = select(StoredFile).where(StoredFile.message_id.in_(message_ids), StoredFile.party_id == party_id)
    found: dict[uuid.UUID, list[StoredFile]] = {}
    for file in session.scalars(wanted.order_by(StoredFile.id)):
        if file.message_id:
            found.setdefault(file.message_id, []).append(file)
    return found


def find_case_file(
    session: Session, case_id: uuid.UUID, file_id: uuid.UUID, party_id: uuid.UUID | None = None
) -> StoredFile | None:
    """A file of a case; with a party, only if the case is theirs and they may see the message."""
    wanted = (
        select(StoredFile)
        .join(CaseMessage, CaseMessage.id == StoredFile.message_id)
        .where(StoredFile.id == file_id, CaseMessage.case_id == case_id)
    )
    if party_id is not None:
        wanted = wanted.where(StoredFile.party_id == party_id, CaseMessage.kind != NOTE)
    return session.scalar(wanted)


def list_cases(session: Session, wanted: CaseFilter, *, cursor: str | None = None, limit: int = 50) -> Page[Case]:
    """The inbox: what waits for an answer by its deadline, everything else the newest first."""
    statement = _with_party().where(*_conditions(wanted))
    if wanted.text.strip():
        text = wanted.text.strip()
        itself = or_(
            Case.number.contains(text.upper(), autoescape=True),
            func.lower(Case.subject).contains(text.lower(), autoescape=True),
        )
        statement = statement.where(found_by(session, text, Case, itself))
    by_deadline: list[Order] = [(Case.due_on, False), (Case.id, False)]
    order: list[Order] = by_deadline if wanted.state == UNANSWERED else [(Case.id, True)]
    return paginate(session, statement, order, cursor=cursor, limit=limit)


def count_waiting(session: Session, today: date, saturday_counts: bool) -> Waiting:
    """What waits for the staff; quick, because only unanswered cases are looked at."""
    soon = after_business_days(today, SOON_DAYS, saturday_counts)
    row = session.execute(
        select(
            func.count().filter(Case.due_on < today),
            func.count().filter(Case.due_on == today),
            func.count().filter(Case.due_on > today, Case.due_on <= soon),
            func.count().filter(Case.due_on > soon),
        ).where(UNANSWERED_NOW)
    ).one()
    overdue, due_today, near, far = map(int, row)
    return Waiting(overdue, due_today, near, far, _count_written_again(session))


def _count_written_again(session: Session) -> int:
    wanted = select(func.count()).select_from(Case).where(Case.state == OPEN, Case.answered_at.is_not(None))
    return session.scalar(wanted) or 0


def list_to_remind(session: Session, until: date, limit: int) -> Sequence[Case]:
    """Unanswered cases due by a day of which nobody was reminded, locked; another worker's are left out."""
    wanted = _with_party().where(UNANSWERED_NOW, Case.due_on <= until, Case.reminded_at.is_(None))
    return session.scalars(
        wanted.order_by(Case.due_on, Case.id).limit(limit).with_for_update(of=Case, skip_locked=True)
    ).all()


def _with_party() -> Select[Case]:
    return select(Case).join(Case.party).options(contains_eager(Case.party))


def _conditions(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    states: dict[str, list[ColumnElement[bool]]] = {
        UNANSWERED: [UNANSWERED_NOW],
        WRITTEN_AGAIN: [Case.state == OPEN, Case.answered_at.is_not(None)],
        ANSWERED: [Case.state == ANSWERED],
        CLOSED: [Case.state == CLOSED],
    }
    conditions = states.get(wanted.state, [])
    if wanted.kind:
        conditions.append(Case.kind == wanted.kind)
    if wanted.assigned_to:
        conditions.append(Case.assigned_to == wanted.assigned_to)
    if wanted.party_id:
        conditions.append(Case.party_id == wanted.party_id)
    if wanted.due_from:
        conditions.append(Case.due_on >= wanted.due_from)
    if wanted.due_until:
        conditions.append(Case.due_on <= wanted.due_until)
    return conditions
