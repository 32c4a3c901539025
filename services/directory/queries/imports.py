"""Reads of imports: how far they are, and what is wrong with their rows."""

import uuid
from collections.abc import Sequence
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.directory.models import Import, ImportChunk, ImportRow
from services.directory.models.imports import ColumnMapping
from services.directory.rules.columns import fields_again, signature_of
from shared.sheets.text import UnusableFile, is_separator_line, records
from shared.web.paging import Page, paginate

RUNNING = ("uploaded", "checking", "applying")


def find_import(session: Session, import_id: uuid.UUID) -> Import | None:
    """The import with this id."""
    return session.get(Import, import_id)


def find_next_import(session: Session) -> Import | None:
    """The oldest import that the worker has something to do with."""
    return session.scalar(select(Import).where(Import.state.in_(RUNNING)).order_by(Import.id).limit(1))


def list_imports(session: Session, *, cursor: str | None = None, limit: int = 50) -> Page[Import]:
    """Imports, the newest first. Raises BadCursor."""
    return paginate(session, select(Import), [(Import.id, True)], cursor=cursor, limit=limit)


def find_mapping(session: Session, header: Sequence[str]) -> list[str] | None:
    """Which field each column holds by what was said of such a header before, "" for none; None if nothing was."""
    remembered = session.get(ColumnMapping, signature_of(header))
    return fields_again(header, remembered.fields) if remembered else None


def find_chunk(session: Session, import_id: uuid.UUID, number: int) -> bytes | None:
    """A piece of the uploaded file; they are numbered from 0."""
    return session.scalar(select(ImportChunk.content).filter_by(import_id=import_id, number=number))


def list_sample(session: Session, entry: Import, count: int) -> list[list[str]]:
    """The first rows of the file below its header, to see what its columns are; none if the file is gone."""
    first = find_chunk(session, entry.id, 0)
    try:
        found = [cells for _, cells in islice(records([first or b""], entry.encoding, entry.delimiter), count + 2)]
    except UnusableFile:  # the check will say where
        return []
    skipped = 2 if found and is_separator_line(entry.delimiter.join(found[0])) else 1
    return [[*cells, *[""] * len(entry.header)][: len(entry.header)] for cells in found[skipped : skipped + count]]


def list_flagged_rows(
    session: Session, import_id: uuid.UUID, *, warnings: bool = False, cursor: str | None = None, limit: int = 100
) -> Page[ImportRow]:
    """Rows with a problem, or else those with only a warning, in the order of the file. Raises BadCursor."""
    asking = select(ImportRow).where(
        ImportRow.import_id == import_id, ImportRow.flagged.is_(True), ImportRow.usable.is_(warnings)
    )
    return paginate(session, asking, [(ImportRow.number, False)], cursor=cursor, limit=limit)


def list_rejected_rows(session: Session, import_id: uuid.UUID, after: int, limit: int) -> list[ImportRow]:
    """Rows with a problem beyond row `after`, with their cells."""
    asking = select(ImportRow).where(
        ImportRow.import_id == import_id, ImportRow.flagged.is_(True), ImportRow.number > after
    )
    asking = asking.where(ImportRow.usable.is_(False)).order_by(ImportRow.number).limit(limit)
    return list(session.scalars(asking))


def list_usable_rows(session: Session, import_id: uuid.UUID, after: int, limit: int) -> list[ImportRow]:
    """Rows that can be applied beyond row `after`, in the order of the file."""
    asking = select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number > after)
    return list(session.scalars(asking.where(ImportRow.usable.is_(True)).order_by(ImportRow.number).limit(limit)))


def list_seen_documents(session: Session, import_id: uuid.UUID, documents: list[str]) -> dict[str, int]:
    """Documents that earlier rows of the same file have already, and in which row."""
    asking = select(ImportRow.document, ImportRow.number).where(
        ImportRow.import_id == import_id, ImportRow.document.in_(documents)
    )
    return {str(row.document): row.number for row in session.execute(asking)}


def list_seen_addresses(session: Session, import_id: uuid.UUID, addresses: list[str]) -> set[str]:
    """Addresses that earlier rows of the same file have already."""
    asking = select(ImportRow.address).where(ImportRow.import_id == import_id, ImportRow.address.in_(addresses))
    return {str(address) for address in session.scalars(asking)}
