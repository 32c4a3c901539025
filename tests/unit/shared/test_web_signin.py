"""The client side of the sign-in of the staff: code, PKCE, state and nonce."""

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from shared import clock
from shared.keyring import Keyring
from tests.support.web import Issuer, settings_in, sign_in, small_app

HOME = "/backoffice/directory/"
TOKEN = "http://identity.test/oauth/token"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def app(tmp_path: Path, issuer: Issuer) -> Flask:
    return small_app(settings_in(tmp_path, internal_pattern="http://identity.test"), issuer)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def begin(client: FlaskClient, target: str = HOME, **more: str) -> dict[str, str]:
    """Start a sign-in; the query that the browser takes to identity."""
    answer = client.get(HOME + "signin", query_string={"next": target}, **more)
    assert answer.status_code == 303
    address = urlsplit(answer.location)
    assert (address.netloc, address.path) == ("", "/oauth/authorize")
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def id_token(issuer: Issuer, asked: dict[str, str], **claims: Any) -> str:
    usual: dict[str, Any] = {
        "aud": "porteria-directory",
        "sub": "0192f0c1-2a50-7000-8000-000000000001",
        "name": "Ana Gómez",
        "roles": ["agent"],
        "locale": "es",
        "nonce": asked["nonce"],
    }
    return issuer.token(**(usual | claims))


def come_back(client: FlaskClient, asked: dict[str, str], **query: str):
    return client.get(HOME + "callback", query_string={"state": asked["state"], "code": "c0de", **query})


@responses.activate
def test_the_whole_way_signs_in_and_returns_to_the_page(client, issuer, tmp_path):
    asked = begin(client, HOME + "?q=x")
    answer = responses.post(TOKEN, json={"id_token": id_token(issuer, asked)})
    back = come_back(client, asked)
    assert back.status_code == 303
    assert back.location == HOME + "?q=x"
    assert "hola Ana Gómez" in client.get(HOME).text
    sent = parse_qs(answer.calls[0].request.body)
    verifier = sent["code_verifier"][0]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert asked["code_challenge"] == challenge
    assert asked["code_challenge_method"] == "S256"
    assert sent["redirect_uri"] == [asked["redirect_uri"]]
    secret = Keyring(tmp_path, "directory").client_secret()
    basic = base64.b64encode(f"porteria-directory:{secret}".encode()).decode()
    assert answer.calls[0].request.headers["Authorization"] == f"Basic {basic}"


def test_the_browser_returns_to_the_host_that_it_used(client):
    assert begin(client, base_url="http://127.0.0.1:8000")["redirect_uri"] == (
        "http://127.0.0.1:8000/backoffice/directory/callback"
    )


@responses.activate
def test_two_tabs_may_sign_in_at_the_same_time(client, issuer):
    first, second = begin(client, HOME + "?tab=1"), begin(client, HOME + "?tab=2")
    for asked, tab in ((first, "1"), (second, "2")):
        responses.post(TOKEN, json={"id_token": id_token(issuer, asked)})
        assert come_back(client, asked).location == f"{HOME}?tab={tab}"
        responses.reset()


def test_a_state_that_this_browser_did_not_begin_with_is_refused(app, client):
    asked = begin(app.test_client())
    assert come_back(client, asked).status_code == 400
    assert client.get(HOME).status_code == 303


@responses.activate
def test_a_sign_in_works_once(client, issuer):
    asked = begin(client)
    responses.post(TOKEN, json={"id_token": id_token(issuer, asked)})
    assert come_back(client, asked).status_code == 303
    assert come_back(client, asked).status_code == 400


@responses.activate
def test_a_sign_in_that_took_too_long_is_refused(client, issuer):
    asked = begin(client)
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert come_back(client, asked).status_code == 400


@responses.activate
@pytest.mark.parametrize(
    "claims",
    [{"nonce": "other"}, {"aud": "porteria-mailer"}, {"aud": "porteria"}, {"iss": "http://evil.test"}, {"exp": 1}],
)
def test_an_identity_that_is_not_proven_is_refused(client, issuer, claims):
    asked = begin(client)
    responses.post(TOKEN, json={"id_token": id_token(issuer, asked, **claims)})
    assert come_back(client, asked).status_code == 400
    assert client.get(HOME).status_code == 303


@responses.activate
def test_somebody_without_a_role_is_told_so(client, issuer):
    asked = begin(client)
    responses.post(TOKEN, json={"id_token": id_token(issuer, asked, roles=["client"])})
    assert come_back(client, asked).status_code == 403


@responses.activate
@pytest.mark.parametrize(("status", "seen"), [(400, 400), (401, 400), (503, 503)])
def test_a_code_that_identity_does_not_take_signs_nobody_in(client, status, seen):
    asked = begin(client)
    responses.post(TOKEN, status=status, json={"error": "invalid_grant"})
    assert come_back(client, asked).status_code == seen


def test_a_refusal_at_identity_is_told(client):
    asked = begin(client)
    answer = client.get(HOME + "callback", query_string={"state": asked["state"], "error": "access_denied"})
    assert answer.status_code == 403


@responses.activate
def test_a_renewal_keeps_open_forms_valid(client, issuer):
    sign_in(client)
    with client.session_transaction() as session:
        session["staff"] = session["staff"] | {"id": "0192f0c1-2a50-7000-8000-000000000001"}
    token = client.get(HOME).text.split('name="csrf_token" value="')[1].split('"')[0]
    asked = begin(client)
    responses.post(TOKEN, json={"id_token": id_token(issuer, asked)})
    assert come_back(client, asked).status_code == 303
    assert client.post(HOME + "change", data={"csrf_token": token}).text == "changed"


def test_signing_out_ends_it_here_and_goes_on_to_identity(client):
    sign_in(client)
    token = client.get(HOME).text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(HOME + "signout", data={"csrf_token": token})
    assert answer.location == "/backoffice/identity/signout"
    dropped = {cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in cookie}
    # Not porteria_client: a client who is signed in in the same browser goes on.
    assert dropped == {"porteria_directory", "porteria_mailer", "porteria_portal"}
    assert client.get(HOME).status_code == 303


def test_nobody_is_signed_out_by_a_foreign_form(client):
    sign_in(client)
    assert client.post(HOME + "signout").status_code == 400
    assert client.get(HOME).status_code == 200
