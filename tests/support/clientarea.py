"""The portal with the real identity on the other side of HTTP, and events carried between them by hand.

Carrying them by hand lets a test say when they arrive; the bus itself has tests of its own.
"""

import base64
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from flask import Flask
from flask.testing import FlaskClient
from nacl.public import PrivateKey
from sqlalchemy import delete, select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from services.identity.actions.clients import create_client, register_first_party
from services.identity.actions.keys import ensure_key
from services.identity.actions.sealing import remember_sealing_key
from services.identity.app import create_app as create_identity
from services.identity.consumers import HANDLERS as IDENTITY_HEARS
from services.identity.rules.keys import PURPOSES
from services.identity.settings import Settings as IdentitySettings
from services.portal.app import create_app as create_portal
from services.portal.consumers import HANDLERS as PORTAL_HEARS
from services.portal.models import ClientSession
from services.portal.settings import Settings as PortalSettings
from shared.bus import Delivery
from shared.db import Database, new_id
from shared.events import decode, type_of
from shared.events.directory import Email, PartyDeactivated, PartyRegistered, PartyUpdated
from shared.events.identity import CredentialIssued, RecoveryRequested
from shared.inbox import Inbox
from shared.keyring import Keyring
from shared.outbox import outbox
from shared.sealing import open_sealed
from tests.support.processes import free_port
from tests.support.schema import migrated

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PUBLIC_URL = "http://porteria.test"
CHOSEN = "tres caballos bailan sin zapatos"
OTHER = "cuatro nubes comen pan de arroz"
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@contextmanager
def serving(app: "WSGIApplication", port: int) -> Iterator[None]:
    """Serve an application on a port of this machine for the time of the block."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@dataclass
class Neighbour:
    """Identity as the portal meets it, and what a test tells it."""

    settings: IdentitySettings
    db: Database
    app: Flask
    url: str
    sealing: PrivateKey = field(default_factory=PrivateKey.generate)
    _headers: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        """What the command `migrate` does, a client for the test, and a key to seal for."""
        migrated("identity", self.db)
        keyring = Keyring(self.settings.data, "identity")
        with self.db.write() as session:
            register_first_party(session, keyring, self.settings.public_url, self.settings.port)
            for purpose in PURPOSES:
                ensure_key(session, keyring, purpose)
            client, secret = create_client(session, "test", ["credentials:issue"])
            remember_sealing_key(session, str(new_id()), bytes(self.sealing.public_key))
        self._client = (client.client_id, secret)

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """POST to its REST interface as another system."""
        if not self._headers:
            granted = requests.post(
                f"{self.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=self._client, timeout=20
            )
            self._headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}
        answer = requests.post(f"{self.url}/api/identity/v1{path}", json=body or {}, headers=self._headers, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def issue(self, party_id: uuid.UUID) -> str:
        """Give a party a random password without a letter; returns it."""
        return str(self.call("/credentials", {"party_id": str(party_id), "delivery": "none"})["password"])

    def secret_of(self, kind: type[CredentialIssued] | type[RecoveryRequested]) -> str:
        """The secret in the newest event of this kind, opened as the mailer would."""
        events = [event for event in map(_event, self.outbox()) if isinstance(event, kind)]
        assert events, f"no {kind.__name__} was published"
        sealed = events[-1].secret
        assert sealed is not None
        return open_sealed(base64.b64decode(sealed.ciphertext), bytes(self.sealing))

    def outbox(self) -> list[bytes]:
        """What waits to be published, in order."""
        with self.db.read() as session:
            return [bytes(row.body) for row in session.execute(select(outbox).order_by(outbox.c.id))]


def _event(body: bytes) -> Any:
    return decode(body).event


class Area:
    """The client area under test: the portal's application beside a served identity."""

    def __init__(self, identity: Neighbour, app: Flask, db: Database) -> None:
        self.identity, self.app, self.db = identity, app, db
        self._versions: dict[uuid.UUID, int] = {}

    def party(self, number: int = 1, *, classes: str = "tenant", known: bool = True, **more: Any) -> uuid.UUID:
        """A party of the directory; the portal has heard of it unless `known` is false."""
        event = party_event(number, classes=classes, **more)
        self.tell_identity(event)
        if known:
            self.tell_portal(event)
        return event.party_id

    def tell_identity(self, event: Any) -> None:
        """Let identity hear an event."""
        with self.identity.db.write() as session:
            IDENTITY_HEARS[type(event)](session, [event])

    def tell_portal(self, event: Any) -> None:
        """Let the portal hear an event."""
        with self.db.write() as session:
            PORTAL_HEARS[type(event)](session, [event])

    def carry(self) -> None:
        """Bring what identity published to the portal's inbox, as the bus does, and take it out of the outbox."""
        heard = {type_of(kind) for kind in PORTAL_HEARS}
        bodies = self.identity.outbox()
        deliveries = [
            Delivery(body=body, routing_key=decode(body).type, headers={}, content_type=None) for body in bodies
        ]
        dead = Inbox(self.db, PORTAL_HEARS).handle([one for one in deliveries if one.routing_key in heard])
        assert not dead
        with self.identity.db.write() as session:
            session.execute(delete(outbox))

    def browser(self, address: str = "10.0.0.1") -> "Browser":
        """A fresh browser."""
        return Browser(self.app.test_client(), address)


class Browser:
    """A person's browser: keeps cookies, sends the token of the form that it was shown."""

    def __init__(self, client: FlaskClient, address: str) -> None:
        self.client, self._address = client, {"REMOTE_ADDR": address}

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, environ_overrides=self._address, **options)

    def post(self, path: str, *, form: str | None = None, **fields: str) -> TestResponse:
        """Fill in the form shown at `form` (by default the same address) and send it."""
        shown = self.get(form or path)
        found = CSRF.search(shown.get_data(as_text=True))
        token = {"csrf_token": found.group(1)} if found else {}
        return self.client.post(path, data={**token, **fields}, environ_overrides=self._address)

    def sign_in(self, login: str, password: str, **more: str) -> TestResponse:
        """Sign in as a person does."""
        return self.post("/customerarea/signin", login=login, password=password, **more)

    @property
    def is_in(self) -> bool:
        """Whether the home page opens."""
        return self.get("/customerarea/").status_code == 200

    @property
    def token(self) -> str | None:
        """What the session's cookie holds."""
        cookie = self.client.get_cookie("porteria_client", path="/customerarea")
        return cookie.value if cookie else None


def party_event(
    number: int = 1,
    *,
    kind: type[Any] = PartyRegistered,
    classes: str = "tenant",
    party_id: uuid.UUID | None = None,
    version: int = 1,
    active: bool = True,
    name: str = "",
    language: str = "es",
) -> Any:
    """What the directory tells of the `number`th party."""
    return kind(
        party_id=party_id or uuid.uuid5(uuid.NAMESPACE_OID, str(number)),
        version=version,
        code=f"C{number:05}",
        classes=classes.split("+"),
        document_type="CC",
        document_number=str(10_000_000 + number),
        document_key=str(10_000_000 + number),
        name=name or f"Persona Número {number}",
        emails=[Email(address=f"persona{number}@example.com", principal=True, state="valid")],
        language=language,
        active=active,
    )


def deactivated(number: int = 1, version: int = 2) -> PartyDeactivated:
    """The end of a party."""
    event: PartyDeactivated = party_event(number, kind=PartyDeactivated, version=version, active=False)
    return event


def updated(number: int = 1, version: int = 2, **more: Any) -> PartyUpdated:
    """A change of a party."""
    event: PartyUpdated = party_event(number, kind=PartyUpdated, version=version, **more)
    return event


@contextmanager
def client_area(folder: Path, database_url: str, **portal_settings: Any) -> Iterator[Area]:
    """The portal and a served identity, each on a database of its own."""
    port = free_port()
    common: dict[str, Any] = {
        "public_url": PUBLIC_URL,
        "data": folder,
        "database_pattern": database_url,
        "internal_pattern": f"http://127.0.0.1:{port}",
    }
    identity_settings = IdentitySettings(**common, password_cost=10)
    identity_db = Database(identity_settings.database_url("identity"))
    portal_settings_made = PortalSettings(**common, **portal_settings)
    portal_db = Database(portal_settings_made.database_url("portal"))
    identity = Neighbour(
        identity_settings, identity_db, create_identity(identity_settings, identity_db), f"http://127.0.0.1:{port}"
    )
    try:
        identity.prepare()
        migrated("portal", portal_db)
        with serving(identity.app, port):
            yield Area(identity, create_portal(portal_settings_made, portal_db), portal_db)
    finally:
        identity_db.dispose()
        portal_db.dispose()


def settled(area: Area, number: int = 1, password: str = CHOSEN) -> uuid.UUID:
    """A party that has changed its initial password already."""
    party_id = area.party(number)
    initial = area.identity.issue(party_id)
    browser = area.browser()
    browser.sign_in(str(10_000_000 + number), initial)
    answer = change(browser, initial, password)
    assert answer.status_code == 303, answer.text
    area.carry()
    return party_id


def change(browser: Browser, current: str, new: str) -> TestResponse:
    """Change the password as a person does."""
    return browser.post("/customerarea/password", current_password=current, new_password=new, repeat_password=new)


def sessions_of(area: Area, party_id: uuid.UUID) -> list[ClientSession]:
    """Every session that a party had, in order."""
    with area.db.read() as session:
        wanted = select(ClientSession).where(ClientSession.party_id == party_id).order_by(ClientSession.id)
        return list(session.scalars(wanted))
