"""`make run`: the embedded default, as on a new machine. What it starts, Ctrl-C ends; what it holds, a kill leaves."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support import letters
from tests.support.embedded import COMMAND, EmbeddedRun
from tests.support.people import person
from tests.support.processes import descendants, is_alive, kill_tree
from tests.support.system import ROOT
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[EmbeddedRun]:
    made = EmbeddedRun(tmp_path)
    yield made
    kill_tree(made.process)


def test_a_key_is_issued_delivered_and_survives_the_death_of_everything(installation: EmbeddedRun) -> None:
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


def test_ctrl_c_ends_every_process_and_frees_the_port(installation: EmbeddedRun) -> None:
    launcher = installation.start()
    children = descendants(launcher)
    os.kill(launcher, signal.SIGINT)
    assert installation.process is not None
    installation.process.wait(30)
    wait_until(lambda: not any(map(is_alive, children)), timeout=5, message="processes were left behind")
    with pytest.raises(requests.ConnectionError):
        requests.get(installation.system.url, timeout=2)


def test_a_wrong_setting_is_named_and_nothing_starts(installation: EmbeddedRun) -> None:
    environment = {**installation.system.environment, "PORTERIA_TIMEZONE": "Bogotá", "PORTERIA_LANGUAGE": "pt"}
    done = subprocess.run(COMMAND, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "PORTERIA_TIMEZONE" in done.stderr
    assert "PORTERIA_LANGUAGE" in done.stderr


def test_a_port_that_is_in_use_is_said_clearly(installation: EmbeddedRun) -> None:
    installation.start()
    environment = installation.system.environment
    done = subprocess.run(COMMAND, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "PORTERIA_PORT" in done.stderr
