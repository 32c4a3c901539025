"""The token endpoint for programs, and what tokens are accepted."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from services.identity.actions.clients import create_client
from services.identity.models.oauth import OAuthClient
from shared import clock
from tests.support.identity import Identity, running_identity
from tests.support.staff import claims_of, document_of

SCOPE = "credentials:issue"
GUARDED = "/api/identity/v1/parties/01890000-0000-7000-8000-000000000000/credentials"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def erp(identity: Identity) -> tuple[str, str]:
    with identity.db.write() as session:
        client, secret = create_client(session, "ERP", ["parties:read", SCOPE])
    return client.client_id, secret


def ask(identity: Identity, auth: Any = None, **data: str) -> Any:
    return identity.app.test_client().post("/oauth/token", data={"grant_type": "client_credentials", **data}, auth=auth)


def guarded(identity: Identity, token: str) -> Any:
    return identity.app.test_client().get(GUARDED, headers={"Authorization": f"Bearer {token}"})


def test_a_client_gets_a_signed_token_for_ten_minutes(identity: Identity, erp: tuple[str, str]):
    answer = ask(identity, erp, scope=SCOPE)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (answer.json["token_type"], answer.json["expires_in"], answer.json["scope"]) == ("Bearer", 600, SCOPE)
    claims = claims_of(identity.app, answer.json["access_token"])
    assert (claims["iss"], claims["aud"]) == (identity.settings.public_url, "porteria")
    assert (claims["client_id"], claims["sub"], claims["scope"]) == (erp[0], erp[0], SCOPE)
    assert claims["exp"] - claims["iat"] == 600
    assert claims["jti"]
    assert guarded(identity, answer.json["access_token"]).status_code == 200


def test_without_a_wish_a_client_gets_all_its_scopes(identity: Identity, erp: tuple[str, str]):
    assert ask(identity, erp).json["scope"] == f"parties:read {SCOPE}"


def test_the_secret_may_also_stand_in_the_form(identity: Identity, erp: tuple[str, str]):
    assert ask(identity, client_id=erp[0], client_secret=erp[1]).status_code == 200


def test_the_secret_is_not_read_from_the_address_which_gets_into_logs(identity: Identity, erp: tuple[str, str]):
    address = f"/oauth/token?grant_type=client_credentials&client_id={erp[0]}&client_secret={erp[1]}"
    assert identity.app.test_client().post(address).status_code == 400


def test_a_scope_that_the_client_does_not_have_is_refused_by_name(identity: Identity, erp: tuple[str, str]):
    answer = ask(identity, erp, scope=f"{SCOPE} letters:send")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    assert "letters:send" in answer.json["error_description"]


def test_unknown_disabled_and_wrong_get_the_same_answer(identity: Identity, erp: tuple[str, str]):
    wrong, unknown = ask(identity, (erp[0], "wrong")), ask(identity, ("nobody", erp[1]))
    with identity.db.write() as session:
        session.get_one(OAuthClient, erp[0]).disabled_at = clock.now()
    disabled = ask(identity, erp)
    assert wrong.status_code == 401
    assert wrong.json["error"] == "invalid_client"
    assert wrong.headers["WWW-Authenticate"].startswith('Basic realm="porteria"')
    assert {(a.status_code, a.text) for a in (wrong, unknown, disabled)} == {(401, wrong.text)}


def test_unknown_grant_types_are_refused_in_the_words_of_the_rfc(identity: Identity, erp: tuple[str, str]):
    answer = ask(identity, erp, grant_type="password")
    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


def test_many_wrong_secrets_are_slowed_down_but_the_right_one_still_works(identity: Identity, erp: tuple[str, str]):
    statuses = [ask(identity, (erp[0], "wrong")).status_code for _ in range(31)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert ask(identity, erp).status_code == 200


def test_the_last_use_of_a_client_is_known_to_the_minute(identity: Identity, erp: tuple[str, str]):
    def last_used() -> Any:
        with identity.db.read() as session:
            return session.get_one(OAuthClient, erp[0]).last_used_at

    start = clock.now()
    with time_machine.travel(start, tick=False) as travel:
        ask(identity, erp)
        first = last_used()
        travel.shift(30)
        ask(identity, erp)
        assert last_used() == first == start
        travel.shift(31)
        ask(identity, erp)
        assert last_used() == start + timedelta(seconds=61)


def test_an_expired_token_is_refused(identity: Identity, erp: tuple[str, str]):
    token = ask(identity, erp).json["access_token"]
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert guarded(identity, token).status_code == 401


def test_a_token_without_the_scope_is_refused(identity: Identity, erp: tuple[str, str]):
    assert guarded(identity, ask(identity, erp, scope="parties:read").json["access_token"]).status_code == 403


def forged(header: dict[str, Any], claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def test_forged_tokens_are_refused(identity: Identity, erp: tuple[str, str]):
    real = ask(identity, erp).json["access_token"]
    claims = claims_of(identity.app, real)
    (published,) = [key for key in document_of(identity.app, "/.well-known/jwks.json")["keys"] if key["kty"] == "EC"]
    kid = published["kid"]
    own = ECKey.generate_key("P-256")
    own_with_kid = forged({"alg": "ES256", "kid": kid}, claims, own)
    own_without_kid = forged({"alg": "ES256"}, claims, own)
    confused = forged({"alg": "HS256", "kid": kid}, claims, OctKey.import_key(json.dumps(published)))
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": kid}).encode()).decode().rstrip("=")
    unsigned = f"{header}.{real.split('.')[1]}."
    changed = real[:-4] + ("AAAA" if not real.endswith("AAAA") else "BBBB")
    for token in (own_with_kid, own_without_kid, confused, unsigned, changed, "rubbish", ""):
        assert guarded(identity, token).status_code == 401, token
    assert guarded(identity, real).status_code == 200


def test_a_token_for_another_audience_or_of_another_issuer_is_refused(identity: Identity, erp: tuple[str, str]):
    from services.identity.actions.keys import current_token_key
    from shared.keyring import Keyring

    with identity.db.write() as session:
        key = current_token_key(session, Keyring(identity.settings.data, "identity"))
    good = {
        "iss": identity.settings.public_url,
        "aud": "porteria",
        "client_id": "x",
        "scope": SCOPE,
        "exp": int(time.time()) + 60,
    }
    changed: dict[str, dict[str, Any]] = {
        "good": {},
        "audience": {"aud": "porteria-directory"},
        "issuer": {"iss": "https://evil.example"},
        "no end": {"exp": None},
    }
    statuses = {
        name: guarded(identity, forged({"alg": "ES256", "kid": key.kid}, good | changes, key)).status_code
        for name, changes in changed.items()
    }
    assert statuses == {"good": 200, "audience": 401, "issuer": 401, "no end": 401}


def test_the_discovery_document_is_complete_and_true(identity: Identity):
    document = document_of(identity.app, "/.well-known/openid-configuration")
    base = identity.settings.public_url
    assert document["issuer"] == base
    rules = {rule.rule for rule in identity.app.url_map.iter_rules()}
    for name in ("authorization", "token", "userinfo", "end_session"):
        assert document[f"{name}_endpoint"].removeprefix(base) in rules
    assert document["jwks_uri"].removeprefix(base) in rules
    assert document["code_challenge_methods_supported"] == ["S256"]
    keys: Any = identity.app.test_client().get("/.well-known/jwks.json")
    assert keys.headers["Cache-Control"] == "public, max-age=300"
    assert {(key["kty"], key["use"], key["alg"]) for key in keys.json["keys"]} == {
        ("EC", "sig", "ES256"),
        ("OKP", "sig", "EdDSA"),
    }
    assert all("d" not in key for key in keys.json["keys"])
