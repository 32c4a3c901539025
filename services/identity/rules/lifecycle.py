"""The life of a credential. Every change of a credential's state anywhere in identity is one of these.

issued ──delivered, used──▶ active ──superseded, changed, revoked, letter_failed──▶ revoked
  │                            └──────expired (an initial one that was never used)──▶ expired
  ├──letter_cancelled, letter_failed, changed, revoked──▶ revoked
  ├──expired──▶ expired
  └──replaced──▶ replaced

What ended never lives again, because other services remember its end. Where a letter comes back after it was accepted,
the password that it had superseded returns as a new credential (`may_return`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

ISSUED, ACTIVE, REVOKED, EXPIRED, REPLACED = "issued", "active", "revoked", "expired", "replaced"
STATES = (ISSUED, ACTIVE, REVOKED, EXPIRED, REPLACED)
LIVING = (ISSUED, ACTIVE)

_AFTER = {
    (ISSUED, "delivered"): ACTIVE,
    (ISSUED, "used"): ACTIVE,
    (ISSUED, "replaced"): REPLACED,
    (ISSUED, "letter_cancelled"): REVOKED,
    (ISSUED, "letter_failed"): REVOKED,
    (ISSUED, "changed"): REVOKED,
    (ISSUED, "revoked"): REVOKED,
    (ISSUED, "expired"): EXPIRED,
    (ACTIVE, "superseded"): REVOKED,
    (ACTIVE, "letter_failed"): REVOKED,
    (ACTIVE, "changed"): REVOKED,
    (ACTIVE, "revoked"): REVOKED,
    (ACTIVE, "expired"): EXPIRED,
}
HAPPENINGS = tuple(sorted({happening for _, happening in _AFTER}))


class CredentialLike(Protocol):
    """What the rules look at."""

    @property
    def state(self) -> str: ...
    @property
    def delivery(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def first_used_at(self) -> datetime | None: ...
    @property
    def delivered_at(self) -> datetime | None: ...
    @property
    def end_reason(self) -> str | None: ...
    @property
    def issued_at(self) -> datetime: ...
    @property
    def password_hash(self) -> str | None: ...


def state_after(credential: CredentialLike, happening: str) -> str | None:
    """The state that `happening` leads to, or None where it has no effect on this credential."""
    after = _AFTER.get((credential.state, happening))
    if after is None:
        return None
    if happening == "delivered" and credential.delivery == "link":
        return None  # a link holds no password yet: the former one must work until somebody set a new one with it
    if credential.state == ACTIVE and happening in ("expired", "letter_failed") and credential.first_used_at:
        return None  # in use: the letter did arrive, whatever is said of it later
    return after


def states_before(happening: str) -> tuple[str, ...]:
    """The states in which `happening` can have an effect: the condition of the update that carries it out."""
    return tuple(state for state, name in _AFTER if name == happening)


def keeps_its_hash(happening: str) -> bool:
    """Whether the password of an ended credential may return; all others lose their hash with their life."""
    return happening == "superseded"


def may_return(credential: CredentialLike) -> bool:
    """Whether the password of this credential may be given back, now that the letter of its successor came back."""
    return credential.state == REVOKED and credential.end_reason == "superseded" and bool(credential.password_hash)


def is_expired(credential: CredentialLike, moment: datetime) -> bool:
    """Whether an initial credential lay unused for too long."""
    return credential.expires_at is not None and credential.first_used_at is None and credential.expires_at <= moment


def must_change(origin: str, *, initial_must_change: bool) -> bool:
    """Whether the person has to choose an own password now: somebody else has seen this one."""
    return initial_must_change and origin in ("random", "manual")


def may_recover(credentials: Sequence[CredentialLike]) -> bool:
    """Whether a party may ask for a new password by itself.

    Only somebody whom staff already let in: has a valid one, or got a letter and let it expire. Not whose access was
    revoked, and not whose first letter still waits, because staff can still stop that one.
    """
    if any(one.state == ACTIVE for one in credentials):
        return True
    if not credentials:
        return False
    newest = max(credentials, key=lambda one: one.issued_at)
    return newest.state in (ISSUED, EXPIRED) and newest.delivered_at is not None


def can_sign_in(credentials: Sequence[CredentialLike], moment: datetime) -> bool:
    """Whether some password of an active party opens the client area now."""
    return any(one.state in LIVING and one.password_hash and not is_expired(one, moment) for one in credentials)
