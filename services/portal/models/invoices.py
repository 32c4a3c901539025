"""Invoices and what belongs to them: series of numbers, statements of income, imports, and who issues them."""

import uuid
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.portal.models.base import Base
from services.portal.models.parties import Party
from shared import clock
from shared.db import Money, code_type, new_id

OPEN = text("state IN ('issued', 'partly_paid')")
NOTES = text("kind = 'credit_note'")


class Agency(Base):
    """The one row that says who issues invoices, and what the agency allows. Made by the migration, `id` is 1."""

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(300), default="")
    country: Mapped[str] = mapped_column(String(2), default="CO")
    """ISO 3166-1: CO or MX decides which fiscal document can be built."""
    document_type: Mapped[str] = mapped_column(String(10), default="")
    document_number: Mapped[str] = mapped_column(String(60), default="")
    address: Mapped[str] = mapped_column(String(300), default="")
    city: Mapped[str] = mapped_column(String(120), default="")
    postal_code: Mapped[str] = mapped_column(String(20), default="")
    phone: Mapped[str] = mapped_column(String(60), default="")
    email: Mapped[str] = mapped_column(String(320), default="")
    currency: Mapped[str] = mapped_column(String(3), default="COP")
    """What new invoices are in, unless they say otherwise."""
    allow_partial: Mapped[bool] = mapped_column(default=True)
    """Whether clients may pay a part of an invoice online."""
    bank_details: Mapped[str] = mapped_column(Text, default="")
    """How to pay by transfer, shown to clients and on the invoice."""
    fiscal: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the fiscal documents need besides; see rules/fiscal/."""
    saturday_counts: Mapped[bool] = mapped_column(default=False)
    """Whether Saturdays count as business days for the deadlines of PQRS."""
    announce_invoices: Mapped[bool] = mapped_column(default=True)
    """Whether a letter goes out when an invoice is issued."""
    attach_documents: Mapped[bool] = mapped_column(default=False)
    """Whether the letter about a new invoice brings its PDF and fiscal documents, or only the link to them."""
    daily_hour: Mapped[int] = mapped_column(default=8)
    """From which hour of the day, in the agency's zone, reminders and late fees are made."""
    fee_ceiling: Mapped[Decimal | None] = mapped_column(Money)
    """The legal ceiling of a late fee: percent of what is owed, per month; None: none is set."""
    fee_ceiling_source: Mapped[str] = mapped_column(String(300), default="")
    """Where the ceiling is written: a law, or what an authority certified for the month."""


class Series(Base):
    """Consecutive numbers. The row is locked until the transaction that took a number ends, so there are no gaps."""

    __tablename__ = "series"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[str] = mapped_column(String(20), index=True)
    """`invoice`, `credit_note`, `receipt`, `income` or `case`."""
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    next_number: Mapped[int] = mapped_column(default=1)
    last_number: Mapped[int | None]
    """The last one that the authority allows; None: no end."""
    width: Mapped[int] = mapped_column(default=6)
    """Digits, filled with zeros."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    active: Mapped[bool] = mapped_column(default=True)
    """Of the active ones of a purpose the oldest is taken, unless another is chosen."""


class Invoice(Base):
    """An invoice or a credit note. What was issued does not change any more, except state, balance and attachments."""

    __tablename__ = "invoices"
    __table_args__ = (
        Index("ix_invoices_party_id_id", "party_id", "id"),
        Index("ix_invoices_state_id", "state", "id"),
        Index("ix_invoices_open_due_on", "due_on", "id", sqlite_where=OPEN, postgresql_where=OPEN),
        # All that the debt by age reads, so that it need not look at the invoices themselves.
        Index("ix_invoices_debt", "due_on", "currency", "kind", "balance", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_invoices_open_party_id", "party_id", "due_on", sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_invoices_corrects_id", "corrects_id"),
        # For lists of what there is little of: without them a filter that finds nothing reads everything.
        Index("ix_invoices_currency_id", "currency", "id"),
        Index("ix_invoices_credit_notes", "id", sqlite_where=NOTES, postgresql_where=NOTES),
        UniqueConstraint("source", "external_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12), default="invoice")
    """`invoice` or `credit_note` (which takes away from the invoice `corrects_id`)."""
    role: Mapped[str] = mapped_column(String(10))
    """As what the party gets it: `tenant` (rent and the like) or `owner` (the agency's commission)."""
    number: Mapped[str | None] = mapped_column(code_type(60), unique=True)
    """Prefix and number of its series, or the number that the system which sent it gave; None while a draft."""
    series_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("series.id"))
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    state: Mapped[str] = mapped_column(String(12))
    """draft, issued, partly_paid, paid, credited or void. `overdue` is issued or partly_paid after `due_on`, see
    rules/invoices.py; it is never stored."""
    currency: Mapped[str] = mapped_column(String(3))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """As `rules/invoices.py` dumps them: decimals are strings."""
    subtotal: Mapped[Decimal] = mapped_column(Money)
    tax_total: Mapped[Decimal] = mapped_column(Money)
    withholding_total: Mapped[Decimal] = mapped_column(Money)
    total: Mapped[Decimal] = mapped_column(Money)
    """To be paid: subtotal + taxes − withholdings."""
    balance: Mapped[Decimal] = mapped_column(Money)
    """Of an invoice: what is still to be paid. Of a credit note: what of it is not used yet."""
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    period: Mapped[str] = mapped_column(String(7), default="")
    """The month it is for (`2026-11`), "" where it is for none."""
    concept: Mapped[str] = mapped_column(String(300), default="")
    """In one line what it is for, as lists show it."""
    property_name: Mapped[str] = mapped_column(String(300), default="")
    """Which flat, shop or house; "" where it is about none."""
    notes: Mapped[str] = mapped_column(Text, default="")
    corrects_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it was voided, or why the credit note was made."""
    source: Mapped[str | None] = mapped_column(String(200))
    """Which other system sent it: `rest:<client>` or the source of the event; None: made here."""
    external_id: Mapped[str | None] = mapped_column(String(200))
    """What that system calls it: with `source` it is one invoice, however often it is sent."""
    created_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    """When it was paid, credited or voided."""
    created_by: Mapped[str] = mapped_column(String(200), default="")
    is_late_fee: Mapped[bool] = mapped_column(default=False)
    """The document of a late fee: it costs no late fee itself."""
    disputed_at: Mapped[datetime | None]
    """While it is in dispute, nobody is reminded of it and it costs no late fee."""
    dispute_reason: Mapped[str] = mapped_column(String(300), default="")
    fees_after: Mapped[date | None]
    """Days up to this one cost no late fee: it was in dispute until then."""

    party: Mapped[Party] = relationship(lazy="raise")


class IncomeStatement(Base):
    """What an owner's properties brought in a period, and what was taken off. `net` is paid out to the owner."""

    __tablename__ = "income_statements"
    __table_args__ = (Index("ix_income_statements_party_id_id", "party_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str | None] = mapped_column(String(60), unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    state: Mapped[str] = mapped_column(String(12))
    """draft, published or void."""
    currency: Mapped[str] = mapped_column(String(3))
    period_from: Mapped[date]
    period_until: Mapped[date]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`{"property", "concept", "amount"}`: amounts are strings, what is taken off is negative."""
    income_total: Mapped[Decimal] = mapped_column(Money)
    deduction_total: Mapped[Decimal] = mapped_column(Money)
    """Positive."""
    net: Mapped[Decimal] = mapped_column(Money)
    paid_on: Mapped[date | None]
    """When `net` was paid out to the owner."""
    payment_reference: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(200), default="")

    party: Mapped[Party] = relationship(lazy="raise")


class InvoiceImport(Base):
    """A table of invoices that somebody uploaded: looked through, then issued row by row, by the worker."""

    __tablename__ = "invoice_imports"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    filename: Mapped[str] = mapped_column(String(300))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The file itself, until it was read."""
    state: Mapped[str] = mapped_column(String(12), index=True)
    """reading, ready, applying, finished, cancelled or unreadable."""
    total: Mapped[int] = mapped_column(default=0)
    applied: Mapped[int] = mapped_column(default=0)
    problems: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[str] = mapped_column(String(200), default="")


class InvoiceImportRow(Base):
    """One row of such a table: an invoice to be, or what is wrong with it. `line` is the row in the file, from 1."""

    __tablename__ = "invoice_import_rows"
    __table_args__ = (Index("ix_invoice_import_rows_import_id_state_line", "import_id", "state", "line"),)

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("invoice_imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[str]] = mapped_column(JSON)
    invoice: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What will be issued, once the row was found good."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12))
    """good, bad, applied or known (there was such an invoice already)."""
    invoice_id: Mapped[uuid.UUID | None]
