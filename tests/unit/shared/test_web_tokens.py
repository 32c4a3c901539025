"""Bearer tokens: who is let in, and what the others are told."""

import base64
import hmac
import json
import time
from pathlib import Path

import pytest
import responses
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import ECKey

from shared.audit import current_actor
from shared.web import acting_staff, current_client, require_scope
from tests.support.web import Issuer, settings_in, sign_in, small_app

THINGS = "/api/directory/v1/things"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def app(tmp_path: Path, issuer: Issuer) -> Flask:
    app = small_app(settings_in(tmp_path), issuer)

    @app.get("/api/directory/v1/who")
    @require_scope()
    def who() -> dict[str, str | None]:
        client, actor = current_client(), acting_staff()
        return {"client": client.id if client else None, "actor": actor.name if actor else None}

    @app.get("/api/directory/v1/recorded")
    @require_scope()
    def recorded() -> list[str]:
        actor = current_actor()
        return [actor.kind, actor.name]

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_token_with_the_scope_opens(client, issuer):
    assert client.get(THINGS, headers=issuer.bearer("other things:read")).status_code == 200


def test_a_token_without_the_scope_is_told_which_one_it_lacks(client, issuer):
    answer = client.get(THINGS, headers=issuer.bearer("things:write"))
    assert answer.status_code == 403
    assert "things:read" in answer.json["detail"]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"exp": int(time.time()) - 60}, "venció"),
        ({"aud": "somebody-else"}, "otro destinatario"),
        ({"iss": "http://evil.test"}, "iss"),
        ({"exp": None}, "falta un dato"),
        ({"aud": None}, "falta un dato"),
    ],
)
def test_a_wrong_token_is_told_what_is_wrong(client, issuer, claims, said):
    answer = client.get(THINGS, headers=issuer.bearer("things:read", **claims))
    assert answer.status_code == 401
    assert said in answer.json["detail"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi"])
def test_without_a_token_one_is_asked_for(client, header):
    answer = client.get(THINGS, headers={"Authorization": header} if header is not None else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="porteria"'


def test_a_token_signed_by_somebody_else_is_refused(client):
    assert client.get(THINGS, headers=Issuer().bearer("things:read")).status_code == 401


def test_a_token_of_a_stranger_that_names_our_key_is_refused(client, issuer):
    stranger = Issuer()
    stranger.key = ECKey.import_key({**stranger.key.as_dict(private=True), "kid": issuer.key.kid})
    assert client.get(THINGS, headers=stranger.bearer("things:read")).status_code == 401


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(client, issuer):
    claims = {"iss": "http://porteria.test", "aud": "porteria", "scope": "things:read", "exp": int(time.time()) + 60}
    header, body = (_part(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": issuer.key.kid}, claims))
    signature = hmac.digest(issuer.key.as_pem(private=False), f"{header}.{body}".encode(), "sha256")
    forged = f"{header}.{body}.{_part(signature)}"
    assert client.get(THINGS, headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize("text", ["abc", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30.", "é.é.é"])
def test_garbage_is_refused(client, text):
    answer = client.get(THINGS, headers={"Authorization": f"Bearer {text}".encode("latin-1")})
    assert answer.status_code == 401


def test_a_signed_in_staff_member_has_no_way_into_rest_by_cookie(client):
    sign_in(client, "administrator")
    assert client.get(THINGS).status_code == 401


def test_the_acting_staff_member_is_believed_from_our_own_services_only(client, issuer):
    actor = {"Porteria-Actor": "0192f0c1-2a50-7000-8000-000000000001;Ana%20G%C3%B3mez"}
    ours = client.get("/api/directory/v1/who", headers=issuer.bearer(client="porteria-mailer") | actor)
    assert ours.json == {"client": "porteria-mailer", "actor": "Ana Gómez"}
    theirs = client.get("/api/directory/v1/who", headers=issuer.bearer(client="erp") | actor)
    assert theirs.json == {"client": "erp", "actor": None}
    malformed = client.get(
        "/api/directory/v1/who", headers=issuer.bearer(client="porteria-mailer") | {"Porteria-Actor": "admin;x"}
    )
    assert malformed.json == {"client": "porteria-mailer", "actor": None}


def test_what_a_client_does_is_recorded_as_theirs_if_one_of_our_own_services_says_so(client, issuer):
    party = {"Porteria-Party": "0192f0c1-2a50-7000-8000-000000000002;Jos%C3%A9%20Pe%C3%B1a"}
    for caller, recorded in (("porteria-portal", ["party", "José Peña"]), ("erp", ["client", "erp"])):
        answer = client.get("/api/directory/v1/recorded", headers=issuer.bearer(client=caller) | party)
        assert answer.json == recorded


JWKS = "http://identity.test/.well-known/jwks.json"


@responses.activate
def test_keys_are_fetched_once_and_again_for_a_new_one(tmp_path, monkeypatch):
    first, second = Issuer(), Issuer()
    app = small_app(settings_in(tmp_path, internal_pattern="http://identity.test"), None)
    client = app.test_client()
    responses.get(JWKS, json=first.jwks())
    for _ in range(3):
        assert client.get(THINGS, headers=first.bearer("things:read")).status_code == 200
    assert len(responses.calls) == 1
    # A stranger's token must not make us ask again and again.
    for _ in range(3):
        assert client.get(THINGS, headers=second.bearer("things:read")).status_code == 401
    assert len(responses.calls) == 1
    responses.replace(responses.GET, JWKS, json={"keys": first.jwks()["keys"] + second.jwks()["keys"]})
    later = time.monotonic() + 10
    monkeypatch.setattr("shared.web.tokens.time.monotonic", lambda: later)
    assert client.get(THINGS, headers=second.bearer("things:read")).status_code == 200
    assert client.get(THINGS, headers=first.bearer("things:read")).status_code == 200


@responses.activate
def test_while_identity_does_not_answer_nobody_is_called_a_stranger(tmp_path):
    app = small_app(settings_in(tmp_path, internal_pattern="http://identity.test"), None)
    responses.get(JWKS, status=502)
    answer = app.test_client().get(THINGS, headers=Issuer().bearer("things:read"))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
