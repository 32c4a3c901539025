"""The course of an import, and the decisions of people about it: what its columns are, and whether it is applied."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.directory.models import Import, ImportChunk, ImportRow
from services.directory.models.imports import ColumnMapping
from services.directory.queries.imports import find_chunk
from services.directory.rules.columns import Columns, mapped_fields, require_columns, signature_of
from shared import clock
from shared.audit import SYSTEM, Actor, acting, current_actor, record_act
from shared.db import insert_into
from shared.wake import wake

TOPIC = "imports"
COUNTS = ("read_rows", "total", "expected_created", "expected_updated", "expected_unchanged", "skipped", "warned")
"""What a check counts."""


class ImportNotFound(Exception):
    """There is no import with this id."""


class ImportNotReady(Exception):
    """Only an import that was checked and waits can be applied."""


def lock_import(session: Session, import_id: uuid.UUID) -> Import:
    """The import, for a change. Raises ImportNotFound."""
    entry = session.get(Import, import_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise ImportNotFound
    return entry


def apply_import(session: Session, import_id: uuid.UUID) -> Import:
    """Let a checked import be applied; asking twice is asking once. Raises ImportNotFound, ImportNotReady."""
    entry = lock_import(session, import_id)
    if entry.state in ("uploaded", "checking", "ready") and not entry.purged_at:
        remember_starter(entry, current_actor())
        entry.apply = True  # one that is not checked yet goes on by itself after the check
        if entry.state == "ready":
            entry.state = "applying"
            _forget_file(session, import_id)
    elif entry.state in ("mapping", "failed") or entry.purged_at:
        raise ImportNotReady
    wake(session, TOPIC)
    return entry


def remember_starter(entry: Import, actor: Actor) -> None:
    """From here on the worker acts in the name of this one."""
    entry.starter_kind, entry.starter_id, entry.starter_name = actor.kind, actor.id[:200], actor.name[:200]


def map_columns(
    session: Session, import_id: uuid.UUID, fields: Sequence[str], *, document_type: str, classes: Sequence[str]
) -> Import:
    """Say which field each column holds, "" for none, remember it for files with the same header, and check anew.

    `document_type` and `classes` are for rows that name none. Raises ImportNotFound, ImportNotReady (it is being
    applied, or its file is gone) and UnusableFile (columns are missing, or there twice).
    """
    entry = lock_import(session, import_id)
    if entry.state not in ("mapping", "ready") or find_chunk(session, import_id, 0) is None:
        raise ImportNotReady
    require_columns(Columns(entry.header, fields), has_document_type=bool(document_type), has_classes=bool(classes))
    entry.fields, entry.default_document_type, entry.default_classes = list(fields), document_type, list(classes)
    _remember_mapping(session, entry)
    session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
    for name in COUNTS:
        setattr(entry, name, 0)
    entry.state, entry.ready_at = "uploaded", None
    wake(session, TOPIC)
    return entry


def _remember_mapping(session: Session, entry: Import) -> None:
    values = {
        "fields": mapped_fields(entry.header, entry.fields or []),
        "chosen_by": current_actor().name[:200],
        "chosen_at": clock.now(),
    }
    keeping = insert_into(session, ColumnMapping).values(signature=signature_of(entry.header), **values)
    session.execute(keeping.on_conflict_do_update(index_elements=["signature"], set_=values))


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
    """Everything was read. The file is kept while somebody may still say that its columns are others."""
    entry.ready_at = clock.now()
    entry.state = "applying" if entry.apply else "ready"
    entry.attempts = 0
    if entry.apply:
        _forget_file(session, entry.id)


def finish_import(session: Session, entry: Import) -> None:
    """Every row that can be applied has been: that is recorded as done by whoever had it applied."""
    entry.state, entry.finished_at = "finished", clock.now()
    starter = Actor(entry.starter_kind, entry.starter_id, entry.starter_name) if entry.starter_kind else SYSTEM
    told = {"file": entry.filename, "created": entry.created, "updated": entry.updated, "left out": entry.skipped}
    with acting(starter):
        record_act(
            session,
            "directory",
            "parties.imported",
            subject="import",
            subject_id=entry.id,
            count=entry.created + entry.updated,
            details=told,
        )


def purge_imports(session: Session, keep_days: int) -> int:
    """Forget the rows of old imports (they are personal data); the counts stay. Returns how many imports."""
    before = clock.now() - timedelta(days=keep_days)
    old = select(Import.id).where(Import.purged_at.is_(None), Import.created_at < before)
    old = old.where(Import.state.in_(("mapping", "ready", "finished", "failed"))).limit(20)
    ids = list(session.scalars(old))
    if ids:
        session.execute(delete(ImportRow).where(ImportRow.import_id.in_(ids)))
        session.execute(delete(ImportChunk).where(ImportChunk.import_id.in_(ids)))
        session.execute(update(Import).where(Import.id.in_(ids)).values(purged_at=clock.now()))
    return len(ids)
