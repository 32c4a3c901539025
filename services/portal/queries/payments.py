"""Reading payments (which are receipts), what they paid, and the credit that is left."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from services.portal.models import Allocation, Invoice, Payment
from services.portal.queries.searching import begins_with, found_by
from services.portal.rules.invoices import CREDIT_NOTE, VOID
from services.portal.rules.money import ZERO
from shared.web.paging import Page, paginate


@dataclass(frozen=True, kw_only=True)
class PaymentFilter:
    """What a list of payments is narrowed to; None and "" mean "any".

    text: the beginning of a receipt's number, the whole reference, or words of the party's name, its document or code.
    reversed: only those that were reversed, or only those that were not. Days are inclusive.
    """

    text: str = ""
    method: str = ""
    currency: str = ""
    received_from: date | None = None
    received_until: date | None = None
    reversed: bool | None = None
    party_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Applied:
    """What of a payment, or of a credit note, went to an invoice."""

    id: uuid.UUID
    amount: Decimal
    at: datetime
    invoice_id: uuid.UUID
    invoice_number: str
    concept: str
    """Of the invoice."""
    payment_id: uuid.UUID | None
    receipt_number: str | None
    method: str | None
    received_on: date | None
    credit_note_id: uuid.UUID | None
    credit_note_number: str | None


def find_payment(session: Session, payment_id: uuid.UUID) -> Payment | None:
    """A payment of anybody, with its party."""
    return session.scalar(_with_party().where(Payment.id == payment_id))


def find_own_payment(session: Session, party_id: uuid.UUID, payment_id: uuid.UUID) -> Payment | None:
    """A payment of this party, with the party."""
    return session.scalar(_with_party().where(Payment.id == payment_id, Payment.party_id == party_id))


def list_payments(
    session: Session, wanted: PaymentFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[Payment]:
    """Payments with their parties, the newest first; with `party_id` in the filter those of one. Raises BadCursor."""
    statement = _with_party().where(*_conditions(wanted))
    if text := wanted.text.strip():
        itself = or_(begins_with(Payment.receipt_number, text), Payment.reference == text)
        statement = statement.where(found_by(session, text, Payment, itself))
    return paginate(session, statement, [(Payment.id, True)], cursor=cursor, limit=limit)


def list_allocations(session: Session, invoice_id: uuid.UUID) -> list[Applied]:
    """By what an invoice was paid so far, the oldest first."""
    return _list_applied(session, Allocation.invoice_id == invoice_id)


def list_allocations_of_payment(session: Session, payment_id: uuid.UUID) -> list[Applied]:
    """What a payment paid, in the order in which it did."""
    return _list_applied(session, Allocation.payment_id == payment_id)


def list_allocations_of_payments(session: Session, payment_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Applied]]:
    """The same for a page of payments at once; each of them is in it."""
    found: dict[uuid.UUID, list[Applied]] = {payment_id: [] for payment_id in payment_ids}
    for applied in _list_applied(session, Allocation.payment_id.in_(payment_ids)):
        if applied.payment_id:
            found[applied.payment_id].append(applied)
    return found


def list_allocations_of_credit_note(session: Session, credit_note_id: uuid.UUID) -> list[Applied]:
    """For which invoices a credit note was used, the oldest first."""
    return _list_applied(session, Allocation.credit_note_id == credit_note_id)


def credit_of(session: Session, party_id: uuid.UUID) -> dict[str, Decimal]:
    """What a party may still use, per currency: of payments what pays no invoice, and of credit notes the rest."""
    credit: dict[str, Decimal] = {}
    payments = select(Payment.currency, func.sum(Payment.unapplied)).where(
        Payment.party_id == party_id, Payment.unapplied > 0
    )
    notes = select(Invoice.currency, func.sum(Invoice.balance)).where(
        Invoice.party_id == party_id, Invoice.kind == CREDIT_NOTE, Invoice.state != VOID, Invoice.balance > 0
    )
    for statement in (payments.group_by(Payment.currency), notes.group_by(Invoice.currency)):
        for currency, total in session.execute(statement):
            credit[currency] = credit.get(currency, ZERO) + total
    return credit


def _with_party() -> Select[Payment]:
    return select(Payment).options(joinedload(Payment.party, innerjoin=True))


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    equal = {"method": Payment.method, "currency": Payment.currency, "party_id": Payment.party_id}
    conditions: list[ColumnElement[bool]] = [
        column == value for name, column in equal.items() if (value := getattr(wanted, name))
    ]
    if wanted.received_from:
        conditions.append(Payment.received_on >= wanted.received_from)
    if wanted.received_until:
        conditions.append(Payment.received_on <= wanted.received_until)
    if wanted.reversed is not None:
        conditions.append(Payment.reversed_at.is_not(None) if wanted.reversed else Payment.reversed_at.is_(None))
    return conditions


def _list_applied(session: Session, *conditions: Any) -> list[Applied]:
    note = aliased(Invoice)
    statement = (
        select(
            Allocation.id,
            Allocation.amount,
            Allocation.at,
            Allocation.invoice_id,
            Invoice.number.label("invoice_number"),
            Invoice.concept,
            Allocation.payment_id,
            Payment.receipt_number,
            Payment.method,
            Payment.received_on,
            Allocation.credit_note_id,
            note.number.label("credit_note_number"),
        )
        .join(Invoice, Invoice.id == Allocation.invoice_id)
        .join(Payment, Payment.id == Allocation.payment_id, isouter=True)
        .join(note, note.id == Allocation.credit_note_id, isouter=True)
    )
    rows = session.execute(statement.where(*conditions).order_by(Allocation.id))
    return [Applied(**row._mapping) for row in rows]
