"""`make run`: the embedded default, as on a new machine. What it starts, Ctrl-C ends; what it holds, a kill leaves."""

import mailbox
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support import letters
from tests.support.people import person
from tests.support.processes import descendants, is_alive, kill_tree, start, tail
from tests.support.smtp import ReceivedLetter
from tests.support.system import ROOT, System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


class MakeRun:
    """One installation: its data and its port stay, the processes come and go."""

    def __init__(self, folder: Path) -> None:
        self.system = System(folder)
        self.log = folder / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start as `make run` does; returns the pid of the launcher once everything is ready."""
        self.log.unlink(missing_ok=True)
        command = [sys.executable, "-m", "shared.embedded"]
        self.process = start(command, log=self.log, env=self.system.environment)
        wait_until(lambda: "Portería is ready" in self.said(), timeout=60, message=lambda: tail(self.log, 60))
        return self.process.pid

    def said(self) -> str:
        """What it printed so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def sink(self) -> list[ReceivedLetter]:
        """The letters in the local letter box."""
        box = mailbox.Maildir(self.system.folder / "var" / "sink", create=False)
        return [ReceivedLetter("", (message["To"],), message.as_bytes(), 0) for message in box]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[MakeRun]:
    made = MakeRun(tmp_path)
    yield made
    kill_tree(made.process)


def test_a_key_is_issued_delivered_and_survives_the_death_of_everything(installation: MakeRun) -> None:
    launcher = installation.start()
    assert installation.system.url.replace("127.0.0.1", "localhost") in installation.said()
    api = installation.system.client()
    party = api.post("directory/v1/parties", person(1))
    api.post("identity/v1/credentials", {"party_id": party["id"], "mode": "random", "delivery": "password"})
    wait_until(installation.sink, message="no letter in the local letter box")
    login, password = letters.credentials(installation.sink()[0])
    assert api.can_sign_in(login, password)

    # kill -9 of the launcher alone: what it had started must not stay behind and hold the port.
    children = descendants(launcher)
    assert len(children) >= 9, children
    os.kill(launcher, signal.SIGKILL)
    assert installation.process is not None
    installation.process.wait(30)
    wait_until(lambda: not any(map(is_alive, children)), timeout=20, message="processes were left behind")

    installation.start()
    assert api.can_sign_in(login, password)
    assert len(installation.sink()) == 1
    assert api.get("directory/v1/parties")["items"][0]["id"] == party["id"]


def test_ctrl_c_ends_every_process_and_frees_the_port(installation: MakeRun) -> None:
    launcher = installation.start()
    children = descendants(launcher)
    os.kill(launcher, signal.SIGINT)
    assert installation.process is not None
    installation.process.wait(30)
    wait_until(lambda: not any(map(is_alive, children)), timeout=5, message="processes were left behind")
    with pytest.raises(requests.ConnectionError):
        requests.get(installation.system.url, timeout=2)


def test_a_wrong_setting_is_named_and_nothing_starts(installation: MakeRun) -> None:
    environment = {**installation.system.environment, "PORTERIA_TIMEZONE": "Bogotá", "PORTERIA_LANGUAGE": "pt"}
    command = [sys.executable, "-m", "shared.embedded"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "PORTERIA_TIMEZONE" in done.stderr
    assert "PORTERIA_LANGUAGE" in done.stderr


def test_a_port_that_is_in_use_is_said_clearly(installation: MakeRun) -> None:
    installation.start()
    command = [sys.executable, "-m", "shared.embedded"]
    environment = installation.system.environment
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "PORTERIA_PORT" in done.stderr
