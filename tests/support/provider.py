"""Identity as a process of its own, and what a stranger who signs people in through it needs: a browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests

from services.identity.actions.administrators import create_first_administrator
from services.identity.actions.clients import create_client
from services.identity.settings import Settings
from shared.db import Database
from tests.support.processes import end, free_port, start, wait_ready
from tests.support.schema import migrated

ROOT = Path(__file__).parents[2]
CALLBACK = "https://erp.example/callback"


class Provider:
    """A running identity. `url`: its address; `password`: that of `admin`; `db`: its database, to prepare things in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"http://127.0.0.1:{free_port()}"
        self.settings = Settings(data=folder / "var", public_url=self.url)
        self.db = Database(self.settings.database_url("identity"))
        migrated("identity", self.db)
        with self.db.write() as session:
            _, password = create_first_administrator(session, None, 10)
        assert password
        self.password = password

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PORTERIA_")}
        settings = {"PORTERIA_DATA": str(self.folder / "var"), "PORTERIA_PUBLIC_URL": self.url}
        return own | settings | {"PYTHONPATH": str(ROOT), "PORTERIA_INTERNAL_URL": self.url}

    def new_client(self, scopes: Sequence[str] = (), redirects: Sequence[str] = (CALLBACK,)) -> tuple[str, str]:
        """Register a foreign system: its id and its secret."""
        with self.db.write() as session:
            client, secret = create_client(session, "ERP", scopes, redirects)
        return client.client_id, secret

    def command(self, *arguments: str) -> str:
        """Run `python -m services.identity …` beside the running process; returns what it prints."""
        line = [sys.executable, "-m", "services.identity", *arguments]
        done = subprocess.run(line, env=self.environment, check=True, capture_output=True, text=True, timeout=60)
        return done.stdout

    def document(self, path: str) -> Any:
        """A public JSON document."""
        return requests.get(f"{self.url}{path}", timeout=5).json()


@contextmanager
def running_provider(folder: Path) -> Iterator[Provider]:
    """Identity's web process on a fresh SQLite database."""
    provider = Provider(folder)
    try:
        with running_web("identity", provider.url, provider.environment, folder / "identity.log"):
            yield provider
    finally:
        provider.db.dispose()


@contextmanager
def running_web(service: str, url: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    """The web process of a service, at this address."""
    command = [sys.executable, "-m", f"services.{service}", "web", "--bind", url.removeprefix("http://")]
    process = start(command, log=log, env=environment)
    try:
        wait_ready(process, lambda: _answers(f"{url}/readyz/{service}"), what=service, log=log, timeout=60)
        yield
    finally:
        end(process, signal.SIGTERM)


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


class Person:
    """A browser: follows redirects as long as they stay at identity, sends the form of a page."""

    def __init__(self) -> None:
        self._session = requests.Session()

    def open(self, address: str) -> requests.Response:
        """Open an address."""
        return self._follow(self._session.get(address, allow_redirects=False, timeout=10))

    def submit(self, page: requests.Response, **fields: str) -> requests.Response:
        """Fill in and send the form of a page."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        action = re.search(r'<form method="post" action="([^"]+)"', page.text)
        assert token, page.text
        assert action, page.text
        address = urljoin(page.url, action[1].replace("&amp;", "&"))
        data = {"csrf_token": token[1], **fields}
        return self._follow(self._session.post(address, data=data, allow_redirects=False, timeout=10))

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect and not answer.headers["Location"].startswith(CALLBACK):
            address = urljoin(answer.url, answer.headers["Location"])
            answer = self._session.get(address, allow_redirects=False, timeout=10)
        return answer

    def allow(self, provider: Provider, address: str) -> str:
        """Sign in at this authorization address and consent; returns the address that leads back to the client."""
        consent = self.submit(self.open(address), username="admin", password=provider.password)
        assert consent.status_code == 200, consent.text
        back = str(self.submit(consent, decision="accept").headers["Location"])
        assert back.startswith(CALLBACK)
        return back
