"""Files that people hand in: the bytes first, the row in the caller's transaction, and a sweep of what got no row.

with staged(store, [(upload.stream, upload.filename)], PROOFS) as files, current().db.write() as session:
    report = …
    keep_file(session, files[0], party_id=…, purpose=PROOF, report_id=report.id)
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import IO

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.portal.clients.files import FileStore, Saved
from services.portal.models import StoredFile
from services.portal.rules.files import safe_name
from shared import clock
from shared.audit import current_actor

CHUNK = 500


@dataclass(frozen=True)
class Staged:
    """A checked file whose bytes are on disk; without a row it goes after a day."""

    saved: Saved
    name: str


def stage(store: FileStore, stream: IO[bytes], name: str | None, allowed: Sequence[str]) -> Staged:
    """Check a file and keep its bytes, before any transaction. Raises UnusableFile, FileTooLarge, StorageFull."""
    saved = store.save(stream, allowed)
    return Staged(saved, safe_name(name or "", saved.content_type))


@contextmanager
def staged(
    store: FileStore, uploads: Iterable[tuple[IO[bytes], str | None]], allowed: Sequence[str]
) -> Iterator[list[Staged]]:
    """Several of them for the time of a block; if it fails, or one of them is refused, none stays.

    Raises UnusableFile, FileTooLarge, StorageFull.
    """
    kept: list[Staged] = []
    try:
        for stream, name in uploads:
            kept.append(stage(store, stream, name, allowed))
        yield kept
    except DBAPIError:
        raise  # whether the row was committed nobody can tell now; if it was not, the sweep takes the bytes
    except BaseException:
        for one in kept:
            store.delete(one.saved.id)
        raise


def keep_file(
    session: Session,
    file: Staged,
    *,
    party_id: uuid.UUID,
    purpose: str,
    name: str = "",
    invoice_id: uuid.UUID | None = None,
    report_id: uuid.UUID | None = None,
    message_id: uuid.UUID | None = None,
) -> StoredFile:
    """Make a staged file the file of a party: exactly one of the last three says what it belongs to."""
    row = StoredFile(
        id=file.saved.id,
        party_id=party_id,
        purpose=purpose,
        name=safe_name(name, file.saved.content_type) if name else file.name,
        content_type=file.saved.content_type,
        size=file.saved.size,
        sha256=file.saved.sha256,
        created_at=clock.now(),
        created_by=current_actor().name[:200],
        invoice_id=invoice_id,
        report_id=report_id,
        message_id=message_id,
    )
    session.add(row)
    session.flush()
    return row


def remove_orphans(session: Session, store: FileStore, before: datetime) -> int:
    """Delete what was stored before this moment and belongs to no row; returns how many."""
    removed, old = 0, store.list_old(before)
    while ids := list(islice(old, CHUNK)):
        known = set(session.scalars(select(StoredFile.id).where(StoredFile.id.in_(ids))))
        for file_id in set(ids) - known:
            store.delete(file_id)
            removed += 1
    return removed
