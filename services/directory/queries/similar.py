"""Who a party that is being written may be already: found by document, e-mail address, phone, and near-equal name."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session

from services.directory.models import Party, PartyEmail, PartyWord
from services.directory.rules.similar import fewest_shared, is_near_equal, telling_words

MOST = 3
"""Shown of a kind: more would not be read."""
COMPARED = 200
"""Names that are compared letter by letter, those with most words in common first."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is being written; "" and () ask for nothing. `phones`: numbers as `phone_key` gives them. `emails`: in small
    letters. `document`: type and key. `but`: the party itself."""

    name: str = ""
    document: tuple[str, str] | None = None
    emails: Sequence[str] = ()
    phones: Sequence[str] = ()
    but: uuid.UUID | None = None


@dataclass(frozen=True)
class Similar:
    """A party that has the same. `field`: document_number (exactly the same), emails, phones or name."""

    field: str
    party_id: uuid.UUID
    name: str
    code: str

    @property
    def mark(self) -> str:
        """What a form sends back to say that this was seen."""
        return f"{self.field}:{self.party_id}"


def list_similar(session: Session, asked: Asked) -> list[Similar]:
    """The parties that may be the same one; at most four queries, each by an index."""
    found: list[tuple[str, Sequence[Row[uuid.UUID, str, str]]]] = []
    plain = select(Party.id, Party.name, Party.code).order_by(Party.id).limit(MOST)
    if asked.but is not None:
        plain = plain.where(Party.id != asked.but)
    if asked.document:
        same = plain.where(tuple_(Party.document_type, Party.document_key) == asked.document)
        found.append(("document_number", session.execute(same).all()))
    if asked.emails:
        having = select(PartyEmail.party_id).where(PartyEmail.address_key.in_(asked.emails))
        found.append(("emails", session.execute(plain.where(Party.id.in_(having))).all()))
    if asked.phones:
        having = select(PartyWord.party_id).where(PartyWord.word.in_(asked.phones))
        found.append(("phones", session.execute(plain.where(Party.id.in_(having))).all()))
    if words := telling_words(asked.name):
        found.append(("name", _near_equal(session, asked, words)))
    return [Similar(field, row.id, row.name, row.code) for field, rows in found for row in rows]


def _near_equal(session: Session, asked: Asked, words: Sequence[str]) -> list[Row[uuid.UUID, str, str]]:
    sharing = (
        select(PartyWord.party_id, func.count().label("shared"))
        .where(PartyWord.word.in_(words))
        .group_by(PartyWord.party_id)
        .having(func.count() >= fewest_shared(len(words)))
        .order_by(func.count().desc(), PartyWord.party_id)
        .limit(COMPARED)
        .subquery()
    )
    candidates = (
        select(Party.id, Party.name, Party.code)
        .join(sharing, sharing.c.party_id == Party.id)
        .order_by(sharing.c.shared.desc(), Party.id)
    )
    alike = (row for row in session.execute(candidates) if is_near_equal(asked.name, row.name))
    return [row for row in alike if row.id != asked.but][:MOST]
