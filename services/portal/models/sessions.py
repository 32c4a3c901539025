"""Browsers in which clients are signed in."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from services.portal.models.people import Contact
from shared.db import new_id


class ClientSession(Base):
    """A browser in which a client, or somebody whom clients let in, is or was signed in."""

    __tablename__ = "client_sessions"
    __table_args__ = (
        Index(None, "party_id", "ended_at"),
        Index("ix_client_sessions_subject_id", "subject_id", "ended_at"),
        Index("ix_client_sessions_contact_id", "contact_id"),
        Index(None, "ended_at", "last_seen_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of what the cookie holds: who reads the table cannot use it."""
    subject_id: Mapped[uuid.UUID]
    """Who signed in, as identity calls them: the party itself, or a person whom clients let in."""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    """Whose area is looked at."""
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contacts.id"))
    """As which contact of that party; None: it is their own area."""
    must_choose: Mapped[bool] = mapped_column(default=False)
    """Several clients let this person in, and they have not said yet whom to look at: nothing opens before."""
    credential_id: Mapped[uuid.UUID] = mapped_column(index=True)
    must_change: Mapped[bool]
    """The password is an initial one: nothing opens before it was changed."""
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    """To the minute: it is not written at every request."""
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(30))
    """signed_out, replaced, expired, credential_revoked, party_deactivated, password_changed, ended_by_client,
    access_ended (the client took the right to sign in away) or staff."""
    ended_by: Mapped[str | None] = mapped_column(String(120))
    """The member of the staff who ended it."""
    address: Mapped[str] = mapped_column(String(45))
    user_agent: Mapped[str] = mapped_column(Text)

    party: Mapped[Party] = relationship(lazy="raise")
    contact: Mapped[Contact | None] = relationship(lazy="raise")


class EndedCredential(Base):
    """A credential that works no longer.

    Between identity's answer and our row of the session the credential may be revoked; without this memory the
    event would find no session to end, and one would be opened after it.
    """

    __tablename__ = "ended_credentials"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(index=True)
