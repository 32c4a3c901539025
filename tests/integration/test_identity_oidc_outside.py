"""Foreign OpenID and OAuth2 libraries at a running identity, over HTTP, knowing nothing but its address."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask, jsonify
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

from services.identity.actions.clients import disable_client, rotate_secret
from services.identity.models.oauth import OAuthClient
from tests.support.provider import CALLBACK, Person, Provider, running_provider


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


class RelyingParty:
    """A web application of somebody else, in which people sign in with Authlib's client for Flask as it comes."""

    def __init__(self, provider: Provider, client_id: str, secret: str, callback: str = CALLBACK) -> None:
        app = Flask("erp")
        app.config.update(SECRET_KEY="erp", TESTING=True)
        porteria = OAuth(app).register(
            "porteria",
            client_id=client_id,
            client_secret=secret,
            server_metadata_url=f"{provider.url}/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256"},
        )

        @app.get("/login")
        def login() -> Any:
            return porteria.authorize_redirect(callback)

        @app.get("/callback")
        def finish() -> Any:
            token = porteria.authorize_access_token()
            return jsonify(id_token=token["userinfo"], userinfo=porteria.userinfo(token=token))

        self.browser: FlaskClient = app.test_client()

    def begin(self) -> str:
        """Where it sends the person."""
        return str(self.browser.get("/login", base_url="https://erp.example").location)

    def finish(self, address: str) -> Any:
        """What it learns when the person comes back. Raises OAuthError."""
        parts = urlsplit(address)
        return self.browser.get(f"{parts.path}?{parts.query}", base_url="https://erp.example").json

    def spoil(self, name: str) -> None:
        """Have it remember something else about the sign-in under way than what it sent."""
        with self.browser.session_transaction(base_url="https://erp.example") as session:
            (key,) = [key for key in session if key.startswith("_state_porteria_")]
            session[key] = session[key] | {"data": session[key]["data"] | {name: "x" * 48}}


def test_a_foreign_web_application_signs_somebody_in_unchanged(provider: Provider):
    erp = RelyingParty(provider, *provider.new_client())
    told = erp.finish(Person().allow(provider, erp.begin()))
    claims, who = told["id_token"], told["userinfo"]
    assert (claims["iss"], claims["preferred_username"], claims["roles"]) == (provider.url, "admin", ["administrator"])
    assert (who["sub"], who["roles"]) == (claims["sub"], ["administrator"])


def test_the_second_time_nobody_is_asked_again(provider: Provider):
    erp, person = RelyingParty(provider, *provider.new_client()), Person()
    person.allow(provider, erp.begin())
    again = person.open(erp.begin())
    assert erp.finish(again.headers["Location"])["id_token"]["preferred_username"] == "admin"


def test_a_client_is_never_answered_at_an_address_that_is_not_registered(provider: Provider):
    evil = RelyingParty(provider, *provider.new_client(), callback="https://evil.example/callback")
    page = Person().open(evil.begin())
    assert page.status_code == 400
    assert "Location" not in page.headers


@pytest.mark.parametrize(("spoiled", "error"), [("code_verifier", "invalid_grant"), ("redirect_uri", "invalid_grant")])
def test_a_code_is_worth_nothing_to_whoever_does_not_know_what_it_is_bound_to(
    provider: Provider, spoiled: str, error: str
):
    erp = RelyingParty(provider, *provider.new_client())
    back = Person().allow(provider, erp.begin())
    erp.spoil(spoiled)
    with pytest.raises(OAuthError) as refused:
        erp.finish(back)
    assert refused.value.error == error


def test_the_library_itself_refuses_an_id_token_for_another_sign_in(provider: Provider):
    erp = RelyingParty(provider, *provider.new_client())
    back = Person().allow(provider, erp.begin())
    erp.spoil("nonce")
    with pytest.raises(Exception, match="nonce"):
        erp.finish(back)


def test_somebody_who_refuses_is_no_failure_of_the_library(provider: Provider):
    erp, person = RelyingParty(provider, *provider.new_client()), Person()
    consent = person.submit(person.open(erp.begin()), username="admin", password=provider.password)
    back = person.submit(consent, decision="refuse").headers["Location"]
    with pytest.raises(OAuthError) as refused:
        erp.finish(back)
    assert refused.value.error == "access_denied"


def test_a_client_disabled_meanwhile_gets_no_token_and_its_tokens_show_nobody(provider: Provider):
    client_id, secret = provider.new_client()
    erp, person = RelyingParty(provider, client_id, secret), Person()
    back = person.allow(provider, erp.begin())
    library, verifier = OAuth2Session(client_id, secret, scope="openid", redirect_uri=CALLBACK), "v" * 64
    library.code_challenge_method = "S256"
    known = provider.document("/.well-known/openid-configuration")
    address, state = library.create_authorization_url(known["authorization_endpoint"], code_verifier=verifier)
    second = person.open(address).headers["Location"]
    library.fetch_token(known["token_endpoint"], authorization_response=second, state=state, code_verifier=verifier)
    assert library.get(known["userinfo_endpoint"]).status_code == 200

    with provider.db.write() as session:
        disable_client(session, client_id)
    with pytest.raises(OAuthError) as refused:
        erp.finish(back)
    assert refused.value.error == "invalid_client"
    assert library.get(known["userinfo_endpoint"]).status_code == 401
    assert person.open(erp.begin()).status_code == 400


@pytest.mark.parametrize("days", [0, 7])
def test_a_web_application_goes_on_with_its_secret_only_during_the_overlap(provider: Provider, days: int):
    client_id, secret = provider.new_client()
    erp = RelyingParty(provider, client_id, secret)
    back = Person().allow(provider, erp.begin())
    newer = rotated(provider, client_id, days)
    if days:
        assert erp.finish(back)["userinfo"]["preferred_username"] == "admin"
    else:
        with pytest.raises(OAuthError) as refused:
            erp.finish(back)
        assert refused.value.error == "invalid_client"
    renewed = RelyingParty(provider, client_id, newer)
    person = Person()
    signed_in = person.submit(person.open(renewed.begin()), username="admin", password=provider.password)
    assert renewed.finish(signed_in.headers["Location"])["userinfo"]["preferred_username"] == "admin"


def rotated(provider: Provider, client_id: str, days: int) -> str:
    with provider.db.write() as session:
        seen = session.get_one(OAuthClient, client_id).secret_changed_at
        return rotate_secret(session, client_id, timedelta(days=days), seen)[1]


def test_a_foreign_library_signs_somebody_in_step_by_step(provider: Provider):
    known = provider.document("/.well-known/openid-configuration")
    client_id, secret = provider.new_client(["parties:read"])
    client = OAuth2Session(
        client_id, secret, scope="openid profile", redirect_uri=CALLBACK, code_challenge_method="S256"
    )
    verifier = "v" * 64
    address, state = client.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, nonce="n-1"
    )
    back = Person().allow(provider, address)
    token = client.fetch_token(
        known["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
    )
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=5).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=known["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(decoded.claims, decoded.header, params={"nonce": "n-1", "client_id": client_id})
    assert (claims["iss"], claims["aud"]) == (known["issuer"], client_id)
    assert (claims["nonce"], claims["roles"]) == ("n-1", ["administrator"])
    who = client.get(known["userinfo_endpoint"]).json()
    assert (who["sub"], who["roles"]) == (claims["sub"], ["administrator"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_foreign_library_gets_a_token_for_a_program(provider: Provider, method: str):
    known = provider.document("/.well-known/openid-configuration")
    client_id, secret = provider.new_client(["parties:read", "letters:read"], [])
    client = OAuth2Session(client_id, secret, scope="parties:read", token_endpoint_auth_method=method)
    token = client.fetch_token(known["token_endpoint"], grant_type="client_credentials")
    assert token["scope"] == "parties:read"
    keys = KeySet.import_key_set(requests.get(known["jwks_uri"], timeout=5).json())
    assert jwt.decode(token["access_token"], keys, algorithms=["ES256"]).claims["client_id"] == client_id


def test_a_foreign_library_understands_every_refusal_of_a_program(provider: Provider):
    address = provider.document("/.well-known/openid-configuration")["token_endpoint"]
    client_id, secret = provider.new_client(["parties:read"], [])

    def error(with_secret: str, scope: str = "parties:read") -> str:
        try:
            OAuth2Session(client_id, with_secret, scope=scope).fetch_token(address, grant_type="client_credentials")
        except OAuthError as refused:
            return str(refused.error)
        return "none"

    assert error("wrong") == "invalid_client"
    assert error(secret, "letters:cancel") == "invalid_scope"
    newer = rotated(provider, client_id, 1)
    assert [error(secret), error(newer)] == ["none", "none"]
    newest = rotated(provider, client_id, 0)
    assert [error(secret), error(newer), error(newest)] == ["invalid_client", "invalid_client", "none"]
    with provider.db.write() as session:
        disable_client(session, client_id)
    assert error(newest) == "invalid_client"


def test_the_metadata_passes_a_foreign_librarys_check_and_promises_only_what_there_is(provider: Provider):
    known = provider.document("/.well-known/openid-configuration")
    # The library insists on https, which a process on loopback does not have.
    public = {name: _public(value, provider.url) for name, value in known.items()}
    # And on RS256 beside whatever else there is; Portería signs with ES256 alone, and says so.
    assert known["id_token_signing_alg_values_supported"] == ["ES256"]
    OpenIDProviderMetadata(public | {"id_token_signing_alg_values_supported": ["ES256", "RS256"]}).validate()
    assert provider.document("/.well-known/oauth-authorization-server") == known
    # A token is checked by whoever gets it, without asking: it cannot be taken back, so nothing promises that.
    assert not {"revocation_endpoint", "introspection_endpoint"} & set(known)
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "end_session_endpoint"):
        assert requests.get(known[name], timeout=5, allow_redirects=False).status_code != 404, name


def _public(value: Any, url: str) -> Any:
    return value.replace(url, "https://porteria.example") if isinstance(value, str) else value
