"""The fiscal documents of invoices over REST."""

import uuid
from typing import Any

from flask_babel import gettext
from flask_smorest import Blueprint

from services.portal.actions.refusals import InvoiceUnknown
from services.portal.clients.files import FileStore
from services.portal.models import StoredFile
from services.portal.queries.documents import find_document
from services.portal.queries.invoices import find_invoice
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML, PDF, XML
from services.portal.schemas.files import send_stored
from shared.web import Problem, current, require_scope

DOCUMENT = {
    "description": "The XML: UBL 2.1 with CUFE (Colombia) or CFDI 4.0 (Mexico), as it was attached or built.",
    "content": {XML: {"schema": {"type": "string"}}},
}
PAPER = {
    "description": "The PDF that the agency handed in beside the XML.",
    "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
}


def documents_blueprint(files: FileStore) -> Blueprint:
    """`files` has the documents."""
    documents = Blueprint("documents_api", __name__, url_prefix="", description="Fiscal documents of invoices")

    @documents.get("/invoices/<uuid:invoice_id>/xml")
    @require_scope("invoices:read")
    @documents.doc(responses={"200": DOCUMENT})
    def xml(invoice_id: uuid.UUID) -> Any:
        """The fiscal document of an invoice or credit note; 404 where it has none."""
        return send_stored(files, _document(invoice_id, FISCAL_XML))

    @documents.get("/invoices/<uuid:invoice_id>/fiscal-pdf")
    @require_scope("invoices:read")
    @documents.doc(responses={"200": PAPER})
    def fiscal_pdf(invoice_id: uuid.UUID) -> Any:
        """The PDF of the fiscal document, as the agency handed it in; 404 where there is none."""
        return send_stored(files, _document(invoice_id, FISCAL_PDF))

    return documents


def _document(invoice_id: uuid.UUID, purpose: str) -> StoredFile:
    with current().db.read() as session:
        if find_invoice(session, invoice_id) is None:
            raise InvoiceUnknown
        found = find_document(session, None, invoice_id, purpose)
    if found is None:
        raise Problem(404, gettext("This invoice has no fiscal document."))
    return found
