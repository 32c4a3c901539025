"""Letters that came back, and addresses to which nothing is sent."""

import uuid
from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.mailer.models.base import Base
from shared.db import new_id


class Suppression(Base):
    """An address to which nothing is sent."""

    __tablename__ = "suppressions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    address: Mapped[str] = mapped_column(String(320), unique=True)
    """As `address_key` writes it."""
    reason: Mapped[str] = mapped_column(String(16))
    """`bounced` or `manual`."""
    since: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(200))
    letter_id: Mapped[uuid.UUID | None]
    """The letter that came back."""
    note: Mapped[str] = mapped_column(Text, default="")


class ReturnedMessage(Base):
    """A message that came to the mailbox of returned letters, or was handed in: each is looked at once."""

    __tablename__ = "returned_messages"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the message: the same bytes again are the same message."""
    source: Mapped[str] = mapped_column(String(16))
    """`mailbox`, `api` or `page`."""
    received_at: Mapped[datetime] = mapped_column(index=True)
    verdict: Mapped[str] = mapped_column(String(16))
    """See rules/returned.py."""
    letter_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    guessed: Mapped[bool] = mapped_column(default=False)
    """The letter was found by the recipient's address alone."""
    recipient: Mapped[str] = mapped_column(String(320), default="")
    status: Mapped[str] = mapped_column(String(16), default="")
    """The enhanced status code (RFC 3463), such as 5.1.1."""
    answer: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    mark: Mapped[str | None] = mapped_column(String(300), index=True)
    """What the mailbox calls it, while it may still lie there."""
