"""The directory's long and timed work: imports, and forgetting what is old."""

import threading
import uuid
from collections.abc import Iterator
from itertools import islice
from typing import Any

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from services.directory.actions.applying import apply_rows
from services.directory.actions.checks import check_rows
from services.directory.actions.imports import TOPIC, count_failure, fail_import, purge_imports
from services.directory.models import Import
from services.directory.queries.imports import find_chunk, find_next_import
from shared.db import Database
from shared.sheets.text import UnusableFile, records
from shared.web.idempotency import purge_idempotency_keys
from shared.worker import Job, Worker

ROWS = 500
MOST_FAILURES = 5

log = structlog.get_logger(__name__)


class Importer:
    """Works on one import at a time, the oldest first. Its progress commits with each chunk: it can die anywhere."""

    def __init__(self, db: Database, stop: threading.Event, *, language: str, rows: int = ROWS) -> None:
        self._language, self._db, self._stop, self._rows = language, db, stop, rows

    def run(self) -> bool:
        """Bring one import on to where it waits for somebody or ends; True if there was one."""
        with self._db.read() as session:
            entry = find_next_import(session)
        if entry is None or self._stop.is_set():
            return False
        try:
            return self._check(entry) if entry.state in ("uploaded", "checking") else self._apply(entry.id)
        except (OperationalError, InterfaceError):
            raise  # the database is away: that says nothing about the import
        except UnusableFile as error:
            with self._db.write() as session:
                fail_import(session, entry.id, error.reason, error.row)
            return True
        except Exception:
            with self._db.write() as session:
                given_up = count_failure(session, entry.id, MOST_FAILURES)
            if not given_up:
                raise
            log.exception("import_failed", import_id=str(entry.id))
            return True

    def _check(self, entry: Import) -> bool:
        position = entry.read_rows
        found = records(self._pieces(entry.id), entry.encoding, entry.delimiter)
        remaining = (record for record in found if record[0] > position)
        while not self._stop.is_set():
            rows = list(islice(remaining, self._rows))
            last = len(rows) < self._rows
            with self._db.write() as session:
                if not check_rows(session, entry.id, position, rows, last=last):
                    return False  # another worker is at it
            if last:
                return True
            position = rows[-1][0]
        return False

    def _pieces(self, import_id: uuid.UUID) -> Iterator[bytes]:
        number = 0
        while True:
            # A transaction of its own for each piece: a long one would hold back what the database tidies up.
            with self._db.read() as session:
                piece = find_chunk(session, import_id, number)
            if piece is None:
                return
            yield piece
            number += 1

    def _apply(self, import_id: uuid.UUID) -> bool:
        while not self._stop.is_set():
            with self._db.write() as session:
                if not apply_rows(session, import_id, limit=self._rows, language=self._language):
                    return True
        return False


def jobs(settings: Any, db: Database, worker: Worker) -> list[Job]:
    """Imports when one is waiting; once an hour the old is forgotten."""

    def forget() -> bool:
        with db.write() as session:
            purge_idempotency_keys(session)
            return purge_imports(session, settings.import_keep_days) > 0

    return [
        Job("imports", Importer(db, worker.stop, language=settings.language).run, 30.0, TOPIC),
        Job("forget", forget, 3600.0),
    ]
