"""Second factors of staff and clients, recovery codes, and proofs that a password was right a moment ago."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class SecondFactor(Base):
    """The secret that somebody's phone makes codes from (TOTP, RFC 6238); encrypted with the keyring, never in clear.

    `secret` counts from `enabled_at`; before that it is only being set up. The row stays after a removal, without a
    secret, so that everything about one person's second factor is decided on one row.
    """

    __tablename__ = "second_factors"

    owner_kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    """`staff` or `party`."""
    owner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    begun_at: Mapped[datetime]
    enabled_at: Mapped[datetime | None]
    last_step: Mapped[int | None]
    """The time step of the last code that was accepted: that one and older ones are used up."""


class RecoveryCode(Base):
    """A code on paper for whoever has lost the phone; good once."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Keyed with the keyring and the owner's id: who reads only the table cannot try codes."""
    owner_kind: Mapped[str] = mapped_column(String(8))
    owner_id: Mapped[uuid.UUID] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class CodeProof(Base):
    """A client's password was right, the code is still missing; only who brings the token may try codes."""

    __tablename__ = "code_proofs"

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"), index=True)
    credential_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credentials.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
