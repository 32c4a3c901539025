"""Writing the addresses of parties, all of a party at once: so there is never a moment with two principal ones."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from services.directory.models import Party, PartyEmail
from services.directory.rules.parties import EmailValue, Since
from shared import clock
from shared.audit import current_actor
from shared.db import new_id

NEW = "unverified"
LONGEST_DETAIL = 300


def emails_of(party: Party) -> list[EmailValue]:
    """The addresses that a party has."""
    return [
        EmailValue(
            email.address,
            email.principal,
            email.state,
            Since(email.state_at, email.state_cause, email.state_detail) if email.state_at else None,
        )
        for email in party.emails
    ]


def merge_emails(before: Sequence[EmailValue], wanted: Sequence[EmailValue]) -> list[EmailValue]:
    """The wanted addresses; where no state is wanted, an address that is known keeps its own.

    Whoever is at work now stands behind a state that is another one than before, unless the wanted one says who does.
    """
    known = {email.key: email for email in before}
    return [_merged(known.get(email.key), email) for email in wanted]


def _merged(known: EmailValue | None, wanted: EmailValue) -> EmailValue:
    former = known.state if known else NEW
    if wanted.state is None or wanted.state == former:
        return replace(wanted, state=former, since=known.since if known else None)
    if wanted.since is None:
        actor = current_actor()
        return replace(wanted, since=Since(clock.now(), actor.kind, actor.name))
    return wanted


def add_emails(before: Sequence[EmailValue], found: Sequence[EmailValue]) -> list[EmailValue]:
    """What was known with what an import found: nothing goes, and the found principal address becomes the principal."""
    principal = next((email.key for email in found if email.principal), None)
    known = {email.key for email in before}
    together = [*before, *(email for email in found if email.key not in known)]
    return [replace(email, principal=email.key == principal if principal else email.principal) for email in together]


def write_emails(session: Session, wanted: Mapping[Party, Sequence[EmailValue]]) -> None:
    """Make these the addresses of these parties, which are stored already."""
    known = [party.id for party in wanted if party.version > 1]
    if known:
        removal = delete(PartyEmail).where(PartyEmail.party_id.in_(known))
        session.execute(removal.execution_options(synchronize_session=False))
    rows = {
        party: [PartyEmail(**email_row(party.id, email, position)) for position, email in enumerate(emails)]
        for party, emails in wanted.items()
    }
    for party, emails in rows.items():
        for email in party.__dict__.get("emails", ()):
            session.expunge(email)
        set_committed_value(party, "emails", emails)
    session.add_all(email for emails in rows.values() for email in emails)
    session.flush()


def email_row(party_id: uuid.UUID, email: EmailValue, position: int) -> dict[str, Any]:
    """The row of an address."""
    return {
        "id": new_id(),
        "party_id": party_id,
        "position": position,
        "address": email.address,
        "address_key": email.key,
        "principal": email.principal,
        "state": email.state or NEW,
        "state_at": email.since.at if email.since else None,
        "state_cause": email.since.cause if email.since else "",
        "state_detail": email.since.detail[:LONGEST_DETAIL] if email.since else "",
    }
