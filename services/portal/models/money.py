"""Money that came in, how it was used, and the book in which every movement stands."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from shared.db import Money, code_type, new_id

WAITING = text("state = 'waiting'")
PENDING = text("state = 'pending'")
UNUSED = text("unapplied > 0")
REVERSED = text("reversed_at IS NOT NULL")


class LedgerEntry(Base):
    """One movement of what a party owes: only ever added. The sum is the party's balance in that currency.

    It equals the balances of the party's invoices, less those of its credit notes and what of its payments is unused.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        Index("ix_ledger_entries_party_id_currency_booked_on", "party_id", "currency", "booked_on", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    currency: Mapped[str] = mapped_column(String(3))
    booked_on: Mapped[date]
    """The day that counts in statements, in the agency's zone."""
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    """invoice, credit_note, void, payment or reversal."""
    amount: Mapped[Decimal] = mapped_column(Money)
    """Positive: the party owes more; negative: less."""
    reference: Mapped[str] = mapped_column(String(60))
    """Number of the invoice or receipt."""
    text: Mapped[str] = mapped_column(String(300), default="")
    """The concept, for statements."""
    invoice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"))
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))


class Payment(Base):
    """Money received, and at the same time its receipt (*recibo de caja*)."""

    __tablename__ = "payments"
    __table_args__ = (
        Index("ix_payments_party_id_id", "party_id", "id"),
        Index("ix_payments_method_id", "method", "id"),
        Index("ix_payments_currency_id", "currency", "id"),
        Index("ix_payments_reversed", "id", sqlite_where=REVERSED, postgresql_where=REVERSED),
        Index("ix_payments_unused", "party_id", "currency", sqlite_where=UNUSED, postgresql_where=UNUSED),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    receipt_number: Mapped[str] = mapped_column(code_type(60), unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    payer_name: Mapped[str] = mapped_column(String(300))
    """As the party was called that day."""
    payer_document: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Money)
    unapplied: Mapped[Decimal] = mapped_column(Money)
    """What of it pays no invoice: the client's credit."""
    method: Mapped[str] = mapped_column(String(20))
    """wompi, stripe, sandbox, transfer, cash, card, cheque or other."""
    reference: Mapped[str] = mapped_column(String(200), default="", index=True)
    """Of the gateway or the bank."""
    concept: Mapped[str] = mapped_column(String(300), default="")
    received_on: Mapped[date]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200), default="")
    intent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_intents.id"), unique=True)
    report_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_reports.id"), unique=True)
    reversed_at: Mapped[datetime | None]
    reversed_by: Mapped[str | None] = mapped_column(String(200))
    reversal_reason: Mapped[str | None] = mapped_column(String(300))

    party: Mapped[Party] = relationship(lazy="raise")


class Allocation(Base):
    """What of a payment, or of a credit note, went to an invoice. Undone ones are deleted; the ledger remembers."""

    __tablename__ = "allocations"
    __table_args__ = (
        Index("ix_allocations_invoice_id", "invoice_id"),
        Index("ix_allocations_payment_id", "payment_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    invoice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoices.id"))
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payments.id"))
    credit_note_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"), index=True)
    amount: Mapped[Decimal] = mapped_column(Money)
    at: Mapped[datetime]


class PaymentIntent(Base):
    """A client's wish to pay through a gateway. Only a signed notification, or the gateway's own answer, ends it."""

    __tablename__ = "payment_intents"
    __table_args__ = (
        Index("ix_payment_intents_party_id_id", "party_id", "id"),
        Index("ix_payment_intents_pending", "checked_at", sqlite_where=PENDING, postgresql_where=PENDING),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(String(60), unique=True)
    """What the gateway knows it by."""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    gateway: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Money)
    wanted: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`{"invoice_id", "amount"}`, in the order in which they are paid."""
    state: Mapped[str] = mapped_column(String(12))
    """pending, paid, declined, expired or failed. A paid one stays paid."""
    gateway_id: Mapped[str | None] = mapped_column(String(200))
    """What the gateway calls it."""
    message: Mapped[str] = mapped_column(String(300), default="")
    """What the gateway said, for the client."""
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    """When the gateway was last asked."""
    ended_at: Mapped[datetime | None]


class GatewayNotice(Base):
    """A notification of a gateway that was genuine: each has its effect once."""

    __tablename__ = "gateway_notices"
    __table_args__ = (UniqueConstraint("gateway", "notice_id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    gateway: Mapped[str] = mapped_column(String(20))
    notice_id: Mapped[str] = mapped_column(String(200))
    reference: Mapped[str] = mapped_column(String(60), index=True)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    """State, amount, currency and the gateway's id, without anything about cards."""
    verdict: Mapped[str] = mapped_column(String(30))
    received_at: Mapped[datetime] = mapped_column(index=True)


class PaymentIncident(Base):
    """Something about money from a gateway that an agent has to look at; the same again only counts up."""

    __tablename__ = "payment_incidents"
    __table_args__ = (
        Index("ix_payment_incidents_resolved_at_id", "resolved_at", "id"),
        UniqueConstraint("gateway", "kind", "reference", "day"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    gateway: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(30))
    """bad_signature, unknown_reference, wrong_amount, wrong_currency, refunded, unreadable or not_applied."""
    reference: Mapped[str] = mapped_column(String(60))
    day: Mapped[date]
    times: Mapped[int] = mapped_column(default=1)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    party_id: Mapped[uuid.UUID | None]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(200))
    resolution: Mapped[str] = mapped_column(Text, default="")


class PaymentReport(Base):
    """A client says to have paid outside, with proof; an agent accepts or rejects it."""

    __tablename__ = "payment_reports"
    __table_args__ = (
        Index("ix_payment_reports_party_id_id", "party_id", "id"),
        Index("ix_payment_reports_waiting", "id", sqlite_where=WAITING, postgresql_where=WAITING),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[Decimal] = mapped_column(Money)
    paid_on: Mapped[date]
    method: Mapped[str] = mapped_column(String(20))
    reference: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    wanted: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12))
    """waiting, accepted or rejected."""
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(200))

    party: Mapped[Party] = relationship(lazy="raise")
