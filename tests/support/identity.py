"""Identity as a test needs it: its real application on a real database, parties, tokens, and a reader of letters."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from nacl.public import PrivateKey
from sqlalchemy import select

from services.identity.actions.clients import create_client
from services.identity.actions.parties import copy_parties
from services.identity.actions.sealing import remember_sealing_key
from services.identity.app import create_app
from services.identity.rules.scopes import API_SCOPES
from services.identity.settings import Settings
from shared import clock
from shared.db import Database, new_id
from shared.events import Envelope, decode
from shared.events.acts import ACT_EVENTS
from shared.events.directory import Email, PartyRegistered
from shared.inbox import Inbox
from shared.outbox import outbox
from shared.sealing import open_sealed
from tests.support.schema import migrated

NOBODY = "http://127.0.0.1:9"  # the discard port: refuses at once


class Identity:
    """One identity service under test."""

    def __init__(self, url: str, data: Path, **changes: Any) -> None:
        self.settings = replace(
            Settings(data=data, database_pattern=url, internal_pattern=NOBODY, password_cost=10), **changes
        )
        self.db = Database(self.settings.database_url("identity"))
        migrated("identity", self.db)
        self.mailers_key = PrivateKey.generate()
        with self.db.write() as session:
            remember_sealing_key(session, "key-1", bytes(self.mailers_key.public_key))
            client, secret = create_client(session, "test", list(API_SCOPES), [])
        self._basic = (client.client_id, secret)
        self.app = self.new_app()

    def new_app(self) -> Flask:
        """Another process's application on the same database."""
        return create_app(self.settings, self.db)

    def client(self, app: Flask | None = None) -> "Api":
        """A caller of the REST interface with every scope."""
        opened = (app or self.app).test_client()
        answer: Any = opened.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=self._basic)
        assert answer.status_code == 200, answer.text
        return Api(opened, answer.json["access_token"])

    def hear(self, *events: Any) -> None:
        """Hand events to the handlers as the inbox does."""
        from services.identity.consumers import HANDLERS

        inbox = Inbox(self.db, HANDLERS)
        for event in events:
            with self.db.write() as session:
                inbox._handlers[type(event)](session, [event])

    def add_party(self, **values: Any) -> PartyRegistered:
        """A party that the directory told of."""
        told = make_party(**values)
        with self.db.write() as session:
            copy_parties(session, [told])
        return told

    def told(self, cls: type | None = None) -> list[Any]:
        """The events in the outbox, in order; of the audit trail only if its class is asked for."""
        with self.db.read() as session:
            bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
        envelopes: list[Envelope] = [decode(bytes(body)) for body in bodies]
        wanted = [e.event for e in envelopes if cls is not None or not isinstance(e.event, ACT_EVENTS["identity"])]
        return [event for event in wanted if cls is None or isinstance(event, cls)]

    def open(self, event: Any) -> str:
        """The secret that only the mailer can read."""
        return open_sealed(base64.b64decode(event.secret.ciphertext), bytes(self.mailers_key))


class Api:
    """A test client that carries a token and speaks JSON."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self._client, self._headers = client, {"Authorization": f"Bearer {token}"}

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST JSON; `key=…` is the Idempotency-Key."""
        sent = self._headers | {"Content-Type": "application/json"}
        if key := headers.pop("key", None):
            sent["Idempotency-Key"] = key
        return self._client.post(f"/api/identity/v1{path}", data=json.dumps(body or {}), headers=sent)

    def get(self, path: str) -> Any:
        """GET."""
        return self._client.get(f"/api/identity/v1{path}", headers=self._headers)

    def issue(self, party_id: uuid.UUID, **more: Any) -> Any:
        """Issue a credential."""
        return self.post("/credentials", {"party_id": str(party_id), "mode": "random", **more})

    def verify(self, login: str, password: str, address: str | None = None) -> Any:
        """Try to sign in."""
        return self.post("/credentials/verify", {"login": login, "password": password, "address": address})

    def opens(self, login: str, password: str) -> bool:
        """Whether the password signs in."""
        answer = self.verify(login, password)
        assert answer.status_code == 200, answer.text
        return bool(answer.json["valid"])


_numbers = iter(range(10_000_001, 99_999_999))


def make_party(**values: Any) -> PartyRegistered:
    """What the directory tells of a new party; every field can be given."""
    number = str(next(_numbers))
    address = values.pop("email", f"p{number}@example.test")
    state = values.pop("email_state", "valid")
    emails = [Email(address=address, principal=True, state=state)] if address else []
    given: dict[str, Any] = {
        "party_id": new_id(),
        "version": 1,
        "code": f"T{number}",
        "classes": ["tenant"],
        "document_type": "CC",
        "document_number": number,
        "document_key": number,
        "name": "Ana Pérez",
        "emails": emails,
        "language": "es",
        "active": True,
    }
    return PartyRegistered(**(given | values))


@contextmanager
def running_identity(url: str, data: Path, **changes: Any) -> Iterator[Identity]:
    """Identity on a fresh database; its connections are closed at the end."""
    identity = Identity(url, data, **changes)
    try:
        yield identity
    finally:
        identity.db.dispose()


def letter(event_class: type, credential_id: uuid.UUID, **more: Any) -> Any:
    """What the mailer tells of the letter of a credential."""
    return event_class(
        letter_id=new_id(),
        kind="credential",
        address="p@example.test",
        at=clock.now(),
        credential_id=credential_id,
        **more,
    )
