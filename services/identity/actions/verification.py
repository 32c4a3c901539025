"""Checking who signs in. The steps, because hashing must not happen inside a transaction:

count the attempt and read the hashes (one transaction), compute (none), settle (one transaction).
"""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.identity.actions.lifecycle import use_credential
from services.identity.actions.throttling import Counted, count_attempt, forgive_attempt
from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.credentials import list_living
from services.identity.queries.parties import list_parties_by_login, login_forms
from services.identity.rules.hashing import cost_of, is_generated, matching
from services.identity.rules.lifecycle import ACTIVE, is_expired
from services.identity.rules.logins import network_of, searchable, throttle_key
from services.identity.rules.policy import Policy
from shared import clock


class TooManyAtOnce(Exception):
    """All places where passwords are computed are taken, and enough others wait already."""


class HashingGate:
    """Bounds how many passwords are computed at once, so that a storm of sign-ins leaves room for everything else."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._queue = threading.BoundedSemaphore(at_once + waiting)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait for a place and hold it. Raises TooManyAtOnce at once where too many wait."""
        if not self._queue.acquire(blocking=False):
            raise TooManyAtOnce
        try:
            with self._places:
                yield
        finally:
            self._queue.release()


@dataclass(frozen=True)
class Candidate:
    """A living credential whose password may be the one that was typed."""

    credential_id: uuid.UUID
    party_id: uuid.UUID
    password_hash: str
    origin: str
    was_used: bool
    guest: bool = False

    def __repr__(self) -> str:
        return f"<Candidate {self.credential_id}>"


def attempt_of_login(login: str, address: str | None, policy: Policy) -> list[Counted]:
    """What an attempt to sign in counts against.

    The account is named by what was typed, brought into one form, never by the party that it leads to: otherwise two
    logins that are throttled together would tell that they belong to somebody, and that they belong together.
    """
    forms = sorted(login_forms(login)) or [searchable(login)]
    return _counted(throttle_key("login", "|".join(forms)), address, policy)


def attempt_of_party(party_id: uuid.UUID, address: str | None, policy: Policy) -> list[Counted]:
    """What an attempt of somebody who is signed in (to change the password) counts against."""
    return _counted(throttle_key("party", str(party_id)), address, policy)


def _counted(account: str, address: str | None, policy: Policy) -> list[Counted]:
    counted = [(policy.account_limit, account)]
    if address:
        counted.append((policy.address_limit, throttle_key("address", network_of(address))))
    return counted


def begin_attempt(
    session: Session, counted: Sequence[Counted], find: Callable[[Session], Sequence[Party]]
) -> list[Candidate]:
    """Count the attempt and give the credentials that it may mean. Raises Throttled."""
    count_attempt(session, counted)
    moment = clock.now()
    guests = {party.id: party.is_guest for party in find(session) if party.active}
    candidates = [
        Candidate(
            one.id, one.party_id, one.password_hash, one.origin, one.first_used_at is not None, guests[one.party_id]
        )
        for one in list_living(session, guests)
        if one.password_hash is not None and not is_expired(one, moment)
    ]
    return sorted(candidates, key=lambda one: not one.guest)  # of two with one password always the same one


def find_by_login(login: str) -> Callable[[Session], Sequence[Party]]:
    """For `begin_attempt`: the parties of a login."""
    return lambda session: list_parties_by_login(session, login)


def find_by_id(party_id: uuid.UUID) -> Callable[[Session], Sequence[Party]]:
    """For `begin_attempt`: one party."""
    return lambda session: session.scalars(select(Party).where(Party.id == party_id)).all()


def find_match(candidates: Sequence[Candidate], password: str, cost: int) -> Candidate | None:
    """Whose password it is; the same work in each case."""
    opened = matching(password, [one.password_hash for one in candidates], cost)
    return next((one for one in candidates if one.password_hash == opened), None)


def settle_attempt(session: Session, matched: Candidate, counted: Sequence[Counted]) -> bool:
    """The password was right. False if the credential ended or the party was suspended while it was computed."""
    state = select(Credential.state, Party.active).join(Party, Party.id == Credential.party_id)
    row = session.execute(state.where(Credential.id == matched.credential_id)).one()
    if not row.active:
        return False
    if not (row.state == ACTIVE and matched.was_used) and not use_credential(session, matched.credential_id):
        return False
    forgive_attempt(session, counted[0], counted[1:])
    return True


def needs_renewal(matched: Candidate, candidates: Sequence[Candidate], cost: int) -> bool:
    """Whether the hash is weaker than it should be. One whose salt another one shares stays until that is settled."""
    typed = [one for one in candidates if not is_generated(one.password_hash)]
    return matched in typed and cost_of(matched.password_hash) < cost and len(typed) == 1


def renew_hash(session: Session, matched: Candidate, password_hash: str) -> None:
    """Replace a hash by one of a higher cost, unless it changed meanwhile."""
    session.execute(
        update(Credential)
        .where(Credential.id == matched.credential_id, Credential.password_hash == matched.password_hash)
        .values(password_hash=password_hash)
    )
