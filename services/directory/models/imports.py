"""Imports: the file that was sent, what its columns are, its rows, and how far the work has come."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.directory.models.base import Base
from services.directory.rules.columns import Columns, columns_of
from shared.db import new_id


class Import(Base):
    """One file. uploaded → checking → ready → applying → finished; `failed` if the file as a whole cannot be used.

    `mapping` comes first where a person has to say what its columns are.
    """

    __tablename__ = "imports"
    __table_args__ = (Index("ix_imports_state", "state"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[str] = mapped_column(String(12))
    filename: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    """Bytes."""
    encoding: Mapped[str] = mapped_column(String(20))
    delimiter: Mapped[str] = mapped_column(String(1))
    header: Mapped[list[str]] = mapped_column(JSON)
    """The first row of the file as it is written there."""
    fields: Mapped[list[str] | None] = mapped_column(JSON)
    """Which field each column holds, "" for none; None: as its name says."""
    sheet: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """Of a workbook, the sheet that was read; "" of a text file."""
    sheets: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of a workbook, how many sheets it shows."""
    default_document_type: Mapped[str] = mapped_column(String(8), default="")
    default_classes: Mapped[list[str]] = mapped_column(JSON, default=list)
    apply: Mapped[bool]
    """Whether it goes on by itself after the check."""
    error: Mapped[str] = mapped_column(String(40), default="")
    """Why it failed: one of the reasons in shared/sheets/text.py."""
    error_row: Mapped[int | None]
    read_rows: Mapped[int] = mapped_column(default=0)
    """The last record of the file that was checked (the header is 1): where a check that was interrupted goes on."""
    applied_to: Mapped[int] = mapped_column(default=0)
    """The same for applying."""
    total: Mapped[int] = mapped_column(default=0)
    """Rows with data that were read so far."""
    expected_created: Mapped[int] = mapped_column(default=0)
    expected_updated: Mapped[int] = mapped_column(default=0)
    expected_unchanged: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    """Rows with a problem."""
    warned: Mapped[int] = mapped_column(default=0)
    """Rows with a warning, which are applied all the same."""
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    """Unexpected failures since the last progress."""
    created_by: Mapped[str] = mapped_column(String(200))
    starter_kind: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """Who had it applied, as shared/audit.py names people and programs: in their name the worker does it."""
    starter_id: Mapped[str] = mapped_column(String(200), default="", server_default="")
    starter_name: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]
    """When the rows were forgotten; the counts stay."""

    @property
    def columns(self) -> Columns:
        """What its columns are."""
        return columns_of(self.header) if self.fields is None else Columns(self.header, self.fields)

    @property
    def applied(self) -> int:
        """Rows that were dealt with while applying."""
        return self.created + self.updated + self.unchanged


class ColumnMapping(Base):
    """What a person said that the columns of a file are, for the next file with the same header."""

    __tablename__ = "column_mappings"

    signature: Mapped[str] = mapped_column(String(64), primary_key=True)
    """By `signature_of` in rules/columns.py."""
    fields: Mapped[list[str]] = mapped_column(JSON)
    """Of each column but those of our own."""
    chosen_by: Mapped[str] = mapped_column(String(200))
    chosen_at: Mapped[datetime]


class ImportChunk(Base):
    """A piece of an uploaded file. In the database, because the worker may be another container than the web side."""

    __tablename__ = "import_chunks"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Base):
    """A row of the file after its check."""

    __tablename__ = "import_rows"
    __table_args__ = (
        Index("ix_import_rows_document", "import_id", "document"),
        Index("ix_import_rows_address", "import_id", "address"),
        Index("ix_import_rows_flagged", "import_id", "flagged", "usable", "number"),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """As a spreadsheet counts: the header is row 1."""
    raw: Mapped[list[str] | None] = mapped_column(JSON)
    """The cells as they were, kept only of rows that are or may yet be left out, for the file of rejected rows."""
    values: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What was understood, for rows that can be applied."""
    document: Mapped[str | None] = mapped_column(String(50))
    """`TYPE key`, to find the same document twice in one file."""
    address: Mapped[str | None] = mapped_column(String(254))
    """The principal address in small letters, to warn of one that several parties share."""
    usable: Mapped[bool]
    flagged: Mapped[bool]
    """It has a problem or a warning."""
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`{"column", "reason", "value", "warning"}`; the text is made for its reader."""
