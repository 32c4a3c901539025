"""Reading and issuing tables of invoices."""

import threading
import uuid
from itertools import islice

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from services.portal.actions.import_reading import pending_rows, read_rows
from services.portal.actions.invoice_imports import (
    READING,
    RUNNING,
    fail_import,
    issue_rows,
)
from services.portal.queries.agency import agency_of
from services.portal.queries.invoice_imports import find_content, find_next_import, last_line
from shared import clock
from shared.db import Database
from shared.sheets.text import UnusableFile

log = structlog.get_logger(__name__)


class InvoiceImporter:
    """Works on one table of invoices at a time. Rows and progress commit with each chunk: it can die anywhere."""

    def __init__(self, db: Database, stop: threading.Event, zone: str, *, read: int = 500, issued: int = 50) -> None:
        self._db, self._stop, self._zone, self._read, self._issued = db, stop, zone, read, issued

    def run(self) -> bool:
        """Bring one import on to where it waits for somebody or ends; True if there was one."""
        with self._db.read() as session:
            entry = find_next_import(session, RUNNING)
        if entry is None or self._stop.is_set():
            return False
        try:
            return self._look(entry.id) if entry.state == READING else self._issue(entry.id)
        except UnusableFile as error:
            with self._db.write() as session:
                fail_import(session, entry.id, f"{error.reason}:{error.row or ''}")
            return True
        except (OperationalError, InterfaceError):
            raise  # the database is away: that says nothing about the file
        except Exception:
            if entry.state != READING:
                raise
            # A file that nobody foresaw must not keep the next ones waiting for ever.
            log.exception("import_not_read", import_id=str(entry.id))
            with self._db.write() as session:
                fail_import(session, entry.id, "internal")
            return True

    def _look(self, import_id: uuid.UUID) -> bool:
        with self._db.read() as session:
            content, after, agency = find_content(session, import_id), last_line(session, import_id), agency_of(session)
        if content is None:
            return False  # another worker has read it meanwhile
        remaining = pending_rows(content, after)
        while not self._stop.is_set():
            rows = list(islice(remaining, self._read))
            last = len(rows) < self._read
            with self._db.write() as session:
                if not read_rows(session, import_id, rows, agency, after=after, last=last) or last:
                    return True
            after = rows[-1][0]
        return False

    def _issue(self, import_id: uuid.UUID) -> bool:
        while not self._stop.is_set():
            with self._db.write() as session:
                if not issue_rows(session, import_id, clock.today(self._zone), self._issued):
                    return True
        return False
