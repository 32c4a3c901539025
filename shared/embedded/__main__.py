"""`make run`: everything on this machine with nothing else installed.

Migrates the four databases, then keeps ten processes running under honcho: for each service its web side and its
worker, and the front door that makes them one origin. Ctrl-C ends them all; if one of them dies, all end and say so.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests
from honcho.manager import Manager

from shared.embedded.forks import CAN_FORK, Fork, ForkedProcess, command_of, preload
from shared.embedded.lifeline import PARENT
from shared.keyring import Keyring
from shared.settings import CommonSettings, SettingsError

SERVICES = ("directory", "identity", "mailer", "portal")
READY_WITHIN = 60.0


def main() -> int:
    """Run until a process ends or Ctrl-C; returns the exit status."""
    try:
        settings = CommonSettings.load()
    except SettingsError as error:
        print(f"Portería does not start, a setting is wrong or missing:\n{error}", file=sys.stderr)
        return 2
    if not _port_is_free(settings.port):
        print(f"Port {settings.port} is in use. Set PORTERIA_PORT to another one.", file=sys.stderr)
        return 2
    print("Portería is starting ...", flush=True)
    preload([*(f"services.{service}.__main__" for service in SERVICES), "shared.embedded.frontdoor"])
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for service in SERVICES:  # made here once, so that identity knows them all when it starts
        Keyring(settings.data, service).client_secret()
    environment = {**os.environ, PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    if not _migrate(environment):
        return 1
    manager = _Manager(settings, _first_administrator(environment))
    ports = {service: _free_port() for service in SERVICES}
    for service, port in ports.items():
        web = command_of(f"services.{service}", "web", "--bind", f"127.0.0.1:{port}")
        manager.add_process(f"{service}.web", web, env=environment)
        manager.add_process(f"{service}.worker", command_of(f"services.{service}", "worker"), env=environment)
    routes = [part for service, port in ports.items() for part in (f"--{service}", str(port))]
    door = command_of("shared.embedded.frontdoor", "--port", str(settings.port), *routes)
    manager.add_process("frontdoor", door, env=environment)
    manager.loop()
    return int(manager.returncode or 0)


class _Manager(Manager):
    """Honcho's manager; once everything is started, it tells when everything answers."""

    def __init__(self, settings: CommonSettings, first_sign_in: str) -> None:
        super().__init__()
        self._announcement = threading.Thread(target=_announce, args=(settings, first_sign_in), daemon=True)
        if CAN_FORK:
            self._process_ctor = ForkedProcess

    def _start(self) -> None:
        super()._start()
        self._announcement.start()  # only now: a thread would not survive a fork, but what it has locked would


def _start_command(command: str, environment: dict[str, str]) -> Fork | subprocess.Popen[bytes]:
    """A command that ends by itself, with its standard output to read."""
    if CAN_FORK:
        return Fork(command, environment, with_stderr=False)
    return subprocess.Popen(command, env=environment, shell=True, stdout=subprocess.PIPE)  # noqa: S602


def _port_is_free(port: int) -> bool:
    """Whether the front door can have its port; a run that was just killed gets a moment to let it go."""
    for _ in range(30):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return True
            except OSError:
                time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _migrate(environment: dict[str, str]) -> bool:
    commands = [command_of(f"services.{service}", "migrate") for service in SERVICES]
    running = [_start_command(command, environment) for command in commands]
    statuses = [process.wait() for process in running]
    return not any(statuses)


def _first_administrator(environment: dict[str, str]) -> str:
    """How to sign in: the administrator that identity has just created, or the account that is already there."""
    process = _start_command(command_of("services.identity", "first-administrator"), environment)
    answer = json.loads(process.stdout.read())  # type: ignore[union-attr]
    process.wait()
    if not answer["created"]:
        return "with the account you already have"
    if answer["password"] is None:
        return f"user {answer['user']}, password as set in PORTERIA_ADMIN_PASSWORD"
    return f"user {answer['user']}, password {answer['password']} (shown only this once)"


def _announce(settings: CommonSettings, first_sign_in: str) -> None:
    deadline = time.monotonic() + READY_WITHIN
    for service in SERVICES:
        address = f"http://127.0.0.1:{settings.port}/readyz/{service}"
        while not _answers(address):
            if time.monotonic() > deadline:
                print(f"{service} does not answer; its lines above say why.", file=sys.stderr)
                return
            time.sleep(0.1)
    print(
        f"""
Portería is ready.

  Back office    {settings.public_url}/backoffice/
  Client area    {settings.public_url}/customerarea/
  Sign in        {first_sign_in}

Ctrl-C ends it. Its data is in {Path(settings.data).resolve()}.
""",
        flush=True,
    )


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


if __name__ == "__main__":
    sys.exit(main())
