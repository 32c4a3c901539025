"""A worker says that it lives, and takes letters from those that do not."""

import os
import socket
from pathlib import Path

import structlog

from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.actions.workers import beat, recover_letters
from shared.db import Database, new_id
from shared.wake import wake

log = structlog.get_logger(__name__)


class Heartbeat:
    """The life of this process as a sender of letters."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.worker = new_id()
        self.started = False

    def beat(self) -> bool:
        """Renew the lease, and recover what dead workers had in hand."""
        with self._db.write() as session:
            beat(session, self.worker, _place(), os.getpid())
            count = recover_letters(session, self.worker, _place(), _is_running)
            if count or not self.started:
                wake(session, LETTERS_TOPIC)
        if count:
            log.warning("letters_recovered", count=count)
        self.started = True
        return False


def _place() -> str:
    """Where a process id has its meaning: this host, this boot, this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:  # not Linux
        boot = namespace = ""
    return f"{socket.gethostname()}:{boot}:{namespace}"


def _is_running(pid: int) -> bool:
    if pid == os.getpid():
        return False  # the same number again: that other worker is gone
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
