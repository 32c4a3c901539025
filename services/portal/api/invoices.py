"""`/api/portal/v1/invoices`: invoices of other systems come in, and all invoices can be read."""

import uuid
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.portal.actions.invoicing import (
    NewInvoice,
    issue_credit_note,
    issue_draft,
    issue_invoice,
    save_draft,
    void_invoice,
)
from services.portal.actions.parties import lock_parties
from services.portal.actions.refusals import InvoiceUnknown
from services.portal.models import Invoice
from services.portal.queries.agency import agency_of
from services.portal.queries.fees import list_fees_of
from services.portal.queries.invoices import (
    InvoiceFilter,
    creditable,
    find_external_invoice,
    find_invoice,
    list_invoices,
)
from services.portal.queries.payments import list_allocations, list_allocations_of_credit_note
from services.portal.rules.invoices import CREDIT_NOTE
from services.portal.schemas.invoices import (
    CreditNoteIn,
    InvoiceDetail,
    InvoiceIn,
    InvoiceOut,
    InvoiceQuery,
    VoidIn,
    invoice_view,
    new_invoice,
)
from services.portal.schemas.parties import party_for_rest
from shared import clock
from shared.web import Problem, answer_page, current, idempotent, page_schema, require_scope
from shared.web.paging import Page
from shared.web.tokens import current_client

invoices = Blueprint("invoices_api", __name__, url_prefix="/invoices", description="Invoices and credit notes")
CONFLICT = "Its number is taken, or it was sent before and said something else"
STATE = "It is in a state in which this cannot be done"


@invoices.post("")
@require_scope("invoices:write")
@idempotent
@invoices.arguments(InvoiceIn)
@invoices.response(201, InvoiceDetail)
@invoices.alt_response(409, description=CONFLICT)
def create(session: Session, body: dict[str, Any]) -> Any:
    """Issue an invoice, or keep a draft. The same `external_id` again gives the same invoice again."""
    today = clock.today(current().settings.timezone)
    party = party_for_rest(session, body)
    currency = agency_of(session).currency
    new = new_invoice(body, party.id, currency=currency, today=today, source=_source())
    invoice = _keep_draft(session, new) if body["draft"] else issue_invoice(session, new)
    return _shown(session, invoice.id), 201, {"Location": url_for("invoices_api.show", invoice_id=invoice.id)}


@invoices.get("")
@require_scope("invoices:read")
@invoices.arguments(InvoiceQuery, location="query")
@invoices.response(200, page_schema(InvoiceOut))
def index(query: dict[str, Any]) -> Any:
    """List invoices and credit notes, also drafts, the newest first."""
    cursor, limit, text = query.pop("cursor"), query.pop("limit"), query.pop("q", "")
    today = clock.today(current().settings.timezone)
    with current().db.read() as session:
        page = list_invoices(session, InvoiceFilter(text=text, **query), today=today, cursor=cursor, limit=limit)
    return answer_page(Page([invoice_view(invoice, today) for invoice in page.items], page.next))


@invoices.get("/<uuid:invoice_id>")
@require_scope("invoices:read")
@invoices.response(200, InvoiceDetail)
def show(invoice_id: uuid.UUID) -> Any:
    """One invoice or credit note, with what paid for it."""
    with current().db.read() as session:
        return _shown(session, invoice_id)


@invoices.post("/<uuid:invoice_id>/issue")
@require_scope("invoices:write")
@idempotent
@invoices.response(200, InvoiceDetail)
@invoices.alt_response(409, description=STATE)
def issue(session: Session, invoice_id: uuid.UUID) -> Any:
    """Give a draft its number: from now on it is owed."""
    return _shown(session, issue_draft(session, invoice_id).id)


@invoices.post("/<uuid:invoice_id>/void")
@require_scope("invoices:write")
@idempotent
@invoices.arguments(VoidIn)
@invoices.response(200, InvoiceDetail)
@invoices.alt_response(409, description=STATE)
def void(session: Session, body: dict[str, Any], invoice_id: uuid.UUID) -> Any:
    """Void an issued invoice: it keeps its number and counts no longer; what was paid for it becomes credit."""
    today = clock.today(current().settings.timezone)
    return _shown(session, void_invoice(session, invoice_id, body["reason"], today).id)


@invoices.post("/<uuid:invoice_id>/credit-notes")
@require_scope("invoices:write")
@idempotent
@invoices.arguments(CreditNoteIn)
@invoices.response(201, InvoiceDetail)
@invoices.alt_response(409, description=STATE)
def credit(session: Session, body: dict[str, Any], invoice_id: uuid.UUID) -> Any:
    """Take something away from an invoice. What it does not owe any more becomes the party's credit."""
    today = clock.today(current().settings.timezone)
    amount = body["amount"] if "amount" in body else creditable(session, invoice_id)
    note = issue_credit_note(session, invoice_id, amount, body["reason"], today)
    return _shown(session, note.id), 201, {"Location": url_for("invoices_api.show", invoice_id=note.id)}


def _keep_draft(session: Session, new: NewInvoice) -> Invoice:
    if new.number is not None:
        errors = [{"field": "number", "message": gettext("A draft has no number: it gets one when it is issued.")}]
        raise Problem(422, errors=errors)
    lock_parties(session, [new.party_id])  # the same draft twice at once: the second one finds the first
    known = find_external_invoice(session, new.source or "", new.external_id or "")
    return known or save_draft(session, new)


def _shown(session: Session, invoice_id: uuid.UUID) -> dict[str, Any]:
    invoice = find_invoice(session, invoice_id)
    if invoice is None:
        raise InvoiceUnknown
    listing = list_allocations_of_credit_note if invoice.kind == CREDIT_NOTE else list_allocations
    fees = [one.fee for one in list_fees_of(session, invoice_id)]
    return invoice_view(invoice, clock.today(current().settings.timezone), listing(session, invoice_id), fees)


def _source() -> str:
    """Ids of other systems count within the system that sent them."""
    client = current_client()
    return f"rest:{client.id}" if client else "rest"
