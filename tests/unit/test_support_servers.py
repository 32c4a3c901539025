"""The order in which real servers are looked for; nothing is started here."""

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.support import processes, servers
from tests.support.processes import ServerFailed


class _Server:
    def __init__(self, name: str, fails: type[BaseException] | None = None) -> None:
        self.url = name
        self.stopped = False
        self._fails = fails

    def start(self) -> None:
        if self._fails:
            raise self._fails("broken")

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True)
def _no_report(monkeypatch):
    monkeypatch.setattr(servers, "REPORT", servers._Report())


def _version(url: str) -> str:
    return f"1.0 of {url}"


def test_the_first_way_that_works_is_taken_and_ended():
    first, second = _Server("first"), _Server("second")
    ways: list[servers.Way] = [("a", lambda: "not set"), ("b", lambda: first), ("c", lambda: second)]

    with servers._first("Thing", ways, _version) as server:
        assert server is first
        assert not first.stopped

    assert first.stopped
    assert servers.REPORT.lines[0].startswith("Thing 1.0 of first, b, ready in")


def test_a_server_that_does_not_start_is_ended_and_the_next_way_tried():
    broken, works = _Server("broken", ServerFailed), _Server("works")

    with servers._first("Thing", [("a", lambda: broken), ("b", lambda: works)], _version) as server:
        assert server is works

    assert broken.stopped


def test_interrupting_the_start_leaves_nothing_behind():
    slow = _Server("slow", KeyboardInterrupt)

    with pytest.raises(KeyboardInterrupt), servers._first("Thing", [("a", lambda: slow)], _version):
        pass

    assert slow.stopped


def test_without_any_way_the_reason_of_each_is_told():
    ways: list[servers.Way] = [("a", lambda: "not set"), ("b", lambda: _Server("broken", ServerFailed))]

    reasons = r"no real Thing: a: not set; b: broken"
    with pytest.raises(servers.Unavailable, match=reasons), servers._first("Thing", ways, _version):
        pass

    assert servers.REPORT.lines == ["no Thing (a: not set; b: broken)"]


@pytest.mark.parametrize(
    ("value", "expected"), [("true", True), ("1", True), ("", False), ("false", False), (None, False)]
)
def test_ci_is_what_the_environment_says(monkeypatch, value, expected):
    monkeypatch.delenv("CI", raising=False)
    if value is not None:
        monkeypatch.setenv("CI", value)
    assert servers.in_ci() is expected


def test_what_is_lacking_is_skipped_with_the_reason_and_fails_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no real Thing"):
        servers.lacking("no real Thing")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI needs it: no real Thing"):
        servers.lacking("no real Thing")


def test_nothing_is_installed_where_it_is_forbidden(monkeypatch):
    monkeypatch.setenv("PORTERIA_TEST_INSTALL", "0")
    assert servers.install("postgresql") == "forbidden by PORTERIA_TEST_INSTALL=0"


def test_a_user_who_is_not_root_installs_only_when_asked_to(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("PORTERIA_TEST_INSTALL", raising=False)
    monkeypatch.setattr(servers.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert servers.why_not_install() == "not root (PORTERIA_TEST_INSTALL=1 allows sudo)"


def test_killing_ends_the_children_too(tmp_path):
    parent = (
        "import subprocess, sys;"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
        "print(child.pid, flush=True);"
        "child.wait()"
    )
    log = tmp_path / "log"
    process = processes.start([sys.executable, "-c", parent], log=log)
    processes.wait_ready(process, lambda: log.read_text().endswith("\n"), what="parent", log=log, timeout=20)
    grandchild = int(log.read_text())
    assert processes.is_alive(grandchild)

    processes.kill_tree(process)

    assert not processes.is_alive(grandchild)
    assert process.returncode == -signal.SIGKILL


def test_a_server_that_ends_while_starting_shows_the_end_of_its_log(tmp_path):
    log = tmp_path / "log"
    process = processes.start([sys.executable, "-c", "print('port taken'); raise SystemExit(3)"], log=log)

    with pytest.raises(ServerFailed, match=r"Thing ended with 3 while starting:\nport taken"):
        processes.wait_ready(process, lambda: False, what="Thing", log=log, timeout=20)


def test_folders_of_runs_that_are_gone_are_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(processes.tempfile, "gettempdir", lambda: str(tmp_path))
    gone = tmp_path / "porteria-thing-999999999-abc"
    other = tmp_path / "porteria-other-999999999-abc"
    gone.mkdir()
    other.mkdir()

    mine = processes.make_private_folder("porteria-thing")

    assert mine.parent == tmp_path
    assert mine.stat().st_mode & 0o777 == 0o700
    assert not gone.exists()
    assert other.exists()
    assert Path(processes.make_private_folder("porteria-thing")) != mine
    assert mine.exists()
