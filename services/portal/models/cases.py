"""PQRS: petitions, complaints, claims and suggestions, with their conversations."""

import uuid
from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from shared.db import new_id

UNANSWERED = text("answered_at IS NULL AND closed_at IS NULL")


class Case(Base):
    """One request of a client. `number` is its *radicado*."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_party_id_id", "party_id", "id"),
        Index("ix_cases_unanswered", "due_on", "id", sqlite_where=UNANSWERED, postgresql_where=UNANSWERED),
        Index("ix_cases_state_due_on", "state", "due_on", "id"),
        Index("ix_cases_opened_on", "opened_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(60), unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    kind: Mapped[str] = mapped_column(String(30))
    """One of KINDS in rules/cases.py."""
    subject: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    """open, answered (the client may still write), or closed."""
    opened_on: Mapped[date]
    due_on: Mapped[date]
    """The last day on which it must be answered, with the extension if there is one."""
    first_due_on: Mapped[date]
    """The same without the extension."""
    extended_at: Mapped[datetime | None]
    extension_reason: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    """When it was answered in substance for the first time: what the deadline is about."""
    closed_at: Mapped[datetime | None]
    closing_reason: Mapped[str] = mapped_column(String(30), default="")
    closing_note: Mapped[str] = mapped_column(Text, default="")
    reminded_at: Mapped[datetime | None]
    """When the staff was reminded that the deadline comes near."""
    assigned_to: Mapped[str] = mapped_column(String(200), default="")

    party: Mapped[Party] = relationship(lazy="raise")


class CaseMessage(Base):
    """One message of the conversation, or a note that only the staff sees."""

    __tablename__ = "case_messages"
    __table_args__ = (Index("ix_case_messages_case_id_id", "case_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cases.id"))
    author_kind: Mapped[str] = mapped_column(String(10))
    """client, staff or system."""
    author_name: Mapped[str] = mapped_column(String(300))
    kind: Mapped[str] = mapped_column(String(12))
    """message, answer, note (staff only), extension, closing or reopening."""
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
