"""Starting server processes privately and ending exactly those, by pid."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ServerFailed(Exception):
    """A server did not start, or what it printed says why not."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def make_private_folder(prefix: str, owner: str | None = None) -> Path:
    """Create an own folder under the temporary folder, readable by `owner` (a system user) alone.

    Folders whose test run is gone (killed before it could clean up) are removed on the way.
    """
    base = Path(tempfile.gettempdir())
    if owner and not all(parent.stat().st_mode & 0o001 for parent in (base, *base.parents)):
        base = Path("/tmp")  # the system user has to be able to walk into it
    for left in base.glob(f"{prefix}-*-*"):
        pid = left.name.removeprefix(f"{prefix}-").split("-")[0]
        if pid.isdigit() and not is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{prefix}-{os.getpid()}-", dir=base))
    if owner:
        shutil.chown(folder, user=owner)
    return folder


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    dies_with_us: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own: Ctrl-C reaches the tests, and they end the server in order.

    Should the test run itself be killed, the kernel sends the server `dies_with_us`, so nothing stays behind.
    """

    def tie_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(dies_with_us))

    with log.open("ab") as output:
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=log.parent,
            user=user,
            group=_group_of(user),
            extra_groups=[] if user else None,
            start_new_session=True,
            preexec_fn=tie_to_parent,  # noqa: PLW1509 - one system call, no lock is taken
        )


def _group_of(user: str | None) -> int | None:
    import pwd

    return pwd.getpwnam(user).pw_gid if user else None


def wait_ready(
    process: subprocess.Popen[bytes], is_ready: Callable[[], bool], *, what: str, log: Path, timeout: float
) -> None:
    """Wait until the server answers. Raises ServerFailed with the end of its log if it ends or takes too long."""
    deadline = time.perf_counter() + timeout
    while not is_ready():
        if process.poll() is not None:
            raise ServerFailed(f"{what} ended with {process.returncode} while starting:\n{tail(log)}")
        if time.perf_counter() > deadline:
            raise ServerFailed(f"{what} was not ready after {timeout:g} s:\n{tail(log)}")
        time.sleep(0.05)


def end(process: subprocess.Popen[bytes] | None, how: signal.Signals, timeout: float = 15) -> None:
    """Send `how`, wait, and kill what has not ended after `timeout` seconds."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        kill_tree(process)


def kill_tree(process: subprocess.Popen[bytes] | None, timeout: float = 15) -> None:
    """SIGKILL the process and all its descendants, and wait until every one is gone."""
    if process is None:
        return
    # Stop the parent first, so that it can not start another child between the look and the kill.
    if process.poll() is None:
        process.send_signal(signal.SIGSTOP)
    pids = [process.pid, *descendants(process.pid)] if process.poll() is None else []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(timeout)
    deadline = time.perf_counter() + timeout
    while any(is_alive(pid) for pid in pids) and time.perf_counter() < deadline:
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Whether a process with this id runs (a zombie does not)."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
        except (FileNotFoundError, ProcessLookupError):
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below `root`; without /proc none (they notice the death of their parent)."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found: list[int] = []
    level = {root}
    while level:
        level = {pid for pid, parent in parents.items() if parent in level}
        found.extend(level)
    return found


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, for the text of an error."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
