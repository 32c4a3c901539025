"""Reads of the mailer."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.mailer.models import Attempt, Letter, Queue, SealingKey, SigningKey
from services.mailer.rules.addresses import searchable
from services.mailer.rules.states import PENDING, STATES, WAITING_STATES
from shared.web.paging import Page, paginate

LONGEST_KID = 128


@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """What a list of letters is narrowed to; what is None does not narrow."""

    state: str | None = None
    waiting: bool = False
    """Only letters that wait or are being sent."""
    kind: str | None = None
    batch_id: uuid.UUID | None = None
    party_id: uuid.UUID | None = None
    text: str | None = None
    """Part of the name, document, user or address."""

    def narrow(self, statement: Select[tuple[Letter]]) -> Select[tuple[Letter]]:
        """The statement with these conditions."""
        for column in ("state", "kind", "batch_id", "party_id"):
            if (value := getattr(self, column)) is not None:
                statement = statement.where(getattr(Letter, column) == value)
        if self.waiting:
            statement = statement.where(Letter.state.in_(WAITING_STATES))
        if self.text and (wanted := searchable(self.text)):
            for word in wanted.split():
                statement = statement.where(Letter.search.contains(word, autoescape=True))
        return statement


def list_letters(
    session: Session,
    wanted: LetterFilter,
    *,
    cursor: str | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> Page[Letter]:
    """One page of letters, the newest first; raises BadCursor."""
    return paginate(session, wanted.narrow(select(Letter)), [(Letter.id, not oldest_first)], cursor=cursor, limit=limit)


def count_letters(session: Session, wanted: LetterFilter) -> int:
    """How many letters the filter lets through."""
    statement = wanted.narrow(select(Letter)).with_only_columns(func.count(), maintain_column_froms=True)
    return session.scalar(statement) or 0


def count_by_state(session: Session) -> dict[str, int]:
    """How many letters there are in each state."""
    rows = session.execute(select(Letter.state, func.count()).group_by(Letter.state))
    found = {row[0]: int(row[1]) for row in rows}
    return {state: found.get(state, 0) for state in STATES}


def find_letter(session: Session, letter_id: uuid.UUID) -> Letter | None:
    """A letter by its id."""
    return session.get(Letter, letter_id)


def list_attempts(session: Session, letter_id: uuid.UUID) -> list[Attempt]:
    """The attempts of a letter, in order."""
    return list(session.scalars(select(Attempt).where(Attempt.letter_id == letter_id).order_by(Attempt.id)))


def list_waiting_batches(session: Session, limit: int = 50) -> list[tuple[uuid.UUID, int]]:
    """Batches of which letters wait, the newest first, with how many."""
    statement = (
        select(Letter.batch_id, func.count())
        .where(Letter.state == PENDING, Letter.batch_id.is_not(None))
        .group_by(Letter.batch_id)
        .order_by(Letter.batch_id.desc())
        .limit(limit)
    )
    return [(batch_id, count) for batch_id, count in session.execute(statement) if batch_id]


def oldest_waiting(session: Session) -> Letter | None:
    """The letter that has waited longest."""
    return session.scalar(select(Letter).where(Letter.state == PENDING).order_by(Letter.id).limit(1))


def queue_of(session: Session) -> Queue:
    """The queue's row; an unsaved one with its defaults before the first start of the worker."""
    row = session.get(Queue, 1, populate_existing=True)
    return row or Queue(id=1, paused=False, message_domain="porteria.localhost")


def list_sealing_keys(session: Session) -> list[SealingKey]:
    """Our key pairs, the newest first."""
    return list(session.scalars(select(SealingKey).order_by(SealingKey.number.desc())))


def find_signing_keys(session: Session, kids: Collection[str]) -> Mapping[str, SigningKey]:
    """What is known of these keys of identity."""
    wanted = {kid for kid in kids if len(kid) <= LONGEST_KID}
    return {key.kid: key for key in session.scalars(select(SigningKey).where(SigningKey.kid.in_(wanted)))}


def has_signing_keys(session: Session) -> bool:
    """Whether any key of identity is known."""
    return session.scalar(select(SigningKey.kid).where(SigningKey.public_key.is_not(None)).limit(1)) is not None
