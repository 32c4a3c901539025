"""The portal by itself, with clients and staff who are signed in already: for tests of what is behind the sign-in."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from services.portal.actions.sessions import open_session
from services.portal.app import create_app
from services.portal.consumers import HANDLERS
from services.portal.models import Contact, Party, Person
from services.portal.pages.visitor import AREA, COOKIE
from services.portal.rules.contacts import ACTIVE, address_key
from services.portal.settings import Settings
from shared import clock
from shared.db import Database, new_id
from tests.support.clientarea import PUBLIC_URL, Browser, party_event
from tests.support.schema import migrated
from tests.support.web import sign_in


@dataclass
class Alone:
    """The portal's application and its database."""

    app: Flask
    db: Database
    files: Path
    """Where the bytes of files lie."""

    def party(self, number: int = 1, **more: Any) -> uuid.UUID:
        """A party that the portal has heard of."""
        event = party_event(number, **more)
        with self.db.write() as session:
            HANDLERS[type(event)](session, [event])
        party_id: uuid.UUID = event.party_id
        return party_id

    def client(self, party_id: uuid.UUID, *, must_change: bool = False) -> Browser:
        """A browser in which this party is signed in; `must_change`: with an initial password."""
        return self.sign_in(party_id, must_change=must_change)

    def contact(
        self,
        party_id: uuid.UUID,
        *,
        rights: Iterable[str] = (),
        notices: Iterable[str] = (),
        name: str = "Ana Contadora",
        person_id: uuid.UUID | None = None,
    ) -> Browser:
        """A browser in which somebody is signed in whom this party lets in, with these rights.

        Once for each name and party. `person_id`: somebody who is there already, let in by another party too, or a
        party themself.
        """
        return self.sign_in(party_id, contact_id=self.let_in(party_id, rights, notices, name, person_id).id)

    def let_in(
        self,
        party_id: uuid.UUID,
        rights: Iterable[str] = (),
        notices: Iterable[str] = (),
        name: str = "Ana Contadora",
        person_id: uuid.UUID | None = None,
    ) -> Contact:
        """A contact with a sub-account that was accepted."""
        address, moment = f"{name.lower().replace(' ', '.')}@example.com", clock.now()
        key, who = address_key(address), {"name": name, "language": "es"}
        person_id = person_id or new_id()
        with self.db.write() as session:
            if session.get(Person, person_id) is None:
                is_guest = session.get(Party, person_id) is None
                session.add(Person(id=person_id, address=address, is_guest=is_guest, created_at=moment, **who))
                session.flush()
            contact = Contact(party_id=party_id, address=address, address_key=key, state=ACTIVE, **who)
            contact.notices, contact.rights = list(notices), list(rights)
            contact.person_id, contact.created_at, contact.accepted_at = person_id, moment, moment
            session.add(contact)
        return contact

    def sign_in(
        self, party_id: uuid.UUID, *, must_change: bool = False, contact_id: uuid.UUID | None = None
    ) -> Browser:
        """A browser in which this party is signed in, or somebody whom it lets in as this contact."""
        client = self.app.test_client()
        with self.db.write() as session:
            who: dict[str, Any] = {"address": "10.0.0.1", "user_agent": "", "contact_id": contact_id}
            opened = open_session(session, party_id, new_id(), must_change=must_change, **who)
        client.set_cookie(COOKIE, opened.token, path=AREA)
        return Browser(client, "10.0.0.1")

    def staff(self, role: str = "agent") -> Browser:
        """A browser in which a member of the staff is signed in."""
        client = self.app.test_client()
        sign_in(client, role)
        return Browser(client, "10.0.0.2")


@contextmanager
def portal_alone(folder: Path, database_url: str, **settings: Any) -> Iterator[Alone]:
    """The portal on a database of its own; nobody else answers."""
    made = Settings(public_url=PUBLIC_URL, data=folder, database_pattern=database_url, **settings)
    db = Database(made.database_url("portal"))
    migrated("portal", db)
    try:
        yield Alone(create_app(made, db), db, folder / "portal" / "files")
    finally:
        db.dispose()
