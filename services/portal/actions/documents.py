"""Fiscal documents of an invoice: handed in by the agency after a comparison, or built here; one XML and one PDF."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.announcing import renew_announcement
from services.portal.actions.files import Staged, keep_file
from services.portal.actions.ledger import lock_owner
from services.portal.actions.refusals import NotOpen
from services.portal.clients.files import FileStore
from services.portal.models import Agency, Invoice, Party, StoredFile
from services.portal.queries.agency import agency_of
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML, XML
from services.portal.rules.fiscal.checks import Comparison, Difference, Expected, Identity, compare
from services.portal.rules.fiscal.reading import MOST_BYTES, FiscalDocument, read_document
from services.portal.rules.invoices import DRAFT
from shared.audit import record_act

CHOSEN = (FISCAL_XML, FISCAL_PDF)


class DocumentThere(Exception):
    """The invoice has a document of this kind; it is removed before another one comes."""


class DocumentUnknown(Exception):
    """The invoice has no such document."""


class DocumentUsed(Exception):
    """The same document belongs to another invoice, `number`."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class DocumentDiffers(Exception):
    """The document does not belong to this invoice: each `differences` says why."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        super().__init__(", ".join(one.about for one in differences))
        self.differences = differences


@dataclass(frozen=True)
class Attached:
    """A document that was taken, and what one should know about it."""

    file: StoredFile
    remarks: tuple[Difference, ...] = ()


def read_stored(store: FileStore, file_id: uuid.UUID) -> FiscalDocument:
    """What a stored XML says. Raises UnreadableDocument, FileMissing."""
    with store.open(file_id) as file:
        content = file.read(MOST_BYTES + 1)
    return read_document(content)


def look_at(store: FileStore, staged: Staged) -> FiscalDocument | None:
    """What a handed-in XML says, before any transaction; None for a PDF. Raises UnreadableDocument."""
    return read_stored(store, staged.saved.id) if staged.saved.content_type == XML else None


def compare_with(document: FiscalDocument, invoice: Invoice, party: Party, agency: Agency) -> Comparison:
    """A document beside an invoice of the database."""
    expected = Expected(
        kind=invoice.kind,
        number=invoice.number or "",
        total=invoice.total,
        withheld=invoice.withholding_total,
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        issuer=Identity(agency.document_type, agency.document_number),
        receiver=Identity(party.document_type, party.document_number),
    )
    return compare(document, expected)


def attach_document(
    session: Session, invoice_id: uuid.UUID, staged: Staged, read: FiscalDocument | None, *, built: bool = False
) -> Attached:
    """Make a staged XML or PDF the fiscal document of an invoice; `read` is what `look_at` found.

    Raises InvoiceUnknown, NotOpen (a draft), DocumentThere, DocumentUsed, DocumentDiffers.
    """
    party, invoice = lock_owner(session, invoice_id)
    if invoice.state == DRAFT:
        raise NotOpen
    purpose = FISCAL_PDF if read is None else FISCAL_XML
    present = select(StoredFile.id).where(StoredFile.invoice_id == invoice_id, StoredFile.purpose == purpose)
    if session.scalar(present.limit(1)):
        raise DocumentThere
    comparison = compare_with(read, invoice, party, agency_of(session)) if read else Comparison((), ())
    if comparison.differences:
        raise DocumentDiffers(comparison.differences)
    _refuse_used(session, staged, invoice)
    file = keep_file(session, staged, party_id=party.id, purpose=purpose, invoice_id=invoice_id)
    renew_announcement(session, invoice, party)
    _record(session, "document.built" if built else "document.attached", invoice, file, read.code if read else "")
    return Attached(file, comparison.remarks)


def _refuse_used(session: Session, staged: Staged, invoice: Invoice) -> None:
    """The receiver is compared, so the same document twice can only be two invoices of one party."""
    others = (
        select(Invoice.number)
        .join(StoredFile, StoredFile.invoice_id == Invoice.id)
        .where(Invoice.party_id == invoice.party_id, StoredFile.sha256 == staged.saved.sha256)
    )
    if (number := session.scalar(others.limit(1))) is not None:
        raise DocumentUsed(number)


def remove_document(session: Session, invoice_id: uuid.UUID, file_id: uuid.UUID) -> None:
    """Take a document away from its invoice; the bytes are the caller's to delete, after the commit.

    Raises InvoiceUnknown, DocumentUnknown.
    """
    party, invoice = lock_owner(session, invoice_id)
    wanted = select(StoredFile).where(
        StoredFile.id == file_id, StoredFile.invoice_id == invoice_id, StoredFile.purpose.in_(CHOSEN)
    )
    file = session.scalar(wanted)
    if file is None:
        raise DocumentUnknown
    _record(session, "document.removed", invoice, file)
    session.delete(file)
    renew_announcement(session, invoice, party)


def _record(session: Session, act: str, invoice: Invoice, file: StoredFile, code: str = "") -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=invoice.party_id,
        subject="invoice",
        subject_id=invoice.id,
        details={"number": invoice.number or "", "name": file.name} | ({"code": code} if code else {}),
    )
