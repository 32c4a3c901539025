"""Batches of credentials, their members, and the selection that an agent is still putting together."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.identity.models.base import Base


class CredentialBatch(Base):
    """Credentials for many parties at once; a row with a state that the worker carries on wherever it stopped.

    `state`: `running`, `finished` or `failed`. `scope`: `all`, `only` or `except` (of the picks).
    `frozen_at` is empty until it was settled who belongs to it.
    """

    __tablename__ = "credential_batches"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    for_tenants: Mapped[bool]
    for_owners: Mapped[bool]
    scope: Mapped[str] = mapped_column(String(10))
    delivery: Mapped[str] = mapped_column(String(10))
    exclude_with_access: Mapped[bool]
    total: Mapped[int] = mapped_column(default=0)
    issued: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(String(200))
    frozen_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(200))

    __table_args__ = (Index("ix_credential_batches_requested_at_id", "requested_at", "id"),)

    @property
    def classes(self) -> list[str]:
        """`tenant`, `owner` or both."""
        return [name for name, meant in (("tenant", self.for_tenants), ("owner", self.for_owners)) if meant]


class BatchPick(Base):
    """A party that was named in the request; what that means depends on the batch's scope."""

    __tablename__ = "batch_picks"

    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credential_batches.id"), primary_key=True)
    party_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class BatchMember(Base):
    """A party of a batch. `state`: `waiting`, `issued` or `skipped` (then `reason` says why).

    No foreign key to the parties: a pick may be unknown, and is told as such.
    """

    __tablename__ = "batch_members"

    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credential_batches.id"), primary_key=True)
    party_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(20))

    __table_args__ = (
        Index(
            "ix_batch_members_waiting",
            "batch_id",
            "party_id",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
    )


class BatchDraft(Base):
    """What one staff member has chosen so far on the page; kept here so that it survives paging without JavaScript."""

    __tablename__ = "batch_drafts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    staff_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    for_tenants: Mapped[bool]
    for_owners: Mapped[bool]
    scope: Mapped[str] = mapped_column(String(10))
    delivery: Mapped[str] = mapped_column(String(10))
    exclude_with_access: Mapped[bool]
    updated_at: Mapped[datetime]


class DraftPick(Base):
    """A party picked in a draft."""

    __tablename__ = "draft_picks"

    draft_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("batch_drafts.id", ondelete="CASCADE"), primary_key=True)
    party_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
