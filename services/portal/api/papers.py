"""The papers of invoices and payments, as PDF over REST."""

import io
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask_smorest import Blueprint

from services.portal.actions.refusals import InvoiceUnknown, PaymentUnknown
from services.portal.clients.files import FileStore
from services.portal.clients.papers import invoice_pdf, receipt_pdf
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document
from services.portal.queries.invoices import find_invoice
from services.portal.queries.payments import find_payment, list_allocations_of_payment
from services.portal.rules.files import FISCAL_XML
from services.portal.schemas.papers import facts_of_stored, paper_of_invoice, paper_of_receipt
from shared.i18n import language
from shared.web import current, require_scope
from shared.web.exports import file_response

PDF = "application/pdf"
PAPER = {
    "description": "The paper (PDF/A), in the language of Accept-Language.",
    "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
}


def papers_blueprint(files: FileStore) -> Any:
    """`files` has the fiscal documents, whose codes stand on the papers."""
    papers = Blueprint("papers_api", __name__, url_prefix="", description="Invoices and receipts as PDF")

    @papers.get("/invoices/<uuid:invoice_id>/pdf")
    @require_scope("invoices:read")
    @papers.doc(responses={"200": PAPER})
    def invoice(invoice_id: uuid.UUID) -> Any:
        """An invoice or credit note on paper; a draft is marked as one."""
        with current().db.read() as session:
            found = find_invoice(session, invoice_id)
            if found is None:
                raise InvoiceUnknown
            corrects = find_invoice(session, found.corrects_id) if found.corrects_id else None
            xml = find_document(session, None, invoice_id, FISCAL_XML)
            agency = agency_of(session)
        fiscal = facts_of_stored(files, xml)
        number = (corrects.number or "") if corrects else ""
        address = f"{current().settings.public_url}/customerarea/invoices/{invoice_id}"
        paper = paper_of_invoice(agency, found, found.party, language(), address, fiscal, number)
        return file_response(f"{found.number or invoice_id}.pdf", io.BytesIO(invoice_pdf(paper)), PDF)

    @papers.get("/payments/<uuid:payment_id>/pdf")
    @require_scope("payments:read")
    @papers.doc(responses={"200": PAPER})
    def receipt(payment_id: uuid.UUID) -> Any:
        """The receipt of a payment on paper."""
        zone = ZoneInfo(current().settings.timezone)
        with current().db.read() as session:
            found = find_payment(session, payment_id)
            if found is None:
                raise PaymentUnknown
            applied = list_allocations_of_payment(session, payment_id)
            agency = agency_of(session)
        reversed_on = found.reversed_at.astimezone(zone).date() if found.reversed_at else None
        paper = paper_of_receipt(agency, found, applied, language(), reversed_on)
        return file_response(f"{found.receipt_number}.pdf", io.BytesIO(receipt_pdf(paper)), PDF)

    return papers
