"""What `make run` starts, for tests: one installation whose data and port stay while its processes come and go."""

import mailbox
import subprocess
import sys
from pathlib import Path

from tests.support.processes import start, tail
from tests.support.smtp import ReceivedLetter
from tests.support.system import System
from tests.support.waiting import wait_until

COMMAND = [sys.executable, "-m", "shared.embedded"]


class EmbeddedRun:
    """An installation on the embedded default: SQLite, the embedded broker, the local letter box."""

    def __init__(self, folder: Path) -> None:
        self.system = System(folder)
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start as `make run` does; returns the pid of the launcher once everything is ready."""
        self.log.unlink(missing_ok=True)
        self.process = start(COMMAND, log=self.log, env=self.system.environment)
        wait_until(lambda: "Portería is ready" in self.said(), timeout=60, message=lambda: tail(self.log, 60))
        return self.process.pid

    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sink(self) -> list[ReceivedLetter]:
        """The letters in the local letter box."""
        box = mailbox.Maildir(self.system.folder / "var" / "sink", create=False)
        return [ReceivedLetter("", (message["To"],), message.as_bytes(), 0) for message in box]
