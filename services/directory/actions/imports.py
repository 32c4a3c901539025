"""Taking in a file, and the decisions of people about it: apply it, or let it be."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from services.directory.models import Import, ImportChunk, ImportRow
from services.directory.rules.files import Encoding, UnusableFile, first_lines, records
from services.directory.rules.tables import columns_of, find_delimiter, require_columns
from shared import clock
from shared.db import new_id
from shared.wake import wake

TOPIC = "imports"
PIECE = 256 * 1024


class ImportNotFound(Exception):
    """There is no import with this id."""


class ImportNotReady(Exception):
    """Only an import that was checked and waits can be applied."""


class FileTooLarge(Exception):
    """The file is larger than the setting allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a file is to be read: what stands in for columns it does not have, and whether it is applied by itself."""

    apply: bool
    document_type: str = ""
    classes: Sequence[str] = field(default_factory=tuple)


def receive_import(
    session: Session, stream: IO[bytes], filename: str, options: ImportOptions, *, limit: int, created_by: str
) -> Import:
    """Take a file in, piece by piece, and wake the worker. Raises UnusableFile, FileTooLarge; then nothing is kept."""
    entry = Import(
        id=new_id(),
        state="uploaded",
        filename=(filename or "").replace("\\", "/").rpartition("/")[2][:200] or "?",
        size=0,
        encoding="",
        delimiter="",
        header=[],
        default_document_type=options.document_type,
        default_classes=list(options.classes),
        apply=options.apply,
        created_by=created_by[:200],
        created_at=clock.now(),
    )
    session.add(entry)
    session.flush()
    detective, head = Encoding(), b""
    for number, piece in enumerate(_pieces(stream)):
        entry.size += len(piece)
        if entry.size > limit:
            raise FileTooLarge(limit)
        detective.feed(piece)
        head = head or piece
        session.execute(insert(ImportChunk).values(import_id=entry.id, number=number, content=piece))
    if not head.strip():
        raise UnusableFile("empty")
    entry.encoding = detective.result()
    _read_header(entry, head)
    session.flush()
    wake(session, TOPIC)
    return entry


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


def _read_header(entry: Import, head: bytes) -> None:
    lines = first_lines(head, entry.encoding)
    entry.delimiter = find_delimiter([line for line in lines if not is_separator_line(line)])
    found = records([head], entry.encoding, entry.delimiter)
    _, header = next(found, (0, []))
    if header and is_separator_line(entry.delimiter.join(header)):
        _, header = next(found, (0, []))
    if not header:
        raise UnusableFile("empty")
    entry.header = [cell.strip()[:100] for cell in header]
    require_columns(
        columns_of(entry.header),
        has_document_type=bool(entry.default_document_type),
        has_classes=bool(entry.default_classes),
    )


def is_separator_line(line: str) -> bool:
    """Whether this is the line `sep=;` with which some files tell a spreadsheet their separator."""
    return line.strip().lower().startswith("sep=") and len(line.strip()) <= 6


def lock_import(session: Session, import_id: uuid.UUID) -> Import:
    """The import, for a change. Raises ImportNotFound."""
    entry = session.get(Import, import_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise ImportNotFound
    return entry


def apply_import(session: Session, import_id: uuid.UUID) -> Import:
    """Let a checked import be applied; asking twice is asking once. Raises ImportNotFound, ImportNotReady."""
    entry = lock_import(session, import_id)
    if entry.state in ("uploaded", "checking"):
        entry.apply = True  # it goes on by itself after the check
    elif entry.state == "ready":
        entry.state, entry.apply = "applying", True
    elif entry.state == "failed" or entry.purged_at:
        raise ImportNotReady
    wake(session, TOPIC)
    return entry


def fail_import(session: Session, import_id: uuid.UUID, reason: str, row: int | None = None) -> None:
    """The file as a whole cannot be used (any further)."""
    entry = lock_import(session, import_id)
    entry.state, entry.error, entry.error_row, entry.finished_at = "failed", reason[:40], row, clock.now()
    _forget_file(session, import_id)


def count_failure(session: Session, import_id: uuid.UUID, most: int) -> bool:
    """Remember an unexpected failure; returns True (and the import is failed) when it has happened `most` times."""
    entry = lock_import(session, import_id)
    entry.attempts += 1
    if entry.attempts < most:
        return False
    fail_import(session, import_id, "internal")
    return True


def _forget_file(session: Session, import_id: uuid.UUID) -> None:
    session.execute(delete(ImportChunk).where(ImportChunk.import_id == import_id))


def finish_check(session: Session, entry: Import) -> None:
    """Everything was read: the file itself is not needed any more."""
    _forget_file(session, entry.id)
    entry.ready_at = clock.now()
    entry.state = "applying" if entry.apply else "ready"
    entry.attempts = 0


def finish_import(entry: Import) -> None:
    """Every row that can be applied has been."""
    entry.state, entry.finished_at = "finished", clock.now()


def purge_imports(session: Session, keep_days: int) -> int:
    """Forget the rows of old imports (they are personal data); the counts stay. Returns how many imports."""
    before = clock.now() - timedelta(days=keep_days)
    old = select(Import.id).where(Import.purged_at.is_(None), Import.created_at < before)
    old = old.where(Import.state.in_(("ready", "finished", "failed"))).limit(20)
    ids = list(session.scalars(old))
    if ids:
        session.execute(delete(ImportRow).where(ImportRow.import_id.in_(ids)))
        session.execute(delete(ImportChunk).where(ImportChunk.import_id.in_(ids)))
        session.execute(update(Import).where(Import.id.in_(ids)).values(purged_at=clock.now()))
    return len(ids)
