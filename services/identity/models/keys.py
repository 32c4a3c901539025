"""The keys with which identity signs tokens and sealed secrets."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class SigningKey(Base):
    """One signing key. It is published from its creation, signs from `active_from`, and no more from `retired_at`."""

    __tablename__ = "signing_keys"
    # Whoever makes the n-th key of a purpose first has made it: two processes that start at once agree on one.
    __table_args__ = (UniqueConstraint("purpose", "number"), Index(None, "purpose", "active_from"))

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    """`token` (ES256) or `sealing` (Ed25519)."""
    number: Mapped[int]
    public_key: Mapped[str] = mapped_column(String(500))
    """The public JWK as JSON."""
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted with identity's keyring, never in clear."""
    created_at: Mapped[datetime]
    active_from: Mapped[datetime]
    retired_at: Mapped[datetime | None]
