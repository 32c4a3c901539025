"""Keeping the copy of parties."""

import uuid
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import and_
from sqlalchemy.orm import Session

from services.identity.models.parties import Party
from services.identity.rules.logins import email_key, searchable
from shared import clock
from shared.db import insert_into
from shared.events.directory import Email


class PartyTold(Protocol):
    """What each of the directory's events tells of a party."""

    @property
    def party_id(self) -> uuid.UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def document_type(self) -> str: ...
    @property
    def document_number(self) -> str: ...
    @property
    def document_key(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def emails(self) -> list[Email]: ...
    @property
    def language(self) -> str: ...
    @property
    def active(self) -> bool: ...


def copy_parties(session: Session, told: Sequence[PartyTold]) -> None:
    """Take over what was told; an older version never overwrites a newer one, in whatever order they come."""
    newest: dict[uuid.UUID, PartyTold] = {}
    for one in told:
        if one.party_id not in newest or newest[one.party_id].version <= one.version:
            newest[one.party_id] = one
    if not newest:
        return
    statement = insert_into(session, Party)
    changes = {c.name: statement.excluded[c.name] for c in Party.__table__.columns if c.name not in ("id", "is_guest")}
    newer = and_(Party.version < statement.excluded.version, Party.is_guest.is_(False))  # guests are not told of there
    upsert = statement.on_conflict_do_update(index_elements=[Party.id], set_=changes, where=newer)
    # In the order of ids, like every transaction that locks several parties.
    rows = [_row(newest[key]) for key in sorted(newest)]
    session.connection().execute(upsert, rows)


def _row(one: PartyTold) -> dict[str, Any]:
    principal = next((email for email in one.emails if email.principal), None)
    return {
        "id": one.party_id,
        "version": one.version,
        "code": one.code,
        "is_tenant": "tenant" in one.classes,
        "is_owner": "owner" in one.classes,
        "document_type": one.document_type,
        "document_number": one.document_number,
        "document_key": one.document_key,
        "name": one.name,
        "name_search": searchable(one.name)[:300],
        "email": principal.address if principal else None,
        "email_key": email_key(principal.address) if principal else None,
        "email_state": principal.state if principal else None,
        "language": one.language,
        "active": one.active,
        "updated_at": clock.now(),
        "is_guest": False,
    }
