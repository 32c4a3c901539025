"""Late fees (*multa por pago tardío*): the rules, and each fee with how it was computed."""

import uuid
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.portal.models.base import Base
from shared.db import Money, new_id

CURRENT = text("replaced_at IS NULL AND switched_off_at IS NULL")
PENDING = text("state = 'pending'")


class FeeRule(Base):
    """What late payment costs. Never changed: a new version takes its place for invoices issued from then on."""

    __tablename__ = "fee_rules"
    __table_args__ = (Index("ix_fee_rules_current", "role", sqlite_where=CURRENT, postgresql_where=CURRENT),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    role: Mapped[str | None] = mapped_column(String(10))
    """`tenant` or `owner`; None where it is of one client."""
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("parties.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    """Only invoices in it; fixed amounts are in it."""
    kind: Mapped[str] = mapped_column(String(10))
    """percent (of what is owed), fixed, or none (this client pays no late fee)."""
    value: Mapped[Decimal] = mapped_column(Money)
    """Percent, or the amount; two decimals."""
    minimum: Mapped[Decimal | None] = mapped_column(Money)
    maximum: Mapped[Decimal | None] = mapped_column(Money)
    grace_days: Mapped[int]
    """Days after the due date that cost nothing; the due date itself is not counted."""
    repeats: Mapped[str] = mapped_column(String(10))
    """once or monthly."""
    charged_on: Mapped[str] = mapped_column(String(20))
    """document (one of its own) or next_invoice."""
    pay_within_days: Mapped[int] = mapped_column(default=5)
    """When a document of its own is due."""
    in_force_at: Mapped[datetime]
    """It counts for invoices issued at this moment or later."""
    replaced_at: Mapped[datetime | None]
    """Invoices issued from then on have another rule; its own keep it."""
    switched_off_at: Mapped[datetime | None]
    """From then on it charges nothing any more."""
    made_by: Mapped[str] = mapped_column(String(200), default="")


class LateFee(Base):
    """One fee for one late invoice and one period, with what it was computed from."""

    __tablename__ = "late_fees"
    __table_args__ = (
        UniqueConstraint("invoice_id", "period"),
        Index("ix_late_fees_party_id_id", "party_id", "id"),
        Index("ix_late_fees_charged_on_id", "charged_on_id"),
        Index("ix_late_fees_pending", "party_id", sqlite_where=PENDING, postgresql_where=PENDING),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoices.id"))
    """The invoice that was not paid in time."""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    rule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("fee_rules.id"))
    period: Mapped[int]
    """0 for the first fee of an invoice, 1 for that of the next month, …"""
    fee_day: Mapped[date]
    """From which day it is owed."""
    assessed_on: Mapped[date]
    currency: Mapped[str] = mapped_column(String(3))
    base: Mapped[Decimal] = mapped_column(Money)
    """What was owed of the invoice when it was computed, without fees that stand on it."""
    computed: Mapped[Decimal] = mapped_column(Money)
    """Before minimum, maximum and the legal ceiling."""
    ceiling: Mapped[Decimal | None] = mapped_column(Money)
    """The most that the law allowed that day, None where no ceiling was set."""
    amount: Mapped[Decimal] = mapped_column(Money)
    """What is charged."""
    waived: Mapped[Decimal] = mapped_column(Money)
    """What of it was waived."""
    waiver_reason: Mapped[str] = mapped_column(String(300), default="")
    waived_by: Mapped[str] = mapped_column(String(200), default="")
    waived_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(String(10))
    """pending (waits for the next invoice), charged or waived (the whole)."""
    charged_on_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"))
    """The document on which it stands."""
    created_at: Mapped[datetime]
