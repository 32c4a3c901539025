"""Letters, and what happened to them."""

import uuid
from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.mailer.models.base import Base
from shared.db import new_id

WAITING = text("state = 'pending'")
UNDER_WAY = text("state IN ('pending', 'sending')")
HELD = text("claimed_by IS NOT NULL")
ENDED = text("ended_at IS NOT NULL")
RENEWED = text("instead_of IS NOT NULL")


class Letter(Base):
    """One letter. Ids are in the order of creation, so lists and their cursors go by id alone."""

    __tablename__ = "letters"
    __table_args__ = (
        Index("ix_letters_state_id", "state", "id"),
        Index("ix_letters_batch_id_id", "batch_id", "id"),
        Index("ix_letters_party_id_id", "party_id", "id"),
        # What the sender looks for: few columns, and only the letters that wait.
        Index("ix_letters_due", "delayed", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_letters_claimed_by", "claimed_by", sqlite_where=HELD, postgresql_where=HELD),
        # The same by kind: outside the send window only urgent kinds are looked for.
        Index("ix_letters_due_kind", "kind", "due_at", sqlite_where=WAITING, postgresql_where=WAITING),
        Index("ix_letters_waiting_batch_id", "batch_id", sqlite_where=WAITING, postgresql_where=WAITING),
        # Its own, because the planner thinks that waiting letters lie anywhere among all others.
        Index("ix_letters_waiting_id", "id", sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
        Index("ix_letters_kind_id", "kind", "id"),
        Index("ix_letters_invitation_id", "invitation_id", unique=True),
        Index("ix_letters_notice_id", "notice_id", unique=True),
        Index("ix_letters_instead_of", "instead_of", sqlite_where=RENEWED, postgresql_where=RENEWED),
        Index("ix_letters_ended_at_state", "ended_at", "state", sqlite_where=ENDED, postgresql_where=ENDED),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    """Which template: one of KINDS in rules/states.py."""
    state: Mapped[str] = mapped_column(String(16))
    party_id: Mapped[uuid.UUID | None]
    credential_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    recovery_id: Mapped[uuid.UUID | None] = mapped_column(unique=True)
    invitation_id: Mapped[uuid.UUID | None]
    """Of a member of the staff."""
    batch_id: Mapped[uuid.UUID | None]
    name: Mapped[str] = mapped_column(String(300))
    document: Mapped[str] = mapped_column(String(80))
    login: Mapped[str] = mapped_column(String(320))
    address: Mapped[str] = mapped_column(String(320))
    domain: Mapped[str] = mapped_column(String(255))
    """Of the address, in small letters, for the limit per receiving domain."""
    language: Mapped[str] = mapped_column(String(5))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The sealed secret; destroyed when the letter ends."""
    sealing_key: Mapped[str | None] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    """When the secret is worth nothing any more: later than this the letter is not sent."""
    message_id: Mapped[str] = mapped_column(String(320))
    """The Message-ID, the same at every attempt."""
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Not before this moment; while `delayed`, the queue's delay comes on top."""
    delayed: Mapped[bool]
    """Whether the settable delay applies: only before the first attempt, and never to recoveries."""
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[uuid.UUID | None]
    """The worker that has it in hand (see Worker)."""
    sending_at: Mapped[datetime | None]
    sending_mark: Mapped[uuid.UUID | None]
    """Which call marked it as being sent: if the answer to its commit was lost, the same call finds its own work."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(200))
    """Who cancelled it or said that it came back: the name of a staff member, or the id of another system."""
    outcome: Mapped[str | None] = mapped_column(Text)
    """What happened last: the server's answer, or the reason of the end."""
    subject: Mapped[str | None] = mapped_column(String(300))
    """Of a letter that brought its own words (`general`, `test`), as are these two; they hold no secret."""
    text: Mapped[str | None] = mapped_column(Text, deferred=True)
    html: Mapped[str | None] = mapped_column(Text, deferred=True)
    """Only of tests: the whole page."""
    requested_by: Mapped[str | None] = mapped_column(String(300))
    """Who asked for it: the source of an event, the id of another system, or the id of a staff member."""
    notice_id: Mapped[uuid.UUID | None]
    """Of a notice of the client area, as are these five."""
    instead_of: Mapped[uuid.UUID | None]
    """The notice whose letter it took the place of, because what that said had changed."""
    path: Mapped[str | None] = mapped_column(String(300))
    """The page below the public address to which it leads."""
    told: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True), deferred=True)
    """What its template is filled with; removed some months after it ended."""
    stop_path: Mapped[str | None] = mapped_column(String(300))
    """The page on which its reader says not to want such letters."""
    attachments: Mapped[list[dict[str, str]] | None] = mapped_column(JSON(none_as_null=True))
    """Files that go with it: `name`, `media_type`, and the `path` where the portal has each when the letter goes."""


class Attempt(Base):
    """One try to hand a letter to the mail server."""

    __tablename__ = "attempts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    letter_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("letters.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    seconds: Mapped[float]
    verdict: Mapped[str] = mapped_column(String(16))
    code: Mapped[int | None]
    answer: Mapped[str] = mapped_column(Text)


class Withdrawal(Base):
    """Something that ended before its letter came in (events may overtake each other): its letter must not go."""

    __tablename__ = "withdrawals"

    about_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """The credential or notice."""
    state: Mapped[str] = mapped_column(String(16))
    """What the letter becomes: cancelled or replaced."""
    reason: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(index=True)


class LetterWords(Base):
    """What a letter is found by, written once: an index on it would cost too much where letters change."""

    __tablename__ = "letter_words"

    letter_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    """Words without accents and in small letters, one space between them; see rules/addresses.py. PostgreSQL
    keeps them as a tsvector too, in the column `lexemes` with an index on their beginnings (migration 0003)."""


class LetterHour(Base):
    """What happened to letters within an hour that is over, so that charts need not count them again."""

    __tablename__ = "letter_hours"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    """When it began."""
    sent: Mapped[int]
    failed: Mapped[int]
    bounced: Mapped[int]
    waiting: Mapped[int | None]
    """How many waited at its end; unknown for hours in which no worker ran."""
