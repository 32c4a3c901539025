"""The directory as a test needs it: its real application on a real database, its worker, people and programs."""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import delete, event, select
from werkzeug.test import TestResponse

from services.directory.app import create_app
from services.directory.consumers import HANDLERS
from services.directory.jobs import Importer
from services.directory.settings import Settings
from services.identity.app import create_app as create_identity
from services.identity.consumers import HANDLERS as IDENTITY_HEARS
from services.identity.settings import Settings as IdentitySettings
from shared.db import Database
from shared.events import decode
from shared.events.acts import DirectoryActRecorded as ActRecorded
from shared.outbox import outbox
from tests.support.clientarea import Neighbour, serving
from tests.support.processes import free_port
from tests.support.schema import migrated
from tests.support.web import PUBLIC_URL, Issuer, sign_in

API = "/api/directory/v1"
OFFICE = "/backoffice/directory"
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
NOBODY = "http://127.0.0.1:9"  # the discard port: refuses at once


class Directory:
    """One directory service under test."""

    def __init__(self, folder: Path, url: str, **changes: Any) -> None:
        common = {"public_url": PUBLIC_URL, "data": folder, "database_pattern": url, "internal_pattern": NOBODY}
        self.settings = Settings(**{**common, **changes})
        self.db = Database(self.settings.database_url("directory"))
        migrated("directory", self.db)
        self.issuer = Issuer()
        self.app = create_app(self.settings, self.db, token_keys=self.issuer.keys)
        self._client = self.app.test_client()

    def call(self, method: str, path: str, scope: str = "parties:read parties:write", **more: Any) -> TestResponse:
        """A program's request; `key` is its Idempotency-Key, `language` what it accepts."""
        headers = {**self.issuer.bearer(scope), "Accept-Language": more.pop("language", "es")}
        if key := more.pop("key", None):
            headers["Idempotency-Key"] = key
        return self._client.open(f"{API}{path}", method=method, headers=headers, **more)

    def register(self, number: int = 1, **values: Any) -> dict[str, Any]:
        """Register the `number`th party; every field can be given."""
        answer = self.call("POST", "/parties", json=party_values(number, **values))
        assert answer.status_code == 201, answer.text
        return dict(answer.json or {})

    def names(self, query: str) -> list[str]:
        """The names that a list with this query has."""
        answer = self.call("GET", f"/parties?{query}")
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in (answer.json or {})["items"]]

    def upload(self, content: bytes, name: str = "personas.csv", **form: Any) -> TestResponse:
        """Upload a file over REST."""
        return self.call("POST", "/imports", data={"file": (io.BytesIO(content), name), **form})

    def work(self, *, rows: int = 500) -> None:
        """Let the worker do what there is to do."""
        importer = Importer(self.db, threading.Event(), language="es", rows=rows)
        while importer.run():
            pass

    def imported(self, content: bytes, **form: Any) -> dict[str, Any]:
        """Upload a file, let the worker work, and return what became of it."""
        answer = self.upload(content, **form)
        assert answer.status_code == 202, answer.text
        self.work()
        return self.shown((answer.json or {})["id"])

    def shown(self, import_id: str) -> dict[str, Any]:
        """An import as REST shows it."""
        return dict(self.call("GET", f"/imports/{import_id}").json or {})

    def told(self, *, acts: bool = False) -> list[Any]:
        """The events that wait in the outbox, in order; those for the audit trail apart from the others."""
        with self.db.read() as session:
            bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id))
            waiting = [decode(bytes(body)).event for body in bodies]
        return [one for one in waiting if isinstance(one, ActRecorded) is acts]

    def hear(self, *events: Any) -> None:
        """Let the directory hear events, one after the other."""
        for one in events:
            with self.db.write() as session:
                HANDLERS[type(one)](session, [one])

    def forget_told(self) -> None:
        """Empty the outbox."""
        with self.db.write() as session:
            session.execute(delete(outbox))

    def office(self, role: str = "agent") -> "Office":
        """A member of the staff at the pages."""
        client = self.app.test_client()
        sign_in(client, role)
        return Office(client)

    @contextmanager
    def counting(self) -> Iterator[list[str]]:
        """The statements that are sent to the database during the block."""
        statements: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            statements.append(statement)

        event.listen(self.db.engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(self.db.engine, "before_cursor_execute", note)


class Office:
    """A browser at the back office."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(OFFICE + path)

    def post(self, path: str, form: str, **fields: Any) -> TestResponse:
        """Send a form that stands on the page `form`, with its hidden token."""
        return self.client.post(OFFICE + path, data={**self.hidden(form), **fields})

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the main form of a page; of a page without one the token against forgery."""
        page = self.get(path).text
        token = {"csrf_token": found[1]} if (found := CSRF.search(page)) else {}
        return token | dict(
            re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.partition("<main")[2])
        )


def form_of(party: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends when the fields of a party are saved as they are."""
    emails = {f"email-{n}": email["address"] for n, email in enumerate(party["emails"])}
    names = ("document_type", "document_number", "name", "language", "classes")
    return {**{name: party[name] for name in names}, **emails, "principal": "0", "phones": "", "notes": ""}


def party_values(number: int = 1, **values: Any) -> dict[str, Any]:
    """What is sent to register the `number`th party."""
    usual = {
        "name": f"Persona {number}",
        "document_type": "CC",
        "document_number": str(10_000_000 + number),
        "classes": ["tenant"],
        "emails": [{"address": f"persona{number}@example.com", "principal": True}],
    }
    return usual | values


def table(*rows: str, header: str = "tipo documento,documento,nombre,clase,correo") -> bytes:
    """A CSV file in UTF-8."""
    return "\n".join([header, *rows, ""]).encode()


@contextmanager
def directory(folder: Path, url: str, **changes: Any) -> Iterator[Directory]:
    """A directory on a fresh database."""
    made = Directory(folder, url, **changes)
    try:
        yield made
    finally:
        made.db.dispose()


@contextmanager
def with_identity(folder: Path, url: str) -> Iterator[tuple[Directory, Neighbour]]:
    """The directory beside a served identity; events are carried by `tell`."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    settings = IdentitySettings(
        public_url=PUBLIC_URL, data=folder, database_pattern=url, internal_pattern=address, password_cost=10
    )
    db = Database(settings.database_url("identity"))
    identity = Neighbour(settings, db, create_identity(settings, db), address)
    try:
        identity.prepare()
        with serving(identity.app, port), directory(folder, url, internal_pattern=address) as made:
            yield made, identity
    finally:
        db.dispose()


def tell(made: Directory, identity: Neighbour) -> None:
    """Let identity hear what the directory told."""
    for one in made.told():
        with identity.db.write() as session:
            IDENTITY_HEARS[type(one)](session, [one])
    made.forget_told()
