"""The book of what each party owes, and what every movement of money has in common."""

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.parties import lock_parties
from services.portal.actions.refusals import InvoiceUnknown, PartyUnknown
from services.portal.actions.reminder_letters import correct_letters
from services.portal.models import Allocation, Invoice, LedgerEntry, Party, Payment
from services.portal.rules.invoices import CREDITED, INVOICE, ISSUED, PAID, PARTLY_PAID
from shared import clock
from shared.events.portal import InvoicePaid
from shared.outbox import publish


def lock_party(session: Session, party_id: uuid.UUID) -> Party:
    """One transaction at a time moves a party's money. Raises PartyUnknown."""
    found = lock_parties(session, [party_id])
    if not found:
        raise PartyUnknown
    return found[0]


def lock_owner(session: Session, invoice_id: uuid.UUID) -> tuple[Party, Invoice]:
    """Lock the party of an invoice; returns both as they are now. Raises InvoiceUnknown."""
    party_id = session.scalar(select(Invoice.party_id).where(Invoice.id == invoice_id))
    if party_id is None:
        raise InvoiceUnknown
    party = lock_party(session, party_id)
    return party, session.get_one(Invoice, invoice_id, populate_existing=True)


def book(
    session: Session,
    kind: str,
    amount: Decimal,
    booked_on: date,
    about: Invoice | Payment,
) -> None:
    """Write one movement; `amount` is positive where the party owes more."""
    invoice = about if isinstance(about, Invoice) else None
    payment = about if isinstance(about, Payment) else None
    session.add(
        LedgerEntry(
            party_id=about.party_id,
            currency=about.currency,
            booked_on=booked_on,
            at=clock.now(),
            kind=kind,
            amount=amount,
            reference=(about.number or "") if isinstance(about, Invoice) else about.receipt_number,
            text=about.concept,
            invoice_id=invoice.id if invoice else None,
            payment_id=payment.id if payment else None,
        )
    )
    session.flush()


def use(session: Session, amount: Decimal, invoice: Invoice, source: Payment | Invoice) -> None:
    """Let `amount` of a payment or a credit note pay for an invoice."""
    is_payment = isinstance(source, Payment)
    if isinstance(source, Payment):
        source.unapplied -= amount
    else:
        source.balance -= amount
        settle(session, source)
    invoice.balance -= amount
    session.add(
        Allocation(
            invoice_id=invoice.id,
            payment_id=source.id if is_payment else None,
            credit_note_id=None if is_payment else source.id,
            amount=amount,
            at=clock.now(),
        )
    )
    session.flush()
    settle(session, invoice)


def undo(session: Session, allocation: Allocation, invoice: Invoice) -> None:
    """Take back what went to an invoice: it is owed again, and free to be used elsewhere."""
    if allocation.payment_id:
        session.get_one(Payment, allocation.payment_id, populate_existing=True).unapplied += allocation.amount
    else:
        note = session.get_one(Invoice, allocation.credit_note_id, populate_existing=True)
        note.balance += allocation.amount
        settle(session, note)
    invoice.balance += allocation.amount
    session.delete(allocation)
    session.flush()
    settle(session, invoice)


def settle(session: Session, invoice: Invoice) -> None:
    """Bring the state into line with the balance, tell when an invoice is paid, and keep letters that wait true."""
    if invoice.balance:
        invoice.state = ISSUED if invoice.balance == invoice.total else PARTLY_PAID
        invoice.ended_at = None
    else:
        _end(session, invoice)
    if invoice.kind == INVOICE:
        correct_letters(session, invoice)


def _end(session: Session, invoice: Invoice) -> None:
    invoice.ended_at = clock.now()
    if invoice.kind != INVOICE:
        invoice.state = PAID
        return
    paid = select(Allocation.id).where(Allocation.invoice_id == invoice.id, Allocation.payment_id.is_not(None))
    invoice.state = PAID if session.scalar(paid.limit(1)) else CREDITED
    if invoice.state == PAID:
        publish(session, InvoicePaid(**common_facts(invoice)))


def common_facts(invoice: Invoice) -> dict[str, Any]:
    """What every event about an invoice says."""
    return {
        "invoice_id": invoice.id,
        "number": invoice.number or "",
        "party_id": invoice.party_id,
        "role": invoice.role,
        "currency": invoice.currency,
        "total": invoice.total,
        "at": clock.now(),
    }
