"""The fiscal documents of an invoice: what is there and what it says, attaching, building, taking away."""

import uuid
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.building import COLOMBIA, MEXICO, Order, build_document
from services.portal.actions.documents import (
    Attached,
    DocumentDiffers,
    DocumentThere,
    DocumentUnknown,
    DocumentUsed,
    attach_document,
    compare_with,
    look_at,
    read_stored,
    remove_document,
)
from services.portal.actions.files import staged
from services.portal.actions.refusals import InvoiceUnknown, NotOpen
from services.portal.clients.files import FileMissing, StorageFull
from services.portal.models import Agency, Invoice, StoredFile
from services.portal.pages.area import STROKES
from services.portal.pages.files import send_file_safely
from services.portal.pages.invoice_desk import address_of
from services.portal.pages.visitor import portal
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document, list_documents
from services.portal.queries.invoices import find_invoice
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML, PDF, XML, FileTooLarge, UnusableFile
from services.portal.rules.fiscal.cfdi import PAID_WAYS, REGIMES, USES, Receiver
from services.portal.rules.fiscal.reading import FiscalDocument, UnreadableDocument
from services.portal.rules.fiscal.settings import Incomplete
from services.portal.rules.invoices import DRAFT
from services.portal.schemas import fiscal as words
from services.portal.schemas.papers import fiscal_facts_of
from shared.web import current, error_answer, staff_required

Answer = str | Response | tuple[str, int]
REFUSED = (
    DocumentDiffers,
    DocumentThere,
    DocumentUsed,
    FileMissing,
    FileTooLarge,
    Incomplete,
    InvoiceUnknown,
    NotOpen,
    StorageFull,
    UnreadableDocument,
    UnusableFile,
)
"""Why a document is not taken."""

documents = Blueprint("documents", __name__, url_prefix="/backoffice/portal/invoices/<uuid:invoice_id>/documents")


@dataclass(frozen=True)
class Shown:
    """A stored document, and what its XML says beside the invoice."""

    file: StoredFile
    facts: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    verify: str = ""
    withheld: bool = False
    """Its total is higher than ours, by what is withheld."""
    problem: str = ""


@documents.get("", strict_slashes=False)
@staff_required()
def show(invoice_id: uuid.UUID) -> Answer:
    """What is there."""
    return _page(_issued(invoice_id))


@documents.post("", strict_slashes=False)
@staff_required("agent")
def attach(invoice_id: uuid.UUID) -> Answer:
    """Take a document in, if it says what the invoice says."""
    invoice, upload = _issued(invoice_id), request.files.get("file")
    if upload is None or not upload.filename:
        return _page(invoice, [gettext("Choose a file.")]), 422
    try:
        with staged(portal().files, [(upload.stream, upload.filename)], (XML, PDF)) as files:
            read = look_at(portal().files, files[0])
            with current().db.write() as session:
                attached = attach_document(session, invoice_id, files[0], read)
    except REFUSED as error:
        return _page(invoice, _problems(error)), 422
    return _done(invoice_id, attached)


@documents.post("/build")
@staff_required("agent")
def build(invoice_id: uuid.UUID) -> Answer:
    """Build the XML after the settings of the agency."""
    invoice, asked = _issued(invoice_id), request.form
    receiver = Receiver(
        rfc=asked.get("rfc", "").strip(),
        regime=asked.get("regime", "616"),
        use=asked.get("use", "S01"),
        postal_code=asked.get("postal_code", "").strip(),
        way=asked.get("way", "99"),
    )
    try:
        content = build_document(_order(invoice), current().keyring, receiver, portal().fiscal_key)
        with staged(portal().files, [(BytesIO(content), STROKES.sub("-", f"{invoice.number}.xml"))], (XML,)) as files:
            read = look_at(portal().files, files[0])
            with current().db.write() as session:
                attached = attach_document(session, invoice_id, files[0], read, built=True)
    except REFUSED as error:
        return _page(invoice, _problems(error)), 422
    return _done(invoice_id, attached)


@documents.get("/<uuid:file_id>")
@staff_required()
def download(invoice_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """The file itself."""
    with current().db.read() as session:
        stored = _find(session, invoice_id, file_id)
    return send_file_safely(stored or abort(404))


@documents.route("/<uuid:file_id>/remove", methods=["GET", "POST"])
@staff_required("agent")
def remove(invoice_id: uuid.UUID, file_id: uuid.UUID) -> Any:
    """Take a document away, after asking."""
    with current().db.read() as session:
        stored = _find(session, invoice_id, file_id)
    back = url_for("documents.show", invoice_id=invoice_id)
    if stored and request.method == "GET":
        return render_template(
            "confirm.html",
            title=gettext("Remove this document"),
            message=gettext("%(name)s will be deleted. The client can no longer download it.", name=stored.name),
            details=[gettext("With SAT or DIAN nothing changes: a document is cancelled there, not here.")],
            action=url_for("documents.remove", invoice_id=invoice_id, file_id=file_id),
            accept=gettext("Remove"),
            cancel=back,
            kind="danger",
        )
    if stored and _removed(invoice_id, file_id):
        flash(gettext("The document was removed."), "success")
    else:
        flash(gettext("It was removed already."), "info")
    return redirect(back, 303)


def _removed(invoice_id: uuid.UUID, file_id: uuid.UUID) -> bool:
    """Remove it; False if somebody else did so meanwhile."""
    try:
        with current().db.write() as session:
            remove_document(session, invoice_id, file_id)
    except (InvoiceUnknown, DocumentUnknown):
        return False
    portal().files.delete(file_id)
    return True


def _issued(invoice_id: uuid.UUID) -> Invoice:
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id)
    return invoice if invoice and invoice.state != DRAFT else abort(404)


def _find(session: Session, invoice_id: uuid.UUID, file_id: uuid.UUID) -> StoredFile | None:
    return next((one for one in list_documents(session, invoice_id) if one.id == file_id), None)


def _order(invoice: Invoice) -> Order:
    with current().db.read() as session:
        agency = agency_of(session)
        former = find_document(session, None, invoice.corrects_id, FISCAL_XML) if invoice.corrects_id else None
    corrects = read_stored(portal().files, former.id) if former else None
    return Order(agency, invoice, invoice.party, current().settings.timezone, corrects)


def _done(invoice_id: uuid.UUID, attached: Attached) -> Response:
    is_pdf = attached.file.purpose == FISCAL_PDF
    told = (
        gettext("The PDF was attached.") if is_pdf else gettext("The XML was compared with the invoice and attached.")
    )
    flash(told, "success")
    return redirect(url_for("documents.show", invoice_id=invoice_id), 303)  # type: ignore[return-value]


def _problems(error: Exception) -> list[str]:
    """One of REFUSED in sentences."""
    match error:
        case DocumentDiffers():
            return [words.difference_text(one) for one in error.differences]
        case UnreadableDocument():
            return [words.unreadable_text(error)]
        case Incomplete():
            return [words.incomplete_text(error)]
        case DocumentThere():
            return [gettext("There is a document of this kind already. Remove it first.")]
        case DocumentUsed():
            return [gettext("This document belongs to invoice %(number)s already.", number=error.number)]
        case NotOpen():
            return [gettext("Only what was issued gets a fiscal document.")]
    return [error_answer(error)[1]]


def _page(invoice: Invoice, problems: list[str] | None = None) -> str:
    with current().db.read() as session:
        agency, stored = agency_of(session), list_documents(session, invoice.id)
    shown = [_shown(one, invoice, agency) for one in stored]
    there = {one.purpose for one in stored}
    return render_template(
        "portal/documents/invoice.html",
        invoice=invoice,
        back=address_of(invoice),
        documents=shown,
        problems=problems or [],
        has_xml=FISCAL_XML in there,
        complete=len(there) == 2,
        can_build=FISCAL_XML not in there and agency.country in (COLOMBIA, MEXICO),
        is_mexican=agency.country == MEXICO,
        is_signed=portal().fiscal_key is not None,
        given=request.form,
        choices=words.receiver_choices(REGIMES, USES, PAID_WAYS),
        own_rfc=invoice.party.document_number if invoice.party.document_type == "RFC" else "",
        megabytes=portal().files.limit // 1024**2,
    )


def _shown(stored: StoredFile, invoice: Invoice, agency: Agency) -> Shown:
    if stored.purpose != FISCAL_XML:
        return Shown(stored)
    try:
        read: FiscalDocument = read_stored(portal().files, stored.id)
    except (UnreadableDocument, FileMissing):
        return Shown(stored, problem=gettext("The file is not there any more, or it was damaged. Remove it."))
    found = compare_with(read, invoice, invoice.party, agency)
    facts = fiscal_facts_of(read)
    told = [words.difference_text(one) for one in (*found.differences, *found.remarks)]
    return Shown(
        stored, words.facts_in_words(read), told, facts.url if facts else "", withheld=read.total > invoice.total
    )
