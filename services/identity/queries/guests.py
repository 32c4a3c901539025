"""Reads of guests: people who are no party of the directory, and sign in with their e-mail address."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.identity.models.parties import Party
from services.identity.queries.credentials import list_living
from services.identity.queries.parties import list_parties_by_login
from services.identity.rules.hashing import cost_of, is_generated
from services.identity.rules.lifecycle import ACTIVE, can_sign_in
from services.identity.rules.logins import email_key, is_email
from shared import clock


def find_guest(session: Session, address: str) -> Party | None:
    """The guest with this address."""
    return session.scalar(select(Party).where(Party.email_key == email_key(address), Party.is_guest.is_(True)))


def find_subject(session: Session, address: str) -> Party | None:
    """Who signs in with this address: the guest, else the one active party that alone has it."""
    found = list_parties_by_login(session, address) if is_email(address) else []
    return next((one for one in found if one.active), None)


def has_password(session: Session, party_id: uuid.UUID) -> bool:
    """Whether some password lets this party or guest in now."""
    return can_sign_in(list_living(session, [party_id]), clock.now())


def find_hash_beside(session: Session, address: str | None, cost: int, *, but: uuid.UUID | None = None) -> str | None:
    """A typed password's hash of somebody else (not `but`) who signs in with this address.

    A party and a guest with one address are one person with two passwords. If the hashes share their salt, a sign-in
    with the address takes one computation, as for everybody, and nobody can tell from its time that there are two.
    """
    if not address or not is_email(address):
        return None
    others = [one.id for one in list_parties_by_login(session, address) if one.id != but]
    hashes = [one.password_hash for one in list_living(session, others) if one.state == ACTIVE and one.password_hash]
    return next((one for one in hashes if not is_generated(one) and cost_of(one) >= cost), None)
