"""The agent's list of invoices as a table to download: exactly what is filtered, all pages of it."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

from flask import Blueprint
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.portal.models import Invoice
from services.portal.pages.area import today_here
from services.portal.pages.invoice_desk import asked_filter
from services.portal.pages.invoice_words import KIND_WORDS, ROLE_WORDS, invoice_state
from services.portal.queries.invoices import InvoiceFilter, list_invoices
from shared.audit import record_act
from shared.db import Database
from shared.web import current, staff_required
from shared.web.exports import Row, stream_table

CHUNK = 1000

invoice_exports = Blueprint("invoice_exports", __name__, url_prefix="/backoffice/portal/invoices")


@invoice_exports.get("/export.<any(csv, xlsx):kind>")
@staff_required()
def table(kind: str) -> Response:
    """Exactly the invoices that the list with the same address shows."""
    wanted, day, db = asked_filter(), today_here(), current().db
    picked = {name: value for name, value in asdict(wanted).items() if value not in ("", None)}
    with db.write() as session:
        # Before the first of them leaves: whoever breaks the download off has some of them all the same.
        record_act(session, "portal", "invoices.exported", subject="invoices", details={"format": kind, **picked})
    return stream_table(kind, gettext("invoices"), _header(), _rows(db, wanted, day))


def _header() -> list[str]:
    return [
        gettext("Document"),
        gettext("Number"),
        gettext("State"),
        gettext("Kind of invoice"),
        gettext("Client"),
        gettext("Document type"),
        gettext("Document number"),
        gettext("Client code"),
        gettext("Concept"),
        gettext("Property"),
        gettext("Month it is for"),
        gettext("Issue date"),
        gettext("Due date"),
        gettext("Currency"),
        gettext("Subtotal"),
        gettext("Taxes"),
        gettext("Withholdings"),
        gettext("Total"),
        gettext("To be paid"),
        gettext("Id in the other system"),
    ]


def _rows(db: Database, wanted: InvoiceFilter, day: date) -> Iterator[Row]:
    """Each chunk is a short transaction of its own, so that a slow reader holds nothing back."""
    cursor = None
    while True:
        with db.read() as session:
            page = list_invoices(session, wanted, today=day, cursor=cursor, limit=CHUNK)
            rows = [_row(invoice, day) for invoice in page.items]
        yield from rows
        if page.next is None:
            return
        cursor = page.next


def _row(invoice: Invoice, day: date) -> Row:
    return [
        str(KIND_WORDS[invoice.kind]),
        invoice.number or "",
        str(invoice_state(invoice, day)[0]),
        str(ROLE_WORDS[invoice.role]),
        invoice.party.name,
        invoice.party.document_type,
        invoice.party.document_number,
        invoice.party.code,
        invoice.concept,
        invoice.property_name,
        invoice.period,
        str(invoice.issued_on or ""),
        str(invoice.due_on or ""),
        invoice.currency,
        invoice.subtotal,
        invoice.tax_total,
        invoice.withholding_total,
        invoice.total,
        invoice.balance,
        invoice.external_id or "",
    ]
