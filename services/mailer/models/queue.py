"""How letters are sent: the queue, the processes that work on it, and the keys for what they say."""

import uuid
from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.mailer.models.base import Base


class Queue(Base):
    """The one row that says how the queue runs. An empty value means: as the setting says."""

    __tablename__ = "queue"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    paused: Mapped[bool] = mapped_column(default=False)
    paused_by: Mapped[str | None] = mapped_column(String(200))
    paused_at: Mapped[datetime | None]
    delay: Mapped[float | None]
    """Seconds between the creation of a letter and its first attempt."""
    per_second: Mapped[float | None]
    per_domain: Mapped[float | None]
    changed_by: Mapped[str | None] = mapped_column(String(200))
    changed_at: Mapped[datetime | None]
    message_domain: Mapped[str] = mapped_column(String(255), default="porteria.localhost")
    """The right side of Message-IDs, from the worker's settings."""
    trouble: Mapped[str | None] = mapped_column(Text)
    """Why nothing can be sent at the moment: the mail server is away or refuses us."""
    trouble_since: Mapped[datetime | None]
    trouble_until: Mapped[datetime | None]
    """When the server is tried again."""
    window_from: Mapped[int | None]
    """Minute of the day, in the agency's zone, from which letters go out; None = always. See rules/window.py."""
    window_until: Mapped[int | None]
    window_days: Mapped[str | None] = mapped_column(String(7))
    """ISO weekdays on which a window begins, such as 12345."""
    mailbox_read_at: Mapped[datetime | None]
    """When the mailbox of returned letters was last read to its end."""
    mailbox_trouble: Mapped[str | None] = mapped_column(Text)
    mailbox_trouble_since: Mapped[datetime | None]


class Worker(Base):
    """A process that sends. What a dead one had in hand goes back, or is uncertain."""

    __tablename__ = "workers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    place: Mapped[str] = mapped_column(String(300))
    """Host and process namespace in which `pid` has its meaning."""
    pid: Mapped[int]
    started_at: Mapped[datetime]
    alive_until: Mapped[datetime]


class SealingKey(Base):
    """A key pair for which identity seals what a letter says (X25519)."""

    __tablename__ = "sealing_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    """Whoever makes the n-th first has made it: two processes that start at once agree on one."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    """Encrypted with the mailer's keyring."""
    created_at: Mapped[datetime]


class SigningKey(Base):
    """A key with which identity signs sealed secrets (Ed25519), as its JWKS told."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(String(128), primary_key=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    """Empty: identity was asked at `seen_at` and knows no such key."""
    seen_at: Mapped[datetime]
