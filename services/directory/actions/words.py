"""The words by which parties are found, kept beside them: of their names, and their phones."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from services.directory.models import Party, PartyWord
from services.directory.rules.parties import LONGEST_WORD, search_words
from services.directory.rules.phones import phone_key

SEARCHED = frozenset({"name", "phones"})
"""Fields whose change changes the words."""


def word_rows(party_id: uuid.UUID, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows for a party with this `name_search` and these `phones`."""
    numbers = [key[:LONGEST_WORD] for phone in values["phones"] if (key := phone_key(phone))]
    words = dict.fromkeys([*search_words(values["name_search"]), *numbers])
    return [{"party_id": party_id, "word": word} for word in words]


def write_words(session: Session, parties: Iterable[Party]) -> None:
    """Make the words of these parties those of their present names and phones."""
    found = {party.id: {"name_search": party.name_search, "phones": party.phones} for party in parties}
    if not found:
        return
    removal = delete(PartyWord).where(PartyWord.party_id.in_(list(found)))
    session.execute(removal.execution_options(synchronize_session=False))
    insert_words(session, [row for party_id, values in found.items() for row in word_rows(party_id, values)])


def insert_words(session: Session, rows: list[dict[str, Any]]) -> None:
    """Keep the words of new parties, all in one statement."""
    if rows:
        session.execute(insert(PartyWord.__table__), rows)  # type: ignore[arg-type]  # declared as FromClause
