"""The four services in one process, with some data: for tests that look at everything there is.

Every application is the real one on a real database, and they call each other over HTTP through one port; events are
carried between them by hand, and of the workers only what finishes at once is done.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from services.identity.actions.clients import create_client, register_first_party
from services.identity.actions.keys import ensure_key
from services.identity.models.staff import StaffMember
from services.identity.rules.keys import PURPOSES
from services.identity.rules.scopes import API_SCOPES
from services.mailer.actions.keys import ensure_sealing_key
from services.mailer.actions.queue import ensure_queue
from services.mailer.jobs.signing_keys import SigningKeys
from services.portal.actions.sessions import open_session
from services.portal.pages.visitor import AREA, COOKIE
from shared.bus import Delivery
from shared.db import Database
from shared.embedded.frontdoor import service_of
from shared.events import decode, type_of
from shared.inbox import Inbox
from shared.keyring import Keyring
from shared.outbox import outbox
from shared.worker import Worker
from tests.support.clientarea import serving
from tests.support.processes import free_port
from tests.support.schema import migrated
from tests.support.staff import StaffBrowser, add_staff
from tests.support.web import sign_in

SERVICES = ("directory", "identity", "mailer", "portal")


@dataclass
class Room:
    """One service of the house."""

    settings: Any
    db: Database
    app: Flask
    handlers: Mapping[type, Any]
    jobs: Any


@dataclass
class House:
    """All four; `rooms["mailer"].db` and so on. `url` is where they are served."""

    folder: Path
    url: str = ""
    rooms: dict[str, Room] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)
    """Of the members of the staff; each is called as their role: auditor, agent, administrator."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer for all of them, as the front door does."""
        service = service_of(environ.get("PATH_INFO", ""))
        return self.rooms[service or "portal"].app(environ, start_response)

    def prepare(self, url: str, port: int, **changes: Mapping[str, Any]) -> None:
        """What `migrate` and the first start of the workers do."""
        self.url = f"http://127.0.0.1:{port}"
        common = {
            "public_url": self.url,
            "data": self.folder,
            "database_pattern": url,
            "internal_pattern": self.url,
        }
        for service in SERVICES:
            settings = import_module(f"services.{service}.settings").Settings(**common, **changes.get(service, {}))
            db = Database(settings.database_url(service))
            migrated(service, db)
            app = import_module(f"services.{service}.app").create_app(settings, db)
            handlers = import_module(f"services.{service}.consumers").HANDLERS
            self.rooms[service] = Room(settings, db, app, handlers, import_module(f"services.{service}.jobs").jobs)
        self._prepare_identity()
        mailer = self.rooms["mailer"]
        with mailer.db.write() as session:
            ensure_queue(session, "porteria.example")
            ensure_sealing_key(session, Keyring(self.folder, "mailer").encrypt)

    def _prepare_identity(self) -> None:
        identity, keyring = self.rooms["identity"], Keyring(self.folder, "identity")
        with identity.db.write() as session:
            register_first_party(session, keyring, self.url, 8000)
            for purpose in PURPOSES:
                ensure_key(session, keyring, purpose)
        for role in ("auditor", "agent", "administrator"):
            self.passwords[role] = add_staff(identity.db, role, role)
        with identity.db.write() as session:  # "Agent" on a Spanish page would be taken for a text without translation
            session.execute(update(StaffMember).values(name="Ana Gómez"))

    def carry(self) -> None:
        """Bring every event that waits to those who hear it, until no more come."""
        while events := [event for service in SERVICES for event in self._take(service)]:
            for room in self.rooms.values():
                heard = {type_of(kind) for kind in room.handlers}
                wanted = [event for event in events if event.routing_key in heard]
                dead = Inbox(room.db, room.handlers).handle(wanted)
                assert not dead, dead[0].reason

    def _take(self, service: str) -> list[Delivery]:
        with self.rooms[service].db.write() as session:
            bodies = [bytes(body) for body in session.scalars(select(outbox.c.body).order_by(outbox.c.id))]
            session.execute(delete(outbox))
        return [Delivery(body, decode(body).type, {}, None) for body in bodies]

    def work(self, service: str, name: str) -> None:
        """Let this job of a worker do what there is to do."""
        room = self.rooms[service]
        worker = Worker(service, room.db, "embedded:///nowhere", room.handlers)
        (job,) = [one for one in room.jobs(room.settings, room.db, worker) if one.name == name]
        while job.run():
            pass

    def learn_signing_keys(self) -> None:
        """Let the mailer know identity's keys, as its worker asks for them."""
        room = self.rooms["mailer"]
        SigningKeys(room.db, room.settings.internal_url("identity")).refresh()

    def token(self, scopes: Sequence[str] = tuple(API_SCOPES)) -> str:
        """An access token of a program with these scopes."""
        with self.rooms["identity"].db.write() as session:
            client, secret = create_client(session, "Facturación", list(scopes) or ["parties:read"])
        answer = (
            self.rooms["identity"]
            .app.test_client()
            .post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(client.client_id, secret))
        )
        assert answer.status_code == 200, answer.text
        return str((answer.json or {})["access_token"])

    def staff(self, service: str, role: str) -> FlaskClient:
        """A browser in which this member of the staff is signed in at this service."""
        if service != "identity":
            client = self.rooms[service].app.test_client()
            sign_in(client, role, name=role.title())
            return client
        browser = StaffBrowser(self.rooms[service].app)
        answer = browser.sign_in(role, self.passwords[role])
        assert answer.status_code == 303, answer.text
        return browser.client

    def client_token(self, party_id: uuid.UUID, credential_id: uuid.UUID) -> str:
        """What the cookie of a client holds who signed in at the client area."""
        with self.rooms["portal"].db.write() as session:
            return open_session(
                session, party_id, credential_id, must_change=False, address="10.0.0.1", user_agent="a test"
            ).token

    def client(self, party_id: uuid.UUID, credential_id: uuid.UUID) -> FlaskClient:
        """A browser in which a client is signed in at the client area."""
        client = self.rooms["portal"].app.test_client()
        client.set_cookie(COOKIE, self.client_token(party_id, credential_id), path=AREA)
        return client


@contextmanager
def whole_house(folder: Path, url: str, **changes: Mapping[str, Any]) -> Iterator[House]:
    """All four services on fresh databases, served on one port; `changes` are settings by service."""
    house, port = House(folder), free_port()
    try:
        house.prepare(url, port, **changes)
        with serving(house, port):
            house.learn_signing_keys()
            yield house
    finally:
        for room in house.rooms.values():
            room.db.dispose()
