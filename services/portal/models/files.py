"""Files that clients and staff hand in. Their bytes lie below PORTERIA_DATA, outside of anything that is served."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.portal.models.base import Base
from shared.db import new_id


class StoredFile(Base):
    """A file, checked by its content. Exactly one of the three `*_id` says what it belongs to."""

    __tablename__ = "stored_files"
    __table_args__ = (
        Index("ix_stored_files_invoice_id", "invoice_id"),
        Index("ix_stored_files_report_id", "report_id"),
        Index("ix_stored_files_message_id", "message_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    """Also its name on disk."""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("parties.id"))
    """Whose it is: only that client and the staff get it."""
    purpose: Mapped[str] = mapped_column(String(20))
    """fiscal_xml, fiscal_pdf, proof or case."""
    name: Mapped[str] = mapped_column(String(200))
    """As it is offered for download; never a path."""
    content_type: Mapped[str] = mapped_column(String(100))
    """What its content was found to be, not what was claimed."""
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(200), default="")
    invoice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("invoices.id"))
    report_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_reports.id"))
    message_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("case_messages.id"))
