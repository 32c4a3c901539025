"""A Portería that a command of this folder starts for itself, and ends again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import requests

SERVICES = ("directory", "identity", "mailer", "portal")
READY_WITHIN = 60.0


class OwnRun:
    """What `make run` starts, with this environment; `log` gets what it says."""

    def __init__(self, base: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._base, self._log = base, log
        self._environment = dict(os.environ if environment is None else environment)
        self._process: subprocess.Popen[bytes] | None = None
        self.first_sign_in = ""

    def start(self) -> None:
        """Create the administrator, start everything and wait until it answers."""
        print("Starting Portería ...", flush=True)
        self._log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Asked here and not read from what the run prints: that goes into a file, where no password belongs.
        created = json.loads(self.command("identity", "first-administrator"))
        self.first_sign_in = (
            f"user {created['user']}, password {created['password'] or 'as set in PORTERIA_ADMIN_PASSWORD'}"
            if created["created"]
            else "with the account you already have"
        )
        with self._log.open("wb") as log:
            command = [sys.executable, "-m", "shared.embedded"]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        deadline = time.monotonic() + READY_WITHIN
        while not is_ready(self._base):
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
                give_up(f"It did not start; the end of {self._log}:\n{last}")
            time.sleep(0.2)

    def command(self, service: str, *arguments: str) -> str:
        """The last line of what a command of a service prints; gives up if it fails."""
        return run_command(service, *arguments, environment=self._environment)

    def wait(self) -> None:
        """Stay until it ends or Ctrl-C."""
        if self._process:
            self._process.wait()

    def end(self) -> None:
        """Stop it, as Ctrl-C does."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(30)


def is_ready(base: str) -> bool:
    """Whether a Portería answers there."""
    try:
        return all(requests.get(f"{base}/readyz/{service}", timeout=3).ok for service in SERVICES)
    except requests.RequestException:
        return False


def run_command(service: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """The last line of what a command of a service prints; gives up if it fails."""
    command = [sys.executable, "-m", f"services.{service}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        give_up(f"services.{service} {arguments[0]} failed:\n{done.stderr}")
    return (done.stdout.strip().splitlines() or [""])[-1]


def give_up(why: str) -> NoReturn:
    """End the command and say why."""
    print(why, file=sys.stderr)
    sys.exit(1)
