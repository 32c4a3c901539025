"""Invoices and money for tests, made as the portal makes them: by its own actions, never by rows written by hand."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from services.portal.actions.income import NewIncome, pay_out_income, publish_income, save_income
from services.portal.actions.invoicing import NewInvoice, issue_credit_note, issue_invoice, save_draft, void_invoice
from services.portal.actions.money import NewPayment, receive_payment, reverse_payment
from services.portal.models import IncomeStatement, Invoice, Payment
from services.portal.rules.income import IncomeLine
from services.portal.rules.invoices import Line, make_line
from shared import clock
from shared.db import Database

ZONE = "America/Bogota"


def today() -> date:
    """The day on which invoices are made here, in the zone that the settings have by default."""
    return clock.today(ZONE)


def new_invoice(
    party_id: uuid.UUID,
    amount: str | Decimal = "1000000",
    *,
    role: str = "tenant",
    currency: str = "COP",
    due_in: int = 5,
    issued: date | None = None,
    concept: str = "Canon de arrendamiento",
    lines: Sequence[Line] = (),
    **more: object,
) -> NewInvoice:
    """An invoice to be, of one line unless `lines` says otherwise. `due_in`: days from today; below zero: overdue."""
    issued_on = issued or today() + timedelta(days=min(due_in, 0))
    chosen = lines or [make_line(concept, Decimal(1), Decimal(amount))]
    return NewInvoice(
        party_id=party_id,
        role=role,
        currency=currency,
        lines=chosen,
        issued_on=issued_on,
        due_on=today() + timedelta(days=due_in),
        concept=concept,
        **more,  # type: ignore[arg-type]
    )


def issue(db: Database, party_id: uuid.UUID, amount: str | Decimal = "1000000", **more: object) -> Invoice:
    """An issued invoice; `more` as `new_invoice` takes it."""
    with db.write() as session:
        return issue_invoice(session, new_invoice(party_id, amount, **more))  # type: ignore[arg-type]


def draft(db: Database, party_id: uuid.UUID, amount: str | Decimal = "1000000", **more: object) -> Invoice:
    """A draft, which no client may see."""
    with db.write() as session:
        return save_draft(session, new_invoice(party_id, amount, **more))  # type: ignore[arg-type]


def pay(
    db: Database,
    party_id: uuid.UUID,
    amount: str | Decimal,
    *invoices: Invoice,
    method: str = "transfer",
    currency: str = "COP",
    on: date | None = None,
    reference: str = "",
) -> Payment:
    """Money received for these invoices, in this order; what is beyond them becomes credit."""
    with db.write() as session:
        new = NewPayment(
            party_id=party_id,
            currency=currency,
            amount=Decimal(amount),
            method=method,
            received_on=on or today(),
            wanted=[(one.id, one.total) for one in invoices],
            reference=reference,
        )
        return receive_payment(session, new)


def reverse(db: Database, payment: Payment, reason: str = "Cheque devuelto") -> Payment:
    """A payment that proved to be none."""
    with db.write() as session:
        return reverse_payment(session, payment.id, reason, today())


def void(db: Database, invoice: Invoice, reason: str = "Error en el valor") -> Invoice:
    """An invoice that counts no longer."""
    with db.write() as session:
        return void_invoice(session, invoice.id, reason, today())


def credit(db: Database, invoice: Invoice, amount: str | Decimal, reason: str = "Descuento acordado") -> Invoice:
    """A credit note over a part of an invoice, or all of it."""
    with db.write() as session:
        return issue_credit_note(session, invoice.id, Decimal(amount), reason, today())


def invoice_now(db: Database, invoice_id: uuid.UUID) -> Invoice:
    """An invoice as it stands now."""
    with db.read() as session:
        return session.get_one(Invoice, invoice_id)


def earn(
    db: Database,
    party_id: uuid.UUID,
    *amounts: str,
    currency: str = "COP",
    published: bool = True,
    paid_on: date | None = None,
    property_name: str = "Apartamento 301",
) -> IncomeStatement:
    """An owner's statement of income for the present month; what is taken off is negative (`"1000", "-80"`)."""
    lines = [
        IncomeLine(property_name, "Comisión del mes" if one.startswith("-") else "Canon del mes", Decimal(one))
        for one in amounts
    ]
    first = today().replace(day=1)
    new = NewIncome(party_id=party_id, currency=currency, period_from=first, period_until=today(), lines=lines)
    with db.write() as session:
        statement = save_income(session, new)
        if published:
            publish_income(session, statement.id)
        if paid_on:
            pay_out_income(session, statement.id, paid_on, "TRX-1")
        return statement
