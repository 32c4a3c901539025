"""Members of the staff in a browser, and OpenID clients, as tests of identity need them."""

import base64
import hashlib
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from services.identity.actions.clients import create_client, register_first_party
from services.identity.actions.staff import NewMember, add_member
from services.identity.models.staff import StaffMember
from shared.db import Database
from shared.keyring import Keyring

CALLBACK = "https://erp.example/callback"


def add_staff(db: Database, username: str, role: str, *, must_change: bool = False) -> str:
    """Add a member of the staff; returns the password."""
    with db.write() as session:
        member, password = add_member(session, NewMember(username=username, name=username.title(), role=role))
        member.must_change = must_change
    return password


def member_of(db: Database, username: str) -> StaffMember:
    """The row of a member of the staff."""
    with db.read() as session:
        return session.query(StaffMember).filter_by(username=username).one()


class StaffBrowser:
    """A browser of the staff: keeps cookies, reads the token against forgery out of the page, sends forms."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, address: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(address, **options)

    def post(self, address: str, form: str | None = None, **fields: Any) -> TestResponse:
        """Send a form that stands on the page `form` (by default at the address itself)."""
        page = self.client.get(form or address)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        token = found[1] if found else ""
        return self.client.post(address, data={"csrf_token": token, **fields})

    def sign_in(self, username: str, password: str, target: str | None = None) -> TestResponse:
        """Fill in the sign-in page."""
        query = f"?{urlencode({'next': target})}" if target else ""
        return self.post(f"/backoffice/identity/login{query}", username=username, password=password)


class OidcClient:
    """A client of the code flow that a test can bend."""

    def __init__(self, client_id: str, secret: str, redirect_uri: str = CALLBACK) -> None:
        self.client_id, self.secret, self.redirect_uri = client_id, secret, redirect_uri
        self.verifier, self.nonce, self.state = (secrets.token_urlsafe(32) for _ in range(3))

    def address(self, **changes: str | None) -> str:
        """Where the browser is sent; `changes` replace parameters, None leaves one out."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        usual = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid profile email",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        kept = {name: value for name, value in (usual | changes).items() if value is not None}
        return f"/oauth/authorize?{urlencode(kept)}"

    def exchange(self, app: Flask, code: str, /, **changes: str | None) -> Any:
        """Give the code to the token endpoint."""
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        kept = {name: value for name, value in (usual | changes).items() if value is not None}
        return app.test_client().post("/oauth/token", data=kept, auth=(self.client_id, self.secret))


def first_party(db: Database, settings: Any, service: str = "directory") -> OidcClient:
    """One of our own back offices."""
    keyring = Keyring(settings.data, "identity")
    with db.write() as session:
        register_first_party(session, keyring, settings.public_url, settings.port)
    address = f"{settings.public_url}/backoffice/{service}/callback"
    return OidcClient(f"porteria-{service}", keyring.client_secret(service), address)


def outside_client(db: Database, redirect_uri: str = CALLBACK) -> OidcClient:
    """A foreign program in which the staff signs in."""
    with db.write() as session:
        client, secret = create_client(session, "Contabilidad", [], [redirect_uri])
    return OidcClient(client.client_id, secret, redirect_uri)


def answer_of(response: TestResponse) -> dict[str, str]:
    """What a redirect tells the client in its query."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response.location or "").query).items()}


def claims_of(app: Flask, token: str) -> dict[str, Any]:
    """The claims of a token whose signature fits a published key."""
    keys = KeySet.import_key_set(document_of(app, "/.well-known/jwks.json"))
    return dict(jwt.decode(token, keys, algorithms=["ES256"]).claims)


def document_of(app: Flask, path: str) -> Any:
    """A public JSON document."""
    return app.test_client().get(path).json
