"""The words of letters."""

import uuid
from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.mailer.models.base import Base
from shared.db import new_id


class TemplateVersion(Base):
    """The words of a kind of letter in a language, as somebody saved them. The newest is the one in use."""

    __tablename__ = "letter_templates"
    __table_args__ = (UniqueConstraint("kind", "language", "version"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(5))
    version: Mapped[int]
    """Counted from 1; before it there is the text that comes with the program."""
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(String(300))


class TemplateDraft(Base):
    """What somebody of the staff was writing when they looked at a preview or sent a test."""

    __tablename__ = "template_drafts"

    staff_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(320))
    at: Mapped[datetime] = mapped_column(index=True)
