"""Identity's copy of the directory's parties, fed by events: what issuing and signing in need to know of them."""

import uuid
from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class Party(Base):
    """One party as the directory last told it. Its row is also the lock under which its credentials change."""

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

    __table_args__ = (Index("ix_parties_name_search_id", "name_search", "id"),)

    @property
    def classes(self) -> list[str]:
        """`tenant`, `owner` or both."""
        return [name for name, held in (("tenant", self.is_tenant), ("owner", self.is_owner)) if held]
