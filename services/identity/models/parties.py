"""Who may sign in: identity's copy of the directory's parties, fed by events, and guests.

A guest is no party of the directory: somebody whom clients let in to look at their area. Guests are kept here and only
here; they sign in with their e-mail address.
"""

import uuid
from datetime import datetime

from sqlalchemy import Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class Party(Base):
    """One party as the directory last told it, or a guest. The row is also the lock under which credentials change.

    A guest has a name, a language and the address; no class, no code, no document, and no version.
    """

    __tablename__ = "parties"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    is_tenant: Mapped[bool]
    is_owner: Mapped[bool]
    document_type: Mapped[str] = mapped_column(String(10))
    document_number: Mapped[str] = mapped_column(String(60))
    document_key: Mapped[str] = mapped_column(String(80), index=True)
    name: Mapped[str] = mapped_column(String(300))
    name_search: Mapped[str] = mapped_column(String(300))
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(String(320), index=True)
    email_state: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    active: Mapped[bool]
    updated_at: Mapped[datetime]
    is_guest: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        Index("ix_parties_name_search_id", "name_search", "id"),
        # The database itself refuses a second guest with one address.
        Index(
            "uq_parties_guest_email_key",
            "email_key",
            unique=True,
            postgresql_where=text("is_guest"),
            sqlite_where=text("is_guest"),
        ),
    )

    @property
    def classes(self) -> list[str]:
        """`tenant`, `owner` or both."""
        return [name for name, held in (("tenant", self.is_tenant), ("owner", self.is_owner)) if held]

    @property
    def login(self) -> str:
        """What letters and the phone call the account: the document number; of a guest, the e-mail address."""
        return (self.email or "") if self.is_guest else self.document_number
