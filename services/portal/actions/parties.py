"""Keeping the copy of the parties."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.portal.models import Party, Person
from services.portal.rules.parties import search_key
from shared.db import insert_into
from shared.events.directory import Email

CHUNK = 500
FOLLOWED = {"name": Party.name, "language": Party.language}
"""What is known of people who are parties, too."""


@dataclass(frozen=True, kw_only=True)
class PartyData:
    """A party as the directory tells of it, in an event or over HTTP. `version` tells which of two is newer."""

    party_id: uuid.UUID
    version: int
    code: str
    classes: list[str]
    document_type: str
    document_number: str
    document_key: str
    name: str
    emails: list[Email]
    language: str
    active: bool


def copy_parties(session: Session, parties: Iterable[PartyData]) -> None:
    """Bring the copy up to date; what is older than the copy, or as old, changes nothing."""
    newest: dict[uuid.UUID, PartyData] = {}
    for party in parties:
        known = newest.get(party.party_id)
        if known is None or party.version > known.version:
            newest[party.party_id] = party
    # In the order of the ids, as everybody locks them, so that two transactions never wait for each other.
    rows = [_row(newest[party_id]) for party_id in sorted(newest)]
    for start in range(0, len(rows), CHUNK):
        statement = insert_into(session, Party).values(rows[start : start + CHUNK])
        changes = {name: statement.excluded[name] for name in rows[0] if name != "id"}
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Party.id], set_=changes, where=Party.version < statement.excluded.version
            )
        )
        _rename_people(session, [row["id"] for row in rows[start : start + CHUNK]])


def _rename_people(session: Session, party_ids: Sequence[uuid.UUID]) -> None:
    """A party whom other clients let in is called there as the directory calls them."""
    here = {name: select(column).where(Party.id == Person.id).scalar_subquery() for name, column in FOLLOWED.items()}
    theirs = update(Person).where(Person.id.in_(party_ids), ~Person.is_guest)
    session.execute(theirs.values(here).execution_options(synchronize_session=False))


def lock_parties(session: Session, party_ids: Sequence[uuid.UUID]) -> list[Party]:
    """Keep others from opening sessions of these parties, or moving their money, until the end of the transaction.

    Returned in the order of their ids, in which everybody locks them; who is unknown is left out.

    SQLite has one writer at a time, so there it is a plain read.
    """
    wanted = select(Party).where(Party.id.in_(set(party_ids))).order_by(Party.id).with_for_update()
    return list(session.scalars(wanted, execution_options={"populate_existing": True}))


def _row(party: PartyData) -> dict[str, Any]:
    return {
        "id": party.party_id,
        "version": party.version,
        "code": party.code,
        "classes": list(party.classes),
        "document_type": party.document_type,
        "document_number": party.document_number,
        "document_key": party.document_key,
        "name": party.name,
        "search_name": search_key(party.name),
        "emails": [asdict(email) for email in party.emails],
        "language": party.language,
        "active": party.active,
    }
