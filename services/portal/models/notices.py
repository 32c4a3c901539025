"""Letters that clients and their contacts are to get about something, and the rules for reminders."""

import uuid
from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.portal.models.base import Base
from shared.db import new_id

WAITING = text("state = 'raised'")
OF_A_ROLE = text("party_id IS NULL")
OF_A_PARTY = text("party_id IS NOT NULL")


class Notice(Base):
    """One thing that one address learns of, once: the database refuses a second one of the same kind and cause."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("about", "kind", "address_key"),
        Index("ix_notices_party_id_id", "party_id", "id"),
        Index("ix_notices_waiting", "about", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    """Of the event whose letter counts: another one where what it says changed before it was sent."""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contacts.id"))
    """None: the client gets it."""
    kind: Mapped[str] = mapped_column(String(40))
    about: Mapped[uuid.UUID]
    """What it is about and is told once: an invoice, a payment, a message of a case."""
    label: Mapped[str] = mapped_column(String(120), default="")
    """What lists call it: the number of the invoice, receipt or case."""
    path: Mapped[str] = mapped_column(String(300), default="")
    name: Mapped[str] = mapped_column(String(300))
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    language: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    """raised (the mailer has not told how it ended), sent, withdrawn, failed or bounced."""
    raised_at: Mapped[datetime]
    worth_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class FormerLetter(Base):
    """The letter that a notice had before its words changed; it may have gone out before that was known."""

    __tablename__ = "former_letters"

    notice_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Of its event."""
    of_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), index=True)


class UnreachableAddress(Base):
    """An address to which nothing is sent, because letters came back or somebody of the staff said so.

    The copy of a party says it of the party's own addresses; this is for those of contacts.
    """

    __tablename__ = "unreachable_addresses"

    address_key: Mapped[str] = mapped_column(String(320), primary_key=True)
    since: Mapped[datetime]


class HolderChoice(Base):
    """What a client wants by letter; without a row they get everything."""

    __tablename__ = "holder_choices"

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"), primary_key=True)
    notices: Mapped[list[str]] = mapped_column(JSON)
    """Of PREFERENCES in rules/notices.py."""
    changed_at: Mapped[datetime]


class ReminderRule(Base):
    """One step of reminding: of a class (`role`), or of one client in its place (`party_id`)."""

    __tablename__ = "reminder_rules"
    __table_args__ = (
        Index(
            "uq_reminder_rules_role_step",
            "role",
            "step",
            unique=True,
            sqlite_where=OF_A_ROLE,
            postgresql_where=OF_A_ROLE,
        ),
        Index(
            "uq_reminder_rules_party_id_step",
            "party_id",
            "step",
            unique=True,
            sqlite_where=OF_A_PARTY,
            postgresql_where=OF_A_PARTY,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    role: Mapped[str | None] = mapped_column(String(10))
    """`tenant` or `owner`: as what the invoice is got; None where it is of one client."""
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("parties.id"))
    step: Mapped[str] = mapped_column(String(20))
    """Of STEPS in rules/reminders.py."""
    days: Mapped[int]
    """Before the due date (`reminder_before`) or after it; 0 on the day."""
    enabled: Mapped[bool]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200), default="")


class DailyRun(Base):
    """The run of a day, in the agency's zone: done in chunks, by any number of workers, resumable at any point."""

    __tablename__ = "daily_runs"

    task: Mapped[str] = mapped_column(String(20), primary_key=True)
    """reminders or fees."""
    day: Mapped[date] = mapped_column(primary_key=True)
    since: Mapped[date]
    """The last day before it that was run: the days between were missed."""
    cursor: Mapped[uuid.UUID | None]
    """The last client who was looked at; None at the beginning."""
    looked_at: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """Letters raised, or fees charged."""
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
