"""Reading the fiscal documents of invoices."""

import uuid
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import StoredFile
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML


def find_document(
    session: Session, party_id: uuid.UUID | None, invoice_id: uuid.UUID, purpose: str
) -> StoredFile | None:
    """The XML (FISCAL_XML) or PDF (FISCAL_PDF) of an invoice; with a party only if it is theirs, None for staff."""
    wanted = select(StoredFile).where(StoredFile.invoice_id == invoice_id, StoredFile.purpose == purpose)
    if party_id is not None:
        wanted = wanted.where(StoredFile.party_id == party_id)
    return session.scalar(wanted.order_by(StoredFile.id.desc()).limit(1))


def list_documents(session: Session, invoice_id: uuid.UUID) -> Sequence[StoredFile]:
    """The fiscal documents of an invoice, the XML first."""
    wanted = select(StoredFile).where(
        StoredFile.invoice_id == invoice_id, StoredFile.purpose.in_((FISCAL_XML, FISCAL_PDF))
    )
    return session.scalars(wanted.order_by(StoredFile.purpose.desc(), StoredFile.id)).all()


def fiscal_files_of(
    session: Session, party_id: uuid.UUID, invoice_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, dict[str, StoredFile]]:
    """The fiscal documents of some invoices of a party, by invoice and then by purpose; of several the newest."""
    wanted = select(StoredFile).where(
        StoredFile.invoice_id.in_(invoice_ids),
        StoredFile.party_id == party_id,
        StoredFile.purpose.in_((FISCAL_XML, FISCAL_PDF)),
    )
    found: dict[uuid.UUID, dict[str, StoredFile]] = {}
    for file in session.scalars(wanted.order_by(StoredFile.id)):
        if file.invoice_id:
            found.setdefault(file.invoice_id, {})[file.purpose] = file
    return found
