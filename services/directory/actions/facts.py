"""What other services tell about parties: remembered, because lists are filtered by it; no change of the party.

Events come in any order and more than once: an older one never overwrites what a newer one said.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from services.directory.models import CredentialFact, PartyFacts
from shared.db import insert_into

Told = Iterable[tuple[uuid.UUID, uuid.UUID]]
"""Credential and its party."""


def remember_credentials(session: Session, told: Told, *, ended: bool) -> None:
    """Remember that these credentials exist, or have ended. In any order: one that has ended never comes back."""
    # Sorted, so that two workers lock the rows in one order.
    pairs = sorted(set(told))
    rows = [{"credential_id": credential, "party_id": party, "ended": ended} for credential, party in pairs]
    statement = insert_into(session, CredentialFact)
    if ended:
        remembering = statement.on_conflict_do_update(index_elements=["credential_id"], set_={"ended": True})
    else:
        remembering = statement.on_conflict_do_nothing()
    session.execute(remembering, rows)
    _count_again(session, sorted({party for _, party in pairs}))


def remember_sign_ins(session: Session, told: Iterable[tuple[uuid.UUID, datetime]]) -> None:
    """Remember when people of these parties signed in."""
    newest: dict[uuid.UUID, datetime] = {}
    for party_id, at in told:
        newest[party_id] = max(at, newest.get(party_id, at))
    statement = insert_into(session, PartyFacts)
    known, given = PartyFacts.signed_in_at, statement.excluded.signed_in_at
    remembering = statement.on_conflict_do_update(
        index_elements=["party_id"], set_={"signed_in_at": given}, where=or_(known.is_(None), known < given)
    )
    _execute(session, remembering, [_facts(party_id, signed_in_at=at) for party_id, at in sorted(newest.items())])


def remember_letters(session: Session, told: Iterable[tuple[uuid.UUID | None, datetime]], state: str) -> None:
    """Remember that the latest letter of these parties ended as `state`: sent, failed or bounced."""
    newest: dict[uuid.UUID, datetime] = {}
    for party_id, at in told:
        if party_id is not None:
            newest[party_id] = max(at, newest.get(party_id, at))
    statement = insert_into(session, PartyFacts)
    known, given = PartyFacts.letter_at, statement.excluded.letter_at
    newer = or_(known.is_(None), known <= given if state == "bounced" else known < given)
    remembering = statement.on_conflict_do_update(
        index_elements=["party_id"], set_={"letter_state": state, "letter_at": given}, where=newer
    )
    rows = [_facts(party_id, letter_state=state, letter_at=at) for party_id, at in sorted(newest.items())]
    _execute(session, remembering, rows)


def _count_again(session: Session, party_ids: Sequence[uuid.UUID]) -> None:
    """Whether these parties hold a credential now; their rows are locked first, so that of two workers the second
    counts with what the first has committed."""
    if not party_ids:
        return
    making = insert_into(session, PartyFacts).on_conflict_do_nothing()
    session.execute(making, [_facts(party_id) for party_id in party_ids])
    session.execute(
        select(PartyFacts.party_id)
        .where(PartyFacts.party_id.in_(party_ids))
        .order_by(PartyFacts.party_id)
        .with_for_update()
    )
    held = exists().where(CredentialFact.party_id == PartyFacts.party_id, CredentialFact.ended.is_(False))
    counting = update(PartyFacts).where(PartyFacts.party_id.in_(party_ids), PartyFacts.has_credentials != held)
    session.execute(counting.values(has_credentials=held).execution_options(synchronize_session=False))


def _facts(party_id: uuid.UUID, **known: Any) -> dict[str, Any]:
    nothing = {"has_credentials": False, "signed_in_at": None, "letter_state": "", "letter_at": None}
    return {"party_id": party_id, **nothing, **known}


def _execute(session: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(statement, rows)
