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
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for service in SERVICES:  # made here once, so that identity knows them all when it starts
        Keyring(settings.data, service).client_secret()
    environment = {**os.environ, PARENT: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    if not _migrate(environment):
        return 1
    first_sign_in = _first_administrator(environment)
    manager = Manager()
    ports = {service: _free_port() for service in SERVICES}
    for service, port in ports.items():
        web = f"{_python()} -m services.{service} web --bind 127.0.0.1:{port}"
        manager.add_process(f"{service}.web", web, env=environment)
        manager.add_process(f"{service}.worker", f"{_python()} -m services.{service} worker", env=environment)
    routes = " ".join(f"--{service} {port}" for service, port in ports.items())
    door = f"{_python()} -m shared.embedded.frontdoor --port {settings.port} {routes}"
    manager.add_process("frontdoor", door, env=environment)
    threading.Thread(target=_announce, args=(settings, first_sign_in), daemon=True).start()
    manager.loop()
    return int(manager.returncode or 0)


def _python() -> str:
    # exec: honcho starts a shell, which must become the process it is to signal.
    return f'exec "{sys.executable}"'


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
    running = [
        subprocess.Popen([sys.executable, "-m", f"services.{service}", "migrate"], env=environment)
        for service in SERVICES
    ]
    return not any(list(map(subprocess.Popen.wait, running)))


def _first_administrator(environment: dict[str, str]) -> str:
    """How to sign in: the administrator that identity has just created, or the account that is already there."""
    command = [sys.executable, "-m", "services.identity", "first-administrator"]
    answer = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
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
