"""A client's invoices: the list with its filters, one of them, and their papers."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext

from services.portal.clients.papers import Entry, invoice_pdf, zip_stream
from services.portal.models import Agency, Invoice, StoredFile
from services.portal.pages.area import paper_name, period_text, send_pdf, today_here
from services.portal.pages.fee_words import fee_facts, late_fees
from services.portal.pages.files import send_file_safely
from services.portal.pages.invoice_words import invoice_state
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document, fiscal_files_of
from services.portal.queries.invoices import (
    OPEN,
    SETTLED,
    find_own_invoice,
    find_own_invoices,
    list_credit_notes,
    list_own_invoice_ids,
    list_own_invoices,
)
from services.portal.queries.payments import list_allocations, list_allocations_of_credit_note
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML
from services.portal.rules.invoices import CREDIT_NOTE, OPEN_STATES, OVERDUE, ROLES, load_lines
from services.portal.rules.money import ZERO
from services.portal.rules.papers import sums_by_rate
from services.portal.rules.parties import profile_of
from services.portal.schemas.papers import facts_of_stored, paper_of_invoice
from shared.i18n import language
from shared.web import Problem, current

STATES = (OPEN, OVERDUE, SETTLED)
MOST_IN_ZIP = 500

invoices = Blueprint("invoices", __name__, url_prefix=f"{AREA}/invoices")


@dataclass(frozen=True)
class Wanted:
    """The filter of the address; what it cannot mean is as if it were not there."""

    role: str
    state: str
    text: str

    @classmethod
    def of_request(cls) -> "Wanted":
        """What the present address asks for."""
        role, state = request.args.get("role", ""), request.args.get("state", "")
        return cls(role if role in ROLES else "", state if state in STATES else "", request.args.get("q", "").strip())

    def as_arguments(self) -> dict[str, str]:
        """For the queries."""
        return {"role": self.role, "state": self.state, "text": self.text}


@invoices.get("")
@client_required
def index(visitor: Visitor) -> str:
    """The list, the newest first."""
    wanted, today = Wanted.of_request(), today_here()
    with current().db.read() as session:
        page = list_own_invoices(
            session,
            visitor.party.id,
            today=today,
            cursor=request.args.get("cursor"),
            limit=20,
            **wanted.as_arguments(),
        )
    return render_template(
        "portal/area/invoices.html",
        page=page,
        wanted=wanted,
        today=today,
        profile=profile_of(visitor.party.classes),
        invoice_state=invoice_state,
        most_in_zip=MOST_IN_ZIP,
    )


@invoices.get("/<uuid:invoice_id>")
@client_required
def show(visitor: Visitor, invoice_id: uuid.UUID) -> str:
    """One invoice: what it is for, what of it is paid, and how to pay the rest."""
    with current().db.read() as session:
        invoice = find_own_invoice(session, visitor.party.id, invoice_id) or abort(404)
        is_note = invoice.kind == CREDIT_NOTE
        applied = (list_allocations_of_credit_note if is_note else list_allocations)(session, invoice_id)
        notes = [] if is_note else list_credit_notes(session, invoice_id)
        corrected = find_own_invoice(session, visitor.party.id, invoice.corrects_id) if invoice.corrects_id else None
        fiscal = fiscal_files_of(session, visitor.party.id, [invoice_id]).get(invoice_id, {})
        bank_details = agency_of(session).bank_details
        late = late_fees(session, invoice)
    lines = load_lines(invoice.lines)
    # Who may not see receipts is told the sum of them: the balance says as much.
    paid = [one for one in applied if visitor.may("receipts.show") or not one.payment_id]
    return render_template(
        "portal/area/invoice.html",
        invoice=invoice,
        is_note=is_note,
        is_open=invoice.state in OPEN_STATES and not is_note,
        lines=lines,
        taxes=sums_by_rate(tax for line in lines for tax in line.taxes),
        withholdings=sums_by_rate(tax for line in lines for tax in line.withholdings),
        paid=paid,
        received=sum((one.amount for one in applied if one not in paid), ZERO),
        notes=notes,
        corrected=corrected,
        fiscal=fiscal,
        bank_details=bank_details,
        today=today_here(),
        late=late,
        fee_facts=fee_facts,
        invoice_state=invoice_state,
        period_text=period_text,
    )


@invoices.get("/<uuid:invoice_id>/pdf")
@client_required
def pdf(visitor: Visitor, invoice_id: uuid.UUID) -> Response:
    """The invoice on paper."""
    with current().db.read() as session:
        invoice = find_own_invoice(session, visitor.party.id, invoice_id) or abort(404)
        corrects = find_own_invoice(session, visitor.party.id, invoice.corrects_id) if invoice.corrects_id else None
        agency = agency_of(session)
        xml = find_document(session, visitor.party.id, invoice_id, FISCAL_XML)
    return send_pdf(invoice.number or "", _paper(agency, invoice, corrects.number or "" if corrects else "", xml))


def _paper(agency: Agency, invoice: Invoice, corrects_number: str, xml: StoredFile | None) -> bytes:
    address = f"{current().settings.public_url}{url_for('invoices.show', invoice_id=invoice.id)}"
    fiscal = facts_of_stored(portal().files, xml)
    made = paper_of_invoice(agency, invoice, invoice.party, language(), address, fiscal, corrects_number)
    return invoice_pdf(made)


@invoices.get("/<uuid:invoice_id>/xml", defaults={"purpose": FISCAL_XML})
@invoices.get("/<uuid:invoice_id>/fiscal", defaults={"purpose": FISCAL_PDF})
@client_required
def document(visitor: Visitor, invoice_id: uuid.UUID, purpose: str) -> Response:
    """The fiscal document of an invoice, where there is one."""
    with current().db.read() as session:
        find_own_invoice(session, visitor.party.id, invoice_id) or abort(404)
        stored = find_document(session, visitor.party.id, invoice_id, purpose)
    return send_file_safely(stored or abort(404))


@invoices.get("/zip")
@client_required
def archive(visitor: Visitor) -> Any:
    """The papers and fiscal documents of the ticked invoices, or of all that the filter finds, in one ZIP."""
    wanted = Wanted.of_request()
    ids = _ticked(visitor.party.id) or _filtered(visitor.party.id, wanted)
    if not ids:
        return redirect(url_for("invoices.index", role=wanted.role, state=wanted.state, q=wanted.text), 303)
    if len(ids) > MOST_IN_ZIP:
        text = gettext("One ZIP takes %(most)s invoices at most. Narrow the list down first.", most=MOST_IN_ZIP)
        raise Problem(422, text)
    pieces = zip_stream(_entries(visitor.party.id, ids))
    # The first piece is made before the answer begins: what fails at once is still answered with a page.
    response = Response(stream_with_context(chain([next(pieces)], pieces)), content_type="application/zip")
    name = gettext("invoices")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{today_here().isoformat()}.zip")
    return response


def _ticked(party_id: uuid.UUID) -> Sequence[uuid.UUID]:
    """Those that the address names. What is not this party's is not there at all."""
    try:
        wanted = {uuid.UUID(text) for text in request.args.getlist("invoice")}
    except ValueError:
        abort(404)
    if not 0 < len(wanted) <= MOST_IN_ZIP:
        return list(wanted)
    with current().db.read() as session:
        found = [invoice.id for invoice in find_own_invoices(session, party_id, wanted)]
    return found if len(found) == len(wanted) else abort(404)


def _filtered(party_id: uuid.UUID, wanted: Wanted) -> Sequence[uuid.UUID]:
    found = wanted.as_arguments()
    with current().db.read() as session:
        return list_own_invoice_ids(session, party_id, today=today_here(), limit=MOST_IN_ZIP + 1, **found)


def _entries(party_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> Iterator[Entry]:
    """What goes into a ZIP. No transaction is open while the papers are made, one at a time."""
    with current().db.read() as session:
        agency, found = agency_of(session), find_own_invoices(session, party_id, ids)
        fiscal = fiscal_files_of(session, party_id, ids)
        corrected = {one.corrects_id for one in found if one.corrects_id}
        numbers = {one.id: one.number or "" for one in find_own_invoices(session, party_id, corrected)}
    for invoice in found:
        number = numbers.get(invoice.corrects_id, "") if invoice.corrects_id else ""
        files = fiscal.get(invoice.id, {})
        yield _paper_entry(agency, invoice, number, files.get(FISCAL_XML))
        yield from map(_file_entry, files.values())


def _paper_entry(agency: Agency, invoice: Invoice, corrects_number: str, xml: StoredFile | None) -> Entry:
    return paper_name(invoice.number or ""), lambda: _paper(agency, invoice, corrects_number, xml)


def _file_entry(stored: StoredFile) -> Entry:
    def content() -> bytes:
        with portal().files.open(stored.id) as file:
            return file.read()

    return stored.name, content
