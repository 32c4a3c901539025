"""Reads of the mailer."""

import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnClause,
    ColumnElement,
    String,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from services.mailer.models import Attempt, Letter, LetterWords, Queue, SealingKey, SigningKey, Suppression
from services.mailer.rules.addresses import address_key, wanted_words
from services.mailer.rules.states import PENDING, STATES, WAITING_STATES
from services.mailer.rules.window import Window, window_of
from shared.web.paging import Page, paginate

LONGEST_KID = 128
MOST_COUNTED = 1_000
"""Where a narrowed list says how many there are, it counts no further."""
SLACK = timedelta(days=1)
CHUNK = 500


@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """What a list of letters is narrowed to; what is None does not narrow."""

    state: str | None = None
    waiting: bool = False
    """Only letters that wait or are being sent."""
    kind: str | None = None
    batch_id: uuid.UUID | None = None
    party_id: uuid.UUID | None = None
    since: datetime | None = None
    """Created at this moment or later."""
    before: datetime | None = None
    text: str | None = None
    """Beginnings of words of the name, document, user, address or subject."""

    @property
    def narrows(self) -> bool:
        """Whether anything is set."""
        return self != LetterFilter()

    def conditions(self, session: Session) -> list[ColumnElement[bool]]:
        """What a letter has to meet."""
        given = [
            getattr(Letter, column) == value
            for column in ("state", "kind", "batch_id", "party_id")
            if (value := getattr(self, column)) is not None
        ]
        if self.waiting:
            given.append(Letter.state.in_(WAITING_STATES))
        if self.since is not None:
            # Ids begin with the time: so the list need not walk through all that is newer or older.
            given += [Letter.created_at >= self.since, Letter.id >= first_id(self.since - SLACK)]
        if self.before is not None:
            given += [Letter.created_at < self.before, Letter.id < first_id(self.before + SLACK)]
        if self.text:
            # Signs alone are no words: they find nothing, rather than everything.
            given += [has_word(session, word) for word in wanted_words(self.text)] or [false()]
        return given


def first_id(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment (RFC 9562, 5.7)."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return uuid.UUID(int=(milliseconds << 80) | (7 << 76) | (2 << 62))


def has_word(session: Session, beginnings: list[str]) -> ColumnElement[bool]:
    """One of the letter's words begins with one of these."""
    if session.get_bind().dialect.name == "postgresql":
        quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in beginnings)
        query = " | ".join(f"'{word}':*" for word in quoted)
        # Written into the statement: a plan made for any word would be the wrong one for most.
        wanted = bindparam(None, query, String, literal_execute=True)
        lexemes: ColumnClause[Any] = literal_column("letter_words.lexemes")
        condition: ColumnElement[bool] = lexemes.bool_op("@@")(cast(wanted, TSQUERY))
    else:
        spaced = literal(" ") + LetterWords.words
        condition = or_(*(spaced.contains(f" {word}", autoescape=True) for word in beginnings))
    return Letter.id.in_(select(LetterWords.letter_id).where(condition))


def list_letters(
    session: Session,
    wanted: LetterFilter,
    *,
    cursor: str | None = None,
    limit: int = 50,
    oldest_first: bool = False,
) -> Page[Letter]:
    """One page of letters, the newest first; raises BadCursor."""
    statement = select(Letter).where(*wanted.conditions(session))
    return paginate(session, statement, [(Letter.id, not oldest_first)], cursor=cursor, limit=limit)


def count_letters(session: Session, wanted: LetterFilter, most: int | None = None) -> int:
    """How many letters the filter lets through; counts no further than `most`."""
    conditions = wanted.conditions(session)
    if most is None:
        return session.scalar(select(func.count()).select_from(Letter).where(*conditions)) or 0
    some = select(Letter.id).where(*conditions).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_by_state(session: Session) -> dict[str, int]:
    """How many letters there are in each state. Of many, those that ended are as of some seconds ago."""
    found = _ENDED.count(session) | _count_states(session, WAITING_STATES)
    return {state: found.get(state, 0) for state in STATES}


def _count_states(session: Session, states: Collection[str]) -> dict[str, int]:
    rows = session.execute(select(Letter.state, func.count()).where(Letter.state.in_(states)).group_by(Letter.state))
    return {row[0]: int(row[1]) for row in rows}


class _EndedCounts:
    """To count half a million letters takes longer than a page may: what took long is not done again at once."""

    SLOW = 0.03
    PATIENCE = 50
    """It is used for so many times as long as it took, at most LONGEST seconds."""
    LONGEST = 10.0

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Any, tuple[float, dict[str, int]]] = WeakKeyDictionary()

    def count(self, session: Session) -> dict[str, int]:
        """How many letters there are in each of the states in which they end."""
        engine, began = session.get_bind().engine, time.monotonic()
        until, counts = self._known.get(engine, (0.0, {}))
        if began < until:
            return counts
        counts = _count_states(session, [state for state in STATES if state not in WAITING_STATES])
        took = time.monotonic() - began
        if took > self.SLOW:
            self._known[engine] = (began + took + min(took * self.PATIENCE, self.LONGEST), counts)
        return counts


_ENDED = _EndedCounts()


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


def window_of_queue(row: Queue, zone: str) -> Window | None:
    """The hours in which letters go out; None is always."""
    return window_of(row.window_from, row.window_until, row.window_days, zone)


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


def suppressed_of(session: Session, addresses: Collection[str]) -> set[str]:
    """Those of the given addresses to which nothing must be sent, spelled as they were given."""
    keys = {address: address_key(address) for address in addresses}
    wanted = sorted(set(keys.values()))
    found: set[str] = set()
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        found.update(session.scalars(select(Suppression.address).where(Suppression.address.in_(some))))
    return {address for address, key in keys.items() if key in found}
