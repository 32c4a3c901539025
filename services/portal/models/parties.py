"""The portal's copy of the directory's parties."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from services.portal.models.base import Base


class Party(Base):
    """The portal's copy of a party, fed by the directory's events; `version` says how new it is."""

    __tablename__ = "parties"
    __table_args__ = (Index(None, "last_sign_in_at", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    classes: Mapped[list[str]] = mapped_column(JSON)
    document_type: Mapped[str] = mapped_column(String(10))
    document_number: Mapped[str] = mapped_column(String(60))
    document_key: Mapped[str] = mapped_column(String(80), index=True)
    name: Mapped[str] = mapped_column(String(300))
    search_name: Mapped[str] = mapped_column(String(300))
    """The name without accents and capitals."""
    emails: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(10))
    active: Mapped[bool]
    last_sign_in_at: Mapped[datetime | None]
    """The portal's own knowledge: the directory's events leave it alone."""
