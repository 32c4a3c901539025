"""The agent's invoices: the list, one of them, and what it came to."""

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask import Blueprint, Response, abort, render_template, request, url_for
from flask_babel import gettext

from services.portal.clients.papers import invoice_pdf
from services.portal.models import Invoice, Series
from services.portal.pages.area import send_pdf, today_here
from services.portal.pages.fee_words import FEE_STATES, late_fees
from services.portal.pages.invoice_words import INVOICE_STATES, KIND_WORDS, ROLE_WORDS, invoice_state
from services.portal.pages.visitor import portal
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document
from services.portal.queries.invoices import (
    InvoiceFilter,
    find_invoice,
    list_credit_notes,
    list_invoices,
    open_totals,
)
from services.portal.queries.payments import Applied, list_allocations, list_allocations_of_credit_note
from services.portal.rules.files import FISCAL_XML
from services.portal.rules.invoices import (
    CREDIT_NOTE,
    CREDITED,
    DRAFT,
    INVOICE,
    OPEN_STATES,
    PAID,
    ROLES,
    SHOWN_STATES,
    VOID,
    Line,
    load_lines,
)
from services.portal.rules.money import CURRENCIES, money_text
from services.portal.rules.papers import sums_by_rate
from services.portal.schemas.charges import rate_text
from services.portal.schemas.fields import Wrong, day_of
from services.portal.schemas.papers import facts_of_stored, paper_of_invoice
from shared.i18n import language
from shared.web import BadCursor, current, staff_required

MOST_SUMMED = 1_000
"""Of a list with more open invoices the sum is not told: adding them up would take longer than showing the list."""

invoice_desk = Blueprint("invoice_desk", __name__, url_prefix="/backoffice/portal/invoices")


@dataclass(frozen=True)
class Happening:
    """One line of an invoice's story."""

    at: datetime
    text: str
    who: str = ""


@invoice_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The list with its filters."""
    wanted, day = asked_filter(), today_here()
    with current().db.read() as session:
        try:
            page = list_invoices(session, wanted, today=day, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_invoices(session, wanted, today=day)
        totals = open_totals(session, wanted, today=day, most=MOST_SUMMED) if page.items else {}
    return render_template(
        "portal/desk/invoices.html",
        page=page,
        totals=totals,
        filtered=wanted != InvoiceFilter(),
        wanted=wanted,
        today=day,
        invoice_state=invoice_state,
        states=[(name, INVOICE_STATES[name][0]) for name in SHOWN_STATES],
        kinds=KIND_WORDS,
        roles=ROLE_WORDS,
        currencies=[(name, name) for name in CURRENCIES],
    )


def asked_filter() -> InvoiceFilter:
    """The filter of the address; what it cannot mean is as if it were not there."""
    args = request.args
    days: dict[str, date] = {}
    for name in ("issued_from", "issued_until", "due_from", "due_until"):
        with suppress(Wrong):
            days[name] = day_of(args.get(name, ""))
    party_id = None
    with suppress(ValueError):
        party_id = uuid.UUID(args["party"]) if args.get("party") else None

    def one_of(name: str, known: Sequence[str]) -> str:
        return args.get(name, "") if args.get(name) in known else ""

    return InvoiceFilter(
        text=args.get("q", "").strip(),
        state=one_of("state", SHOWN_STATES),
        kind=one_of("kind", (INVOICE, CREDIT_NOTE)),
        role=one_of("role", ROLES),
        currency=one_of("currency", CURRENCIES),
        party_id=party_id,
        **days,
    )


@invoice_desk.get("/<uuid:invoice_id>")
@staff_required()
def show(invoice_id: uuid.UUID) -> str:
    """One invoice: its facts and lines, by what it was paid, and its story."""
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id) or abort(404)
        is_note = invoice.kind == CREDIT_NOTE
        applied = (list_allocations_of_credit_note if is_note else list_allocations)(session, invoice_id)
        notes = list_credit_notes(session, invoice_id)
        corrects = find_invoice(session, invoice.corrects_id) if invoice.corrects_id else None
        series = session.get(Series, invoice.series_id) if invoice.series_id else None
        late = late_fees(session, invoice)
    lines = load_lines(invoice.lines)
    return render_template(
        "portal/desk/invoice.html",
        invoice=invoice,
        state=invoice_state(invoice, today_here()),
        lines=lines,
        charges=charges_of_lines(lines),
        applied=applied,
        notes=notes,
        corrects=corrects,
        series=series,
        late=late,
        fee_states=FEE_STATES,
        story=_story(invoice, applied, notes),
        may=_allowed(invoice, notes),
        kind=KIND_WORDS[invoice.kind],
        role=ROLE_WORDS[invoice.role],
        rate_text=rate_text,
        invoice_state=invoice_state,
        today=today_here(),
    )


@invoice_desk.get("/<uuid:invoice_id>/pdf")
@staff_required()
def pdf(invoice_id: uuid.UUID) -> Response:
    """The invoice on paper, in the client's language."""
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id)
        if invoice is None or invoice.state == DRAFT:
            abort(404)
        corrects = find_invoice(session, invoice.corrects_id) if invoice.corrects_id else None
        xml = find_document(session, None, invoice_id, FISCAL_XML)
        agency = agency_of(session)
    fiscal = facts_of_stored(portal().files, xml)
    address = f"{current().settings.public_url}/customerarea/invoices/{invoice_id}"
    number = (corrects.number or "") if corrects else ""
    paper = paper_of_invoice(agency, invoice, invoice.party, invoice.party.language, address, fiscal, number)
    return send_pdf(invoice.number or "", invoice_pdf(paper))


def charges_of_lines(lines: Sequence[Line]) -> list[tuple[str, Decimal]]:
    """Taxes and withholdings of all lines, added up by name and rate; what is withheld is negative."""
    taxes = sums_by_rate(tax for line in lines for tax in line.taxes)
    withheld = sums_by_rate(tax for line in lines for tax in line.withholdings)
    added = [(f"{one.name} {rate_text(one.rate)}", one.amount) for one in taxes]
    return added + [(f"{one.name} {rate_text(one.rate)}", -one.amount) for one in withheld]


def _allowed(invoice: Invoice, notes: Sequence[Invoice]) -> set[str]:
    """What may be done with an invoice as it stands; who may do it is another question."""
    if invoice.kind == CREDIT_NOTE:
        return set()
    if invoice.state == DRAFT:
        return {"edit", "issue", "discard"}
    may = {"credit"} if invoice.state in (*OPEN_STATES, PAID, CREDITED) else set()
    if sum(note.total for note in notes) >= invoice.total:
        may.clear()
    return may | ({"void"} if invoice.state != VOID and not notes else set())


def _story(invoice: Invoice, applied: Sequence[Applied], notes: Sequence[Invoice]) -> list[Happening]:
    """What happened to an invoice, the oldest first."""

    def money(amount: Decimal) -> str:
        return money_text(amount, invoice.currency, language())

    story = [Happening(invoice.created_at, gettext("Written"), invoice.created_by)]
    if invoice.issued_at:
        story.append(Happening(invoice.issued_at, gettext("Issued with the number %(number)s", number=invoice.number)))
    for one in applied:
        if invoice.kind == CREDIT_NOTE:
            text = gettext("%(amount)s used for %(number)s", amount=money(one.amount), number=one.invoice_number)
        else:
            source = one.receipt_number or one.credit_note_number
            text = gettext("%(amount)s paid with %(number)s", amount=money(one.amount), number=source)
        story.append(Happening(one.at, text))
    for note in notes:
        told = {"number": note.number, "amount": money(note.total), "reason": note.reason}
        text = gettext("Credit note %(number)s of %(amount)s: %(reason)s", **told)
        story.append(Happening(note.issued_at or note.created_at, text, note.created_by))
    if invoice.ended_at:
        if invoice.state == VOID:
            story.append(Happening(invoice.ended_at, gettext("Voided: %(reason)s", reason=invoice.reason)))
        elif invoice.kind == INVOICE:
            story.append(Happening(invoice.ended_at, gettext("Nothing is left to be paid")))
    return sorted(story, key=lambda one: one.at)


def address_of(invoice: Invoice | uuid.UUID) -> str:
    """Where an invoice is shown."""
    return url_for("invoice_desk.show", invoice_id=invoice.id if isinstance(invoice, Invoice) else invoice)
