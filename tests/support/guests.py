"""People whom clients let in, in a whole house: invited as the client does it, with their letters and browsers."""

import itertools
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.mailer.models import Letter
from services.portal.actions.invitations import invite
from services.portal.models import Contact, Invitation, Party
from services.portal.pages.sealing import sealed_token
from services.portal.rules.contacts import NONE, address_key
from services.portal.rules.rights import SEE_INVOICES
from shared import clock
from tests.support.clients import Client, post
from tests.support.house import House

PAGE = "/customerarea/invitation"
CHOSEN = "tres caballos bailan sin zapatos"
NUMBERS = itertools.count(1)


@dataclass
class Invitee:
    """Somebody whom a client named, and invites as often as the test wants."""

    client: Client
    contact_id: uuid.UUID
    name: str
    address: str

    @property
    def house(self) -> House:
        """Where all of it happens."""
        return self.client.house

    def contact(self) -> Contact:
        """As the portal has them."""
        with self.house.rooms["portal"].db.read() as session:
            return session.get_one(Contact, self.contact_id)

    def invite(self) -> str:
        """Send them a link; returns it, as the letter has it."""
        room = self.house.rooms["portal"]
        with room.app.test_request_context():
            token, secret = sealed_token(self.address)
        with room.db.write() as session:
            contact = session.get_one(Contact, self.contact_id)
            party = session.get_one(Party, contact.party_id)
            invite(session, contact, party, token, secret, room.settings.timezone)
        return f"{PAGE}?token={self.secrets('sub_account_invitation')[-1]}"

    def secrets(self, kind: str) -> list[str]:
        """What the letters of this kind to them say that nobody else knows, in order."""
        self.house.carry()
        mine = (Letter.address == self.address, Letter.kind == kind)
        with self.house.rooms["mailer"].db.read() as session:
            found = list(session.scalars(select(Letter).where(*mine).order_by(Letter.id)))
        return [self.client.token_of(letter) for letter in found]

    def invitation(self) -> Invitation:
        """The newest one."""
        mine = select(Invitation).where(Invitation.contact_id == self.contact_id).order_by(Invitation.id.desc())
        with self.house.rooms["portal"].db.read() as session:
            return session.scalars(mine.limit(1)).one()

    def accept(self, browser: FlaskClient, link: str, password: str = CHOSEN, code: str | None = None) -> TestResponse:
        """Open the link, let the code come, and choose a password; returns the answer to the last form."""
        browser.get(link)
        if code is None:
            post(browser, f"{PAGE}/code", form=PAGE)
            code = self.secrets("invitation_code")[-1]
        return choose(browser, code, password)

    def joined(self) -> FlaskClient:
        """A browser in which they have just accepted for the first time."""
        browser = new_browser(self.house)
        answer = self.accept(browser, self.invite())
        assert answer.location == "/customerarea/", answer.text
        self.house.carry()
        return browser


def choose(browser: FlaskClient, code: str, password: str = CHOSEN, repeat: str | None = None) -> TestResponse:
    """Fill in the form with the code and the new password."""
    fields = {"code": code, "new_password": password, "repeat_password": password if repeat is None else repeat}
    return post(browser, f"{PAGE}/password", form=PAGE, **fields)


def new_browser(house: House) -> FlaskClient:
    """A fresh browser at the client area, with pages in Spanish."""
    browser = house.rooms["portal"].app.test_client()
    browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es"
    return browser


def sign_in(browser: FlaskClient, login: str, password: str = CHOSEN, **more: str) -> TestResponse:
    """Sign in as a person does."""
    return post(browser, "/customerarea/signin", login=login, password=password, **more)


def named(
    client: Client,
    *,
    rights: Iterable[str] = (SEE_INVOICES,),
    name: str = "Ana Contadora",
    address: str = "",
    **more: Any,
) -> Invitee:
    """A contact of a client without a sub-account yet."""
    address = address or f"ana{next(NUMBERS)}@despacho.example.com"
    contact = Contact(
        party_id=client.party_id,
        name=name,
        address=address,
        address_key=address_key(address),
        language="es",
        notices=[],
        rights=list(rights),
        state=NONE,
        created_at=clock.now(),
    )
    for key, value in more.items():
        setattr(contact, key, value)
    with client.house.rooms["portal"].db.write() as session:
        session.add(contact)
        session.flush()
        contact_id = contact.id
    return Invitee(client, contact_id, name, address)
