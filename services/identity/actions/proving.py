"""Before a second factor is changed, whoever is signed in shows once more who they are: with the password or a code.

These functions have transactions of their own, because none may be open while a password is computed.
"""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from services.identity.actions.runtime import Runtime
from services.identity.actions.second_factor import attempt_of_code, use_code
from services.identity.actions.throttling import count_attempt, forgive_attempt
from services.identity.models.staff import StaffMember
from services.identity.queries.credentials import list_living
from services.identity.queries.second_factor import Owner
from services.identity.rules.hashing import matching
from services.identity.rules.lifecycle import is_expired
from services.identity.rules.second_factor import as_code
from shared import clock
from shared.db import Database


def is_proven(
    db: Database,
    held: Runtime,
    owner: Owner,
    text: str,
    address: str,
    hashes: Callable[[Session], Sequence[str]],
) -> bool:
    """Whether `text` is a code of the phone, a recovery code, or the password (one of `hashes`).

    Counts as an attempt at the code. Raises Throttled, TooManyAtOnce.
    """
    counted = attempt_of_code(owner, address, held.policy)
    with db.write() as session:
        count_attempt(session, counted)
        right = use_code(session, owner, text, held.keyring)
        known = list(hashes(session))
    if not right and as_code(text) is None:  # no password has only six digits
        with held.gate.place():
            right = matching(text, known, held.policy.password_cost) is not None
    if right:
        with db.write() as session:
            forgive_attempt(session, counted[0], counted[1:])
    return right


def hashes_of_member(member: StaffMember) -> Callable[[Session], Sequence[str]]:
    """For `is_proven`: the password of a member of the staff."""
    return lambda _session: [member.password_hash]


def hashes_of_party(owner: Owner) -> Callable[[Session], Sequence[str]]:
    """For `is_proven`: the passwords that open the client area for a party."""
    return lambda session: [
        one.password_hash
        for one in list_living(session, [owner.id])
        if one.password_hash and not is_expired(one, clock.now())
    ]
