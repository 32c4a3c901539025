"""The audit trail: who did what, when. Rows are only ever added; the database refuses anything else."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class AuditEntry(Base):
    """One act, as the service in which it was done told it.

    Names of parties are not kept, only their ids: they are looked up when an entry is read. The name of whoever acted
    is the one of that time.
    """

    __tablename__ = "audit_entries"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    service: Mapped[str] = mapped_column(String(20))
    act: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(10))
    """`staff`, `client` (another system), `party` (a person of the client area) or `system`."""
    actor_id: Mapped[str] = mapped_column(String(80))
    actor_name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    """The network address it was done from, "" if there is none."""
    party_id: Mapped[uuid.UUID | None]
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(200))
    count: Mapped[int | None]
    details: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Each with `name` and `value`."""
    event_source: Mapped[str] = mapped_column(String(200))
    event_id: Mapped[str] = mapped_column(String(200))

    # Lists are read newest first, so each filter that narrows has an index in that order.
    __table_args__ = (
        UniqueConstraint("event_source", "event_id"),
        Index("ix_audit_entries_at_id", "at", "id"),
        Index("ix_audit_entries_actor_id_at_id", "actor_id", "at", "id"),
        Index("ix_audit_entries_act_at_id", "act", "at", "id"),
        Index("ix_audit_entries_service_at_id", "service", "at", "id"),
        Index(
            "ix_audit_entries_party_id_at_id",
            "party_id",
            "at",
            "id",
            postgresql_where=text("party_id IS NOT NULL"),
            sqlite_where=text("party_id IS NOT NULL"),
        ),
        Index(
            "ix_audit_entries_subject_id_at_id",
            "subject_id",
            "at",
            "id",
            postgresql_where=text("subject_id <> ''"),
            sqlite_where=text("subject_id <> ''"),
        ),
    )
