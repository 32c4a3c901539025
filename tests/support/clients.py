"""Clients of the area in a whole house: registered in the directory, with a password, and their browsers."""

import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.mailer.jobs.secrets import SecretOpener
from services.mailer.models import Letter
from shared.keyring import Keyring
from tests.support.clientarea import CSRF
from tests.support.house import House
from tests.support.people import person

PASSWORD = "caracol-azul-vuela-7"
NUMBERS = itertools.count(1)


@dataclass
class Client:
    """A client in a browser of their own."""

    house: House
    party_id: uuid.UUID
    address: str
    browser: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.browser.get(path, **options)

    def post(self, path: str, *, form: str | None = None, **fields: str) -> TestResponse:
        """Fill in the form that stands on the page `form` (by default at the same address), and send it."""
        return post(self.browser, path, form=form, **fields)

    def known(self) -> dict[str, Any]:
        """What the directory has of them."""
        answer = self.house.rooms["directory"].app.test_client()
        headers = {"Authorization": f"Bearer {self.house.token(['parties:read'])}"}
        return dict(answer.get(f"/api/directory/v1/parties/{self.party_id}", headers=headers).json or {})

    def letters(self, kind: str) -> list[Letter]:
        """The letters of this kind that the mailer has for them, in order."""
        self.house.carry()
        mine = (Letter.party_id == self.party_id, Letter.kind == kind)
        with self.house.rooms["mailer"].db.read() as session:
            return list(session.scalars(select(Letter).where(*mine).order_by(Letter.id)))

    def token_of(self, letter: Letter) -> str:
        """The secret of a letter's link, opened as the mailer does."""
        opener = SecretOpener(self.house.rooms["mailer"].db, Keyring(self.house.folder, "mailer"))
        return opener.open(letter.ciphertext, letter.sealing_key, letter.address)


def post(browser: FlaskClient, path: str, *, form: str | None = None, **fields: str) -> TestResponse:
    """Fill in the form that stands on the page `form` (by default at the same address), and send it."""
    found = CSRF.search(browser.get(form or path, follow_redirects=True).text)
    return browser.post(path, data={"csrf_token": found[1] if found else "", **fields})


def new_client(house: House, *, password: str = PASSWORD, **values: Any) -> Client:
    """Register somebody, give them a password that they need not change, and sign them in."""
    headers = {"Authorization": f"Bearer {house.token()}"}

    def call(service: str, path: str, body: dict[str, Any]) -> Any:
        client = house.rooms[service].app.test_client()
        answer = client.post(f"/api/{service}/v1{path}", json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json

    party = call("directory", "/parties", person(1000 + next(NUMBERS)) | values)
    house.carry()
    party_id = uuid.UUID(party["id"])
    manual = {"party_id": party["id"], "mode": "manual", "password": password, "delivery": "none"}
    credential = call("identity", "/credentials", manual)
    house.carry()
    browser = house.client(party_id, uuid.UUID(credential["id"]))
    return Client(house, party_id, party["emails"][0]["address"], browser)
