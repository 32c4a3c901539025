"""Money that comes in, is used for invoices, and sometimes proves to be none."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.ledger import book, lock_owner, lock_party, undo, use
from services.portal.actions.notices import News, tell
from services.portal.actions.numbering import take_number
from services.portal.actions.refusals import AlreadyReversed, InvoiceUnknown, NotOpen, PaymentUnknown, TooMuch
from services.portal.models import Allocation, Invoice, Party, Payment
from services.portal.rules.invoices import CREDIT_NOTE, INVOICE, OPEN_STATES
from services.portal.rules.money import LARGEST, ZERO, method_text, money_text
from services.portal.rules.notices import RECEIPT
from shared import clock
from shared.audit import current_actor, record_act
from shared.events.portal import AllocatedAmount, PaymentReceived, PaymentReversed
from shared.outbox import publish

RECEIPT_IS_NEWS = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class NewPayment:
    """Money received. `wanted`: which invoices it is for, in order, and how much at most goes to each."""

    party_id: uuid.UUID
    currency: str
    amount: Decimal
    method: str
    received_on: date
    wanted: Sequence[tuple[uuid.UUID, Decimal]] = ()
    reference: str = ""
    concept: str = ""
    intent_id: uuid.UUID | None = None
    report_id: uuid.UUID | None = None


def receive_payment(session: Session, new: NewPayment) -> Payment:
    """Record money and its receipt. What fits no open invoice of the party stays unapplied: it is their credit.

    Never refuses for the sake of an invoice: the money is there. Raises PartyUnknown, SeriesExhausted, TooMuch (not a
    sum that can be).
    """
    if not 0 < new.amount <= LARGEST:
        raise TooMuch
    party = lock_party(session, new.party_id)
    _, number = take_number(session, "receipt")
    amount = new.amount + ZERO  # with its cents, as events and answers have it
    payment = Payment(
        receipt_number=number,
        party_id=party.id,
        payer_name=party.name,
        payer_document=f"{party.document_type} {party.document_number}",
        currency=new.currency,
        amount=amount,
        unapplied=amount,
        method=new.method,
        reference=new.reference,
        concept=new.concept,
        received_on=new.received_on,
        created_at=clock.now(),
        created_by=current_actor().name,
        intent_id=new.intent_id,
        report_id=new.report_id,
    )
    session.add(payment)
    session.flush()
    allocated = list(_spend(session, payment, new.wanted))
    payment.concept = payment.concept or ", ".join(one.number for one in allocated)[:300]
    book(session, "payment", -payment.amount, payment.received_on, payment)
    publish(session, _received(payment, allocated))
    _record(session, "payment.recorded", payment)
    _send_receipt(session, party, payment)
    return payment


def apply_credit(session: Session, party_id: uuid.UUID, invoice_id: uuid.UUID) -> Decimal:
    """Use the party's credit for one of its invoices, the oldest money first; returns how much was used.

    Raises InvoiceUnknown, NotOpen.
    """
    _, invoice = lock_owner(session, invoice_id)
    if invoice.party_id != party_id:
        raise InvoiceUnknown
    if invoice.kind != INVOICE or invoice.state not in OPEN_STATES:
        raise NotOpen
    before = invoice.balance
    for source in _credit_sources(session, party_id, invoice.currency):
        if not invoice.balance:
            break
        free = source.unapplied if isinstance(source, Payment) else source.balance
        use(session, min(free, invoice.balance), invoice, source)
    used = before - invoice.balance
    if used:
        record_act(
            session,
            "portal",
            "credit.applied",
            party_id=party_id,
            subject="invoice",
            subject_id=invoice_id,
            details={"number": invoice.number or "", "amount": f"{used} {invoice.currency}"},
        )
    return used


def reverse_payment(session: Session, payment_id: uuid.UUID, reason: str, today: date) -> Payment:
    """A payment proved to be none (a cheque came back): what it had paid is owed again. The receipt stays, marked.

    Raises PaymentUnknown, AlreadyReversed.
    """
    party_id = session.scalar(select(Payment.party_id).where(Payment.id == payment_id))
    if party_id is None:
        raise PaymentUnknown
    lock_party(session, party_id)
    payment = session.get_one(Payment, payment_id, populate_existing=True)
    if payment.reversed_at:
        raise AlreadyReversed
    for allocation in session.scalars(select(Allocation).where(Allocation.payment_id == payment_id)).all():
        undo(session, allocation, session.get_one(Invoice, allocation.invoice_id, populate_existing=True))
    payment.unapplied = Decimal(0)
    payment.reversed_at, payment.reversed_by, payment.reversal_reason = clock.now(), current_actor().name, reason
    book(session, "reversal", payment.amount, today, payment)
    publish(
        session,
        PaymentReversed(
            payment_id=payment.id,
            receipt_number=payment.receipt_number,
            party_id=party_id,
            currency=payment.currency,
            amount=payment.amount,
            reason=reason,
            at=clock.now(),
        ),
    )
    _record(session, "payment.reversed", payment, reason)
    return payment


def _spend(session: Session, payment: Payment, wanted: Sequence[tuple[uuid.UUID, Decimal]]) -> list[AllocatedAmount]:
    mine = (Invoice.party_id == payment.party_id, Invoice.currency == payment.currency, Invoice.kind == INVOICE)
    ids = {invoice_id for invoice_id, _ in wanted}
    wanted_ones = select(Invoice).where(Invoice.id.in_(ids), *mine)
    # As they are now that nobody else moves this party's money, whatever the session read before.
    found = {one.id: one for one in session.scalars(wanted_ones, execution_options={"populate_existing": True})}
    spent = []
    for invoice_id, most in wanted:
        invoice = found.get(invoice_id)
        if invoice is None or invoice.state not in OPEN_STATES:
            continue
        amount = min(most, invoice.balance, payment.unapplied) + ZERO
        if amount > 0:
            use(session, amount, invoice, payment)
            spent.append(AllocatedAmount(invoice_id=invoice.id, number=invoice.number or "", amount=amount))
    return spent


def _credit_sources(session: Session, party_id: uuid.UUID, currency: str) -> list[Payment | Invoice]:
    payments = select(Payment).where(Payment.party_id == party_id, Payment.currency == currency, Payment.unapplied > 0)
    notes = select(Invoice).where(
        Invoice.party_id == party_id,
        Invoice.currency == currency,
        Invoice.kind == CREDIT_NOTE,
        Invoice.state.in_(OPEN_STATES),
    )
    fresh = {"populate_existing": True}
    found: list[Payment | Invoice] = [*session.scalars(payments, execution_options=fresh)]
    found += session.scalars(notes, execution_options=fresh)
    return sorted(found, key=lambda source: source.id)


def _received(payment: Payment, allocated: list[AllocatedAmount]) -> PaymentReceived:
    return PaymentReceived(
        payment_id=payment.id,
        receipt_number=payment.receipt_number,
        party_id=payment.party_id,
        currency=payment.currency,
        amount=payment.amount,
        unapplied=payment.unapplied,
        method=payment.method,
        reference=payment.reference,
        received_on=payment.received_on,
        at=clock.now(),
        allocated=allocated,
    )


def _send_receipt(session: Session, party: Party, payment: Payment) -> None:
    def values(language: str) -> dict[str, str]:
        return {
            "number": payment.receipt_number,
            "amount": money_text(payment.amount, payment.currency, language),
            "method": method_text(payment.method, language),
            "concept": payment.concept,
        }

    news = News(
        kind=RECEIPT,
        party_id=party.id,
        about=payment.id,
        path=f"/customerarea/receipts/{payment.id}",
        label=payment.receipt_number,
        values_in=values,
        until=clock.now() + RECEIPT_IS_NEWS,
    )
    tell(session, party, news)


def _record(session: Session, act: str, payment: Payment, reason: str = "") -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=payment.party_id,
        subject="payment",
        subject_id=payment.id,
        details={"number": payment.receipt_number, "amount": f"{payment.amount} {payment.currency}"}
        | ({"reason": reason} if reason else {}),
    )
