"""What the mailer tells about addresses, and what an agent says of one: the state of each, in every party that has it.

An event that is older than the last word about an address changes nothing.
"""

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from services.directory.actions import events
from services.directory.actions.emails import emails_of
from services.directory.actions.parties import PartyNotFound, change_party, complete_changes, differences, update_party
from services.directory.models import Party
from services.directory.queries.parties import find_party, lock_by_addresses
from services.directory.rules.parties import WRITABLE_STATES, EmailValue, Since
from shared.outbox import publish


@dataclass(frozen=True)
class Heard:
    """Something that was said of an address: when, and the server's answer if there was one."""

    address: str
    at: datetime
    detail: str = ""

    @property
    def key(self) -> str:
        """What makes two spellings the same address."""
        return self.address.lower()


def mark_bounced(session: Session, told: Iterable[Heard]) -> None:
    """Letters to these addresses came back. One that is blocked stays so."""
    _change(session, told, "bounce", lambda state: "bounced" if state in WRITABLE_STATES else state)


def mark_blocked(session: Session, told: Iterable[Heard]) -> None:
    """The staff of the mailer put these addresses on the suppression list."""
    _change(session, told, "suppressed", lambda _state: "blocked")


def mark_released(session: Session, told: Iterable[Heard]) -> None:
    """The staff of the mailer took these addresses off the suppression list."""
    _change(session, told, "released", lambda state: state if state in WRITABLE_STATES else "unverified")


def clear_address(session: Session, party_id: uuid.UUID, address: str, *, version: int | None = None) -> Party:
    """An agent says that an address of a party may be written to again. Raises PartyNotFound, PartyChanged."""
    party = find_party(session, party_id)
    if party is None:
        raise PartyNotFound
    emails = [
        {"address": email.address, "principal": email.principal, "state": _cleared(email, address)}
        for email in emails_of(party)
    ]
    return update_party(session, party_id, {"emails": emails}, version=version)


def _cleared(email: EmailValue, address: str) -> str | None:
    return "unverified" if email.key == address.lower() and email.state not in WRITABLE_STATES else email.state


def _change(session: Session, told: Iterable[Heard], cause: str, state_after: Callable[[str], str]) -> None:
    newest: dict[str, Heard] = {}
    for heard in told:
        if heard.key not in newest or newest[heard.key].at < heard.at:
            newest[heard.key] = heard
    changes = []
    for party in lock_by_addresses(session, newest):
        emails = [_marked(email, newest.get(email.key), cause, state_after) for email in emails_of(party)]
        if different := differences(party, {"emails": emails}):
            changes.append(change_party(party, different))
    session.flush()
    complete_changes(session, changes)
    publish(session, *(events.changed(change.party, deactivated=False) for change in changes))


def _marked(email: EmailValue, heard: Heard | None, cause: str, state_after: Callable[[str], str]) -> EmailValue:
    if heard is None or (email.since is not None and email.since.at >= heard.at):
        return email
    state = state_after(str(email.state))
    return email if state == email.state else replace(email, state=state, since=Since(heard.at, cause, heard.detail))
