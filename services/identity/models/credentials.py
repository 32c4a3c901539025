"""Credentials, the single-use links that lead to one, and the keys with which secrets are sealed."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class Credential(Base):
    """A key to the client area. Its life is written in `rules/lifecycle.py`, and nowhere else.

    `origin`: `random` (generated), `manual` (typed by staff), `link` (not set yet) or `chosen` (by the person).
    `password_hash` is absent for a link that was not used yet, and after the end of a credential that cannot come back.
    """

    __tablename__ = "credentials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    origin: Mapped[str] = mapped_column(String(10))
    delivery: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(60))
    batch_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("credential_batches.id"), index=True)
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    first_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))
    ended_by: Mapped[str | None] = mapped_column(String(200))
    superseded_by: Mapped[uuid.UUID | None] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint("state IN ('issued', 'active', 'revoked', 'expired', 'replaced')", name="state"),
        # The database itself refuses a second waiting or a second valid credential of one party.
        Index(
            "uq_credentials_issued",
            "party_id",
            unique=True,
            postgresql_where=text("state = 'issued'"),
            sqlite_where=text("state = 'issued'"),
        ),
        Index(
            "uq_credentials_active",
            "party_id",
            unique=True,
            postgresql_where=text("state = 'active'"),
            sqlite_where=text("state = 'active'"),
        ),
        Index(
            "ix_credentials_unused_expires_at",
            "expires_at",
            postgresql_where=text("expires_at IS NOT NULL AND state IN ('issued', 'active')"),
            sqlite_where=text("expires_at IS NOT NULL AND state IN ('issued', 'active')"),
        ),
    )


class SecretLink(Base):
    """A single-use link: only the SHA-256 of its token (256 random bits, so no salt is needed) is kept.

    `purpose`: `recovery` (forgotten password) or `activation` (the link of the issued credential `credential_id`).
    """

    __tablename__ = "secret_links"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(10))
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"), index=True)
    credential_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("credentials.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_secret_links_live_expires_at_id",
            "expires_at",
            "id",
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL"),
            sqlite_where=text("used_at IS NULL AND voided_at IS NULL"),
        ),
    )


class SealingKey(Base):
    """A public key of the mailer, as fetched; `current` marks the one to seal with."""

    __tablename__ = "sealing_keys"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    current: Mapped[bool]
    fetched_at: Mapped[datetime]
