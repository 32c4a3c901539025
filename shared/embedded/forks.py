"""Processes of `make run` that are forked from the launcher instead of started anew.

All ten need the same libraries, and importing them takes a second of one core each time. On Linux the launcher
imports them once and forks; elsewhere, where a fork of a loaded process is not safe, every process is started anew.
"""

import importlib
import importlib.util
import multiprocessing
import os
import shlex
import signal
import sys
from collections.abc import Mapping, Sequence

from honcho.process import Process

CAN_FORK = sys.platform == "linux"


def preload(modules: Sequence[str]) -> None:
    """Import what the forked processes will need; must happen before any thread is started."""
    if CAN_FORK:
        for module in modules:
            importlib.import_module(module)


def command_of(module: str, *arguments: str) -> str:
    """The shell command of a process; `exec`, because the shell must become the process that honcho is to signal."""
    return shlex.join(["exec", sys.executable, "-m", module, *arguments])


class Fork:
    """Runs what `command_of` names in a fork of this process; looks like the subprocess.Popen that honcho expects."""

    def __init__(self, cmd: str, env: Mapping[str, str], *, cwd: None = None, with_stderr: bool = True) -> None:
        if cwd is not None:
            raise ValueError("a fork stays where its launcher is")
        _, _, _, module, *arguments = shlex.split(cmd)
        reading, writing = os.pipe()
        outputs = (sys.__stdout__, sys.__stderr__)[: 2 if with_stderr else 1]
        self._process = multiprocessing.get_context("fork").Process(
            target=_run, args=(module, arguments, dict(env), writing, [stream.fileno() for stream in outputs if stream])
        )
        self._process.start()
        os.close(writing)
        self.pid = self._process.pid
        self.stdout = os.fdopen(reading, "rb")
        self.returncode: int | None = None

    def wait(self) -> int:
        """Wait for its end; returns the exit status, negative if a signal ended it."""
        self._process.join()
        self.returncode = self._process.exitcode
        return self.returncode or 0


class ForkedProcess(Process):
    """A process under honcho that is a fork of the launcher."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self._child_ctor = Fork


def _run(module: str, arguments: list[str], env: dict[str, str], writing: int, outputs: list[int]) -> None:
    os.setsid()  # honcho signals groups, and Ctrl-C in the terminal is for the launcher alone
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in outputs:
        os.dup2(writing, descriptor)
    os.close(writing)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(env)
    sys.argv = [module, *arguments]
    is_package = importlib.util.find_spec(module).submodule_search_locations  # type: ignore[union-attr]
    importlib.import_module(f"{module}.__main__" if is_package else module).main()
