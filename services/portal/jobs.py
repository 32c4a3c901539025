"""Timed work of the portal."""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

from services.portal.actions.files import remove_orphans
from services.portal.actions.sessions import delete_old_sessions, end_expired_sessions
from services.portal.clients.files import FileStore
from services.portal.rules.sessions import Lifetime
from shared import clock
from shared.db import Database
from shared.web.idempotency import purge_idempotency_keys
from shared.worker import Job, Worker

ORPHANS_AFTER = timedelta(days=1)


class PortalSettings(Protocol):
    """The settings that the jobs need."""

    @property
    def lifetime(self) -> Lifetime:
        """When a session is over by itself."""

    @property
    def session_keep_days(self) -> int:
        """For how long ended sessions are kept."""

    @property
    def data(self) -> Path:
        """Where files lie."""

    @property
    def upload_limit(self) -> int:
        """Bytes of the largest file."""


def jobs(settings: PortalSettings, db: Database, _worker: Worker) -> list[Job]:
    """What the worker repeats."""
    keep = timedelta(days=settings.session_keep_days)

    def tidy_sessions() -> bool:
        with db.write() as session:
            end_expired_sessions(session, settings.lifetime)
            delete_old_sessions(session, clock.now() - keep)
            purge_idempotency_keys(session)
        return False

    def tidy_files() -> bool:
        with db.read() as session:
            remove_orphans(session, FileStore(settings.data, settings.upload_limit), clock.now() - ORPHANS_AFTER)
        return False

    return [
        Job("tidy_sessions", tidy_sessions, every=600.0),
        Job("tidy_files", tidy_files, every=3600.0),
    ]
