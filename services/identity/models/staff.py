"""The people of the back office and their sessions."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base
from shared.db import new_id


class StaffMember(Base):
    """A person who works in the back offices."""

    __tablename__ = "staff"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    """In small letters."""
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    """administrator, agent or auditor."""
    language: Mapped[str] = mapped_column(String(5), default="")
    password_hash: Mapped[str] = mapped_column(String(72))
    must_change: Mapped[bool] = mapped_column(default=False)
    """The password was given by an administrator and has to be changed at the first sign-in."""
    invited: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Got a link to choose a password and has not done so yet; until then nobody knows one that would fit."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    last_sign_in_at: Mapped[datetime | None]


class StaffSession(Base):
    """A browser in which a member of the staff is signed in at identity."""

    __tablename__ = "staff_sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """SHA-256 of what the cookie holds."""
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    awaits_code: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The password was right, the code is still missing: this is no session yet, and becomes one or nothing."""
    second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Opened with a code besides the password."""
    last_seen_at: Mapped[datetime | None]
    """To the minute, at identity: the other back offices come by every ten minutes."""
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(Text, default="", server_default="")


class StaffInvitation(Base):
    """A single-use link on which a member of the staff chooses a password."""

    __tablename__ = "staff_invitations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(10))
    """`invitation` (somebody new) or `reset` (the password was forgotten)."""
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    address: Mapped[str] = mapped_column(String(254))
    """Where the link was sent to."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    """A newer link took its place, the address changed, or the person was suspended."""
