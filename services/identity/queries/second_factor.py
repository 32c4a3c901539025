"""Reads of second factors."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.identity.models.second_factor import CodeProof, RecoveryCode, SecondFactor


@dataclass(frozen=True)
class Owner:
    """Whose second factor: `kind` is STAFF or PARTY of `rules/second_factor.py`."""

    kind: str
    id: uuid.UUID

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True)
class FactorState:
    """Since when codes are asked for (None: they are not), and how many recovery codes are left."""

    enabled_at: datetime | None
    recovery_codes: int

    @property
    def enabled(self) -> bool:
        """Whether a code is asked for at the sign-in."""
        return self.enabled_at is not None


def find_factor(session: Session, owner: Owner) -> SecondFactor | None:
    """The row, whether it counts, is being set up or was removed."""
    return session.get(SecondFactor, (owner.kind, owner.id), populate_existing=True)


def state_of_factor(session: Session, owner: Owner) -> FactorState:
    """Whether there is a second factor."""
    found = find_factor(session, owner)
    if found is None or found.enabled_at is None:
        return FactorState(None, 0)
    left = select(func.count()).where(
        RecoveryCode.owner_kind == owner.kind, RecoveryCode.owner_id == owner.id, RecoveryCode.used_at.is_(None)
    )
    return FactorState(found.enabled_at, session.scalar(left) or 0)


def has_factor(session: Session, owner: Owner) -> bool:
    """Whether a code is asked for at the sign-in."""
    found = find_factor(session, owner)
    return found is not None and found.enabled_at is not None


def find_proof(session: Session, token_sha256: bytes) -> CodeProof | None:
    """The proof of a token, whatever became of it."""
    return session.get(CodeProof, token_sha256)
