"""Reading which files belong to what."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import StoredFile
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML


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
