"""What a client changes about themself, and staff who look at the area as a client."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from shared.db import new_id

TO_APPLY = text("state = 'confirmed'")


class EmailChange(Base):
    """A new address that a client wants. It counts once the link sent to it was used, and the directory took it."""

    __tablename__ = "email_changes"
    __table_args__ = (
        Index("ix_email_changes_party_id_id", "party_id", "id"),
        Index("ix_email_changes_to_apply", "id", sqlite_where=TO_APPLY, postgresql_where=TO_APPLY),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    address: Mapped[str] = mapped_column(String(320))
    former: Mapped[str] = mapped_column(String(320), default="")
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    """waiting, confirmed (the directory does not know yet), applied, refused (by the directory), replaced, withdrawn
    or expired."""
    message: Mapped[str] = mapped_column(String(300), default="")
    """Why the directory refused it."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class Viewing(Base):
    """A member of the staff looks at the client area as a client does: read-only, announced and recorded."""

    __tablename__ = "viewings"
    __table_args__ = (Index("ix_viewings_ended_at_started_at", "ended_at", "started_at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    staff_id: Mapped[str] = mapped_column(String(64))
    staff_name: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(300))
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    party: Mapped[Party] = relationship(lazy="raise")
