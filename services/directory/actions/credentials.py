"""What identity tells of credentials: remembered, because lists are filtered by it; no change of the party."""

import uuid
from collections.abc import Iterable

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.directory.models import CredentialFact

Told = Iterable[tuple[uuid.UUID, uuid.UUID]]
"""Credential and its party."""


def remember_credentials(session: Session, told: Told, *, ended: bool) -> None:
    """Remember that these credentials exist, or have ended. In any order: one that has ended never comes back."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # Sorted, so that two workers lock the rows in one order.
    rows = [{"credential_id": credential, "party_id": party, "ended": ended}
            for credential, party in sorted(set(told))]  # fmt: skip
    statement = insert(CredentialFact)
    if ended:
        remembering = statement.on_conflict_do_update(index_elements=["credential_id"], set_={"ended": True})
    else:
        remembering = statement.on_conflict_do_nothing()
    session.execute(remembering, rows)
