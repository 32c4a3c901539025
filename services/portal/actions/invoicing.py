"""The life of invoices: drafted, issued, corrected, voided."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.portal.actions.announcing import announce_invoice
from services.portal.actions.fee_lines import add_pending_fees, charge_on, release_fees
from services.portal.actions.ledger import book, common_facts, lock_owner, lock_party, undo, use
from services.portal.actions.numbering import take_number
from services.portal.actions.refusals import (
    DiffersFromBefore,
    HasCreditNote,
    NotADraft,
    NothingToPay,
    NotOpen,
    NumberTaken,
    TooMuch,
)
from services.portal.actions.reminder_letters import VOIDED, take_letters_back
from services.portal.models import Allocation, Invoice
from services.portal.rules.invoices import (
    CREDIT_NOTE,
    CREDITED,
    DRAFT,
    INVOICE,
    ISSUED,
    OPEN_STATES,
    PAID,
    VOID,
    Line,
    dump_lines,
    load_lines,
    make_line,
    totals_of,
)
from services.portal.rules.money import LARGEST
from shared import clock
from shared.audit import current_actor, record_act
from shared.events.portal import CreditNoteIssued, InvoiceIssued, InvoiceVoided
from shared.outbox import publish


@dataclass(frozen=True, kw_only=True)
class NewInvoice:
    """An invoice to be. Without `number` it gets the next one of its series; what it is for is said by `lines`."""

    party_id: uuid.UUID
    role: str
    currency: str
    lines: Sequence[Line]
    issued_on: date
    due_on: date
    concept: str = ""
    property_name: str = ""
    period: str = ""
    notes: str = ""
    number: str | None = None
    series_id: uuid.UUID | None = None
    source: str | None = None
    external_id: str | None = None
    is_late_fee: bool = False
    adds_fees: bool = True
    """Whether late fees that wait for the next invoice may come on this one; what others sent keeps its total."""


def save_draft(session: Session, new: NewInvoice, invoice_id: uuid.UUID | None = None) -> Invoice:
    """Keep an invoice that is not issued yet; with an id, change that draft.

    Raises PartyUnknown, InvoiceUnknown, NotADraft, TooMuch (a sum beyond all bounds).
    """
    lock_party(session, new.party_id)
    if invoice_id is None:
        invoice = _prepare(Invoice(), new)
        session.add(invoice)
    else:
        invoice = _prepare(_find_draft(session, invoice_id), new)
    session.flush()
    _record(session, "invoice.drafted", invoice)
    return invoice


def discard_draft(session: Session, invoice_id: uuid.UUID) -> None:
    """Delete a draft: it never had a number. Raises InvoiceUnknown, NotADraft."""
    session.delete(_find_draft(session, invoice_id))


def issue_draft(session: Session, invoice_id: uuid.UUID) -> Invoice:
    """Give a draft its number: from now on it is owed.

    Raises InvoiceUnknown, NotADraft, NothingToPay, NumberTaken, SeriesExhausted.
    """
    invoice = _find_draft(session, invoice_id)
    _issue(session, invoice, None)
    return invoice


def issue_invoice(session: Session, new: NewInvoice) -> Invoice:
    """Issue an invoice at once; the same `source` and `external_id` again give the same invoice again.

    Raises PartyUnknown, NothingToPay, NumberTaken, SeriesExhausted, TooMuch, DiffersFromBefore.
    """
    lock_party(session, new.party_id)
    if new.external_id is not None:
        known = session.scalar(
            select(Invoice).where(Invoice.source == new.source, Invoice.external_id == new.external_id)
        )
        if known:
            return _same(known, new)
    invoice = _prepare(Invoice(), new)
    _issue(session, invoice, new.number, adds_fees=new.adds_fees)
    return invoice


def void_invoice(session: Session, invoice_id: uuid.UUID, reason: str, today: date) -> Invoice:
    """An invoice counts no longer; what was paid for it becomes the party's credit. It keeps its number.

    Raises InvoiceUnknown, NotOpen (a draft, a credit note, void already), HasCreditNote.
    """
    _, invoice = lock_owner(session, invoice_id)
    if invoice.kind != INVOICE or invoice.state in (DRAFT, VOID):
        raise NotOpen
    if session.scalar(select(Invoice.id).where(Invoice.corrects_id == invoice_id).limit(1)):
        raise HasCreditNote
    take_letters_back(session, invoice_id, VOIDED)
    for allocation in session.scalars(select(Allocation).where(Allocation.invoice_id == invoice_id)).all():
        undo(session, allocation, invoice)
    book(session, "void", -invoice.total, today, invoice)
    invoice.state, invoice.balance, invoice.reason, invoice.ended_at = VOID, Decimal(0), reason, clock.now()
    publish(session, InvoiceVoided(**common_facts(invoice), reason=reason))
    _record(session, "invoice.voided", invoice, reason)
    release_fees(session, invoice, reason)
    return invoice


def issue_credit_note(
    session: Session, invoice_id: uuid.UUID, amount: Decimal, reason: str, today: date, lines: Sequence[Line] = ()
) -> Invoice:
    """Take something away from an invoice. What it does not owe any more becomes the party's credit.

    A note over the whole invoice repeats its lines; for a part, `lines` says which, otherwise it is one line with the
    reason. Raises InvoiceUnknown, NotOpen, TooMuch (more than the invoice less its other notes), NothingToPay,
    SeriesExhausted.
    """
    _, invoice = lock_owner(session, invoice_id)
    if invoice.kind != INVOICE or invoice.state not in (*OPEN_STATES, PAID, CREDITED):
        raise NotOpen
    former = session.scalar(select(func.sum(Invoice.total)).where(Invoice.corrects_id == invoice_id)) or Decimal(0)
    if amount > invoice.total - former:
        raise TooMuch
    if not lines:
        lines = load_lines(invoice.lines) if amount == invoice.total else [make_line(reason, Decimal(1), amount)]
    note = _prepare(
        Invoice(kind=CREDIT_NOTE, corrects_id=invoice_id, reason=reason),
        NewInvoice(
            party_id=invoice.party_id,
            role=invoice.role,
            currency=invoice.currency,
            lines=lines,
            issued_on=today,
            due_on=today,
            concept=reason,
            property_name=invoice.property_name,
            period=invoice.period,
        ),
    )
    if note.total != amount:
        raise TooMuch
    _issue(session, note, None)
    if usable := min(invoice.balance, amount):
        use(session, usable, invoice, note)
    return note


def _find_draft(session: Session, invoice_id: uuid.UUID) -> Invoice:
    _, invoice = lock_owner(session, invoice_id)
    if invoice.state != DRAFT:
        raise NotADraft
    return invoice


def _prepare(invoice: Invoice, new: NewInvoice) -> Invoice:
    totals = totals_of(new.lines)
    if max(map(abs, (totals.subtotal, totals.tax_total, totals.withholding_total, totals.total))) > LARGEST:
        raise TooMuch
    invoice.kind = invoice.kind or INVOICE
    invoice.state, invoice.party_id, invoice.role, invoice.currency = DRAFT, new.party_id, new.role, new.currency
    invoice.lines = dump_lines(new.lines)
    invoice.subtotal, invoice.tax_total = totals.subtotal, totals.tax_total
    invoice.withholding_total, invoice.total = totals.withholding_total, totals.total
    invoice.balance = totals.total
    invoice.issued_on, invoice.due_on, invoice.series_id = new.issued_on, new.due_on, new.series_id
    invoice.concept, invoice.property_name, invoice.period = new.concept, new.property_name, new.period
    invoice.notes, invoice.source, invoice.external_id = new.notes, new.source, new.external_id
    invoice.created_at, invoice.created_by = clock.now(), current_actor().name
    invoice.is_late_fee = new.is_late_fee
    return invoice


def _issue(session: Session, invoice: Invoice, number: str | None, *, adds_fees: bool = True) -> None:
    if invoice.total <= 0:
        raise NothingToPay
    fees = add_pending_fees(session, invoice) if adds_fees and number is None else []
    if invoice.total > LARGEST:
        raise TooMuch
    if number is None:
        invoice.series_id, number = _take_free_number(session, invoice)
    elif _is_taken(session, number):
        raise NumberTaken
    _give_number(session, invoice, number)
    owes = invoice.total if invoice.kind == INVOICE else -invoice.total
    book(session, invoice.kind, owes, invoice.issued_on or clock.now().date(), invoice)
    facts = common_facts(invoice)
    if invoice.corrects_id is None:
        facts |= {"issued_on": invoice.issued_on, "due_on": invoice.due_on, "concept": invoice.concept}
        publish(session, InvoiceIssued(**facts, external_id=invoice.external_id))
        _record(session, "invoice.issued", invoice)
        charge_on(session, fees, invoice)
        announce_invoice(session, invoice)
    else:
        publish(session, CreditNoteIssued(**facts, corrects_id=invoice.corrects_id, reason=invoice.reason))
        _record(session, "credit_note.issued", invoice, invoice.reason)


def _take_free_number(session: Session, invoice: Invoice) -> tuple[uuid.UUID, str]:
    """The next number of the series that nobody has: an invoice from outside may have come with one of its numbers."""
    while True:
        series_id, number = take_number(session, invoice.kind, invoice.series_id)
        if not _is_taken(session, number):
            return series_id, number


def _is_taken(session: Session, number: str) -> bool:
    return session.scalar(select(Invoice.id).where(Invoice.number == number)) is not None


def _give_number(session: Session, invoice: Invoice, number: str) -> None:
    """Store it as issued. Another party's invoice may take the number, or the external id, at this very moment."""
    try:
        with session.begin_nested():
            invoice.number, invoice.state, invoice.issued_at = number, ISSUED, clock.now()
            session.add(invoice)
            session.flush()
    except IntegrityError:
        raise (NumberTaken if _is_taken(session, number) else DiffersFromBefore) from None


def _same(known: Invoice, new: NewInvoice) -> Invoice:
    said_before = known.party_id, known.role, known.currency, known.due_on, known.lines
    said_now = new.party_id, new.role, new.currency, new.due_on, dump_lines(new.lines)
    if known.state == DRAFT or said_before != said_now or new.number not in (None, known.number):
        raise DiffersFromBefore
    return known


def _record(session: Session, act: str, invoice: Invoice, reason: str = "") -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=invoice.party_id,
        subject="invoice",
        subject_id=invoice.id,
        details={"number": invoice.number or "", "total": f"{invoice.total} {invoice.currency}"}
        | ({"reason": reason} if reason else {}),
    )
