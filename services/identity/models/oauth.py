"""OAuth2 clients, authorization codes and consents."""

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base
from shared.db import new_id


class OAuthClient(Base):
    """A program that asks identity for tokens: one of our services, or another system."""

    __tablename__ = "oauth_clients"

    client_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256; the secret has 256 random bits, so a slow hash would add nothing."""
    secret_changed_at: Mapped[datetime | None]
    """None: the secret is the first one."""
    former_secret_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    former_secret_until: Mapped[datetime | None]
    """Until then the secret before the present one is good too, so that a rotation interrupts nothing."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    first_party: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """To the minute: it is not written at every request."""
    disabled_at: Mapped[datetime | None]


class AuthorizationCode(Base):
    """A code of the authorization code flow, for one use within a minute."""

    __tablename__ = "authorization_codes"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_clients.client_id", ondelete="CASCADE"))
    session_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff_sessions.id", ondelete="CASCADE"))
    redirect_uri: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(String(500))
    nonce: Mapped[str | None] = mapped_column(String(500))
    code_challenge: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    replayed_at: Mapped[datetime | None]
    """Somebody tried it again: what was issued for it is worth nothing any more (RFC 6749, 4.1.2)."""


class Consent(Base):
    """A member of the staff let an outside client know who they are."""

    __tablename__ = "consents"

    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_clients.client_id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(500))
    given_at: Mapped[datetime]
