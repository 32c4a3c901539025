"""Taking in a file: what kind it is, what its columns are; its rows are the worker's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from sqlalchemy import insert
from sqlalchemy.orm import Session

from services.directory.actions.imports import TOPIC, remember_starter
from services.directory.models import Import, ImportChunk
from services.directory.queries.imports import find_mapping
from services.directory.rules.columns import columns_of, find_delimiter, map_titles, require_columns
from shared import clock
from shared.audit import current_actor
from shared.db import new_id
from shared.sheets.text import Encoding, UnusableFile, first_lines, is_separator_line, records
from shared.sheets.uploads import Upload
from shared.wake import wake

PIECE = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """How a file is to be read: what stands in for columns it does not have, and whether it is applied by itself.

    mapping: title of a column to the field that it holds, "" for none. ask: let a person say what the columns are where
    their names do not tell; without it such a file is refused if a needed one is missing.
    """

    apply: bool
    document_type: str = ""
    classes: Sequence[str] = field(default_factory=tuple)
    mapping: Mapping[str, str] | None = None
    ask: bool = False


def receive_import(session: Session, upload: Upload, filename: str, options: ImportOptions) -> Import:
    """Take a file in and wake the worker. Raises UnusableFile; then nothing is kept."""
    actor = current_actor()
    entry = Import(
        id=new_id(),
        state="uploaded",
        filename=(filename or "").replace("\\", "/").rpartition("/")[2][:200] or "?",
        size=upload.size,
        encoding="utf-8",
        delimiter=",",
        header=[],
        sheet=upload.sheet,
        sheets=upload.sheets,
        default_document_type=options.document_type,
        default_classes=list(options.classes),
        apply=options.apply,
        created_by=actor.name[:200],
        created_at=clock.now(),
    )
    if options.apply:
        remember_starter(entry, actor)
    session.add(entry)
    session.flush()
    _read(session, entry, upload)
    _find_columns(session, entry, options)
    session.flush()
    if entry.state == "uploaded":
        wake(session, TOPIC)
    return entry


def _read(session: Session, entry: Import, upload: Upload) -> None:
    detective, head = Encoding(), b""
    for piece in _keep(session, entry, upload.content):
        if not upload.is_workbook:
            detective.feed(piece)
        head = head or piece
    if upload.is_workbook:
        upload.content.close()
    elif head.strip():
        entry.encoding = detective.result()
        lines = first_lines(head, entry.encoding)
        entry.delimiter = find_delimiter([line for line in lines if not is_separator_line(line)])
    entry.header = _header(head, entry)


def _keep(session: Session, entry: Import, content: IO[bytes]) -> Iterator[bytes]:
    number = 0
    while piece := content.read(PIECE):
        session.execute(insert(ImportChunk).values(import_id=entry.id, number=number, content=piece))
        yield piece
        number += 1


def _header(head: bytes, entry: Import) -> list[str]:
    found = records([head], entry.encoding, entry.delimiter)
    _, header = next(found, (0, []))
    if header and is_separator_line(entry.delimiter.join(header)):
        _, header = next(found, (0, []))
    if not header:
        raise UnusableFile("empty")
    return [cell.strip()[:100] for cell in header]


def _find_columns(session: Session, entry: Import, options: ImportOptions) -> None:
    """By what the caller says, by what was said of the same header before, or by the names; or else a person is asked.

    Nobody is asked about a file of one column: whatever it is, two are missing.
    """
    told = options.mapping is not None
    entry.fields = map_titles(entry.header, options.mapping or {}) if told else find_mapping(session, entry.header)
    known = entry.fields is not None
    try:
        require_columns(
            entry.columns,
            has_document_type=bool(entry.default_document_type),
            has_classes=bool(entry.default_classes),
        )
    except UnusableFile:
        if not options.ask or sum(bool(title) for title in entry.header) < 2:
            raise
        entry.state = "mapping"
    if options.ask and not known and columns_of(entry.header).unused:
        entry.state = "mapping"
