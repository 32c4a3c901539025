"""A foreign OpenID library signs in at a running identity, knowing nothing but its address."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from services.identity.actions.clients import create_client
from services.identity.actions.staff import create_first_administrator
from services.identity.settings import Settings
from shared import migrations
from shared.db import Database
from tests.support.processes import end, free_port, start, wait_ready

ROOT = Path(__file__).parents[2]
CALLBACK = "https://erp.example/callback"


class Running:
    """Identity's web process, and what a stranger has been given: an address, a client id and a secret."""

    def __init__(self, folder: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        settings = Settings(data=folder / "var", public_url=self.url)
        db = Database(settings.database_url("identity"))
        migrations.migrate("identity", db)
        with db.write() as session:
            _, password = create_first_administrator(session, None, 10)
            client, self.secret = create_client(session, "ERP", ["parties:read"], [CALLBACK])
            self.client_id = client.client_id
        db.dispose()
        assert password
        self.password = password


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[Running]:
    import signal

    running, log = Running(tmp_path), tmp_path / "identity.log"
    own = {name: value for name, value in os.environ.items() if not name.startswith("PORTERIA_")}
    settings = {"PYTHONPATH": str(ROOT), "PORTERIA_DATA": str(tmp_path / "var"), "PORTERIA_PUBLIC_URL": running.url}
    bind = running.url.removeprefix("http://")
    process = start([sys.executable, "-m", "services.identity", "web", "--bind", bind], log=log, env=own | settings)
    try:
        wait_ready(process, lambda: answers(f"{running.url}/readyz/identity"), what="identity", log=log, timeout=60)
        yield running
    finally:
        end(process, signal.SIGTERM)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def submit(browser: requests.Session, page: requests.Response, **fields: str) -> requests.Response:
    """Send the form of a page, as a browser does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    action = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert token
    assert action
    address = requests.compat.urljoin(page.url, action[1].replace("&amp;", "&"))
    return browser.post(address, data={"csrf_token": token[1], **fields}, allow_redirects=False, timeout=10)


def follow(browser: requests.Session, answer: requests.Response) -> requests.Response:
    """Follow redirects as long as they stay at identity."""
    while answer.is_redirect and not answer.headers["Location"].startswith(CALLBACK):
        address = requests.compat.urljoin(answer.url, answer.headers["Location"])
        answer = browser.get(address, allow_redirects=False, timeout=10)
    return answer


def test_a_foreign_library_signs_somebody_in_by_discovery(identity: Running):
    known = requests.get(f"{identity.url}/.well-known/openid-configuration", timeout=5).json()
    client = OAuth2Session(
        identity.client_id,
        identity.secret,
        scope="openid profile",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    )
    verifier = "v" * 64
    address, state = client.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
    )

    browser = requests.Session()
    page = follow(browser, browser.get(address, allow_redirects=False, timeout=10))
    consent = follow(browser, submit(browser, page, username="admin", password=identity.password))
    assert consent.status_code == 200
    back = submit(browser, consent, decision="accept")
    assert back.headers["Location"].startswith(CALLBACK)

    token = client.fetch_token(
        known["token_endpoint"],
        authorization_response=back.headers["Location"],
        state=state,
        code_verifier=verifier,
    )
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=5).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=known["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(decoded.claims, decoded.header, params={"nonce": "n-1", "client_id": identity.client_id})
    assert claims["iss"] == known["issuer"]
    assert claims["aud"] == identity.client_id
    assert (claims["nonce"], claims["roles"]) == ("n-1", ["administrator"])
    who = client.get(known["userinfo_endpoint"]).json()
    assert who["sub"] == claims["sub"]
    assert who["roles"] == ["administrator"]


def test_a_foreign_library_gets_a_token_for_a_program(identity: Running):
    known = requests.get(f"{identity.url}/.well-known/openid-configuration", timeout=5).json()
    client = OAuth2Session(identity.client_id, identity.secret, scope="parties:read")
    token = client.fetch_token(known["token_endpoint"], grant_type="client_credentials")
    assert token["scope"] == "parties:read"
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=5).json())
    assert jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims["client_id"] == identity.client_id
