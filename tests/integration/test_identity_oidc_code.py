"""The authorization code flow: who gets a code, what it is worth, and once."""

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from werkzeug.test import TestResponse

from services.identity.actions.staff import suspend_member
from shared import clock
from tests.support.identity import Identity, running_identity
from tests.support.staff import (
    OidcClient,
    StaffBrowser,
    add_staff,
    answer_of,
    claims_of,
    first_party,
    member_of,
    outside_client,
)


@pytest.fixture
def identity(sqlite_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
def password(identity: Identity) -> str:
    return add_staff(identity.db, "ana", "agent")


@pytest.fixture
def browser(identity: Identity, password: str) -> StaffBrowser:
    signed_in = StaffBrowser(identity.app)
    assert signed_in.sign_in("ana", password).status_code == 303
    return signed_in


@pytest.fixture
def client(identity: Identity) -> OidcClient:
    return first_party(identity.db, identity.settings)


def get_code(browser: StaffBrowser, client: OidcClient, **changes: str | None) -> str:
    answer = browser.get(client.address(**changes))
    assert answer.status_code == 302, answer.text
    return answer_of(answer)["code"]


def userinfo(identity: Identity, token: str) -> Any:
    return identity.app.test_client().get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


def test_our_own_back_office_learns_who_signed_in_without_asking_for_consent(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    answer = browser.get(client.address())
    assert answer.status_code == 302
    assert answer.location.startswith(client.redirect_uri + "?")
    told = answer_of(answer)
    assert told["state"] == client.state
    assert told["iss"] == identity.settings.public_url
    tokens = client.exchange(identity.app, told["code"])
    assert tokens.status_code == 200
    assert tokens.headers["Cache-Control"] == "no-store"
    claims = claims_of(identity.app, tokens.json["id_token"])
    member = member_of(identity.db, "ana")
    assert (claims["sub"], claims["name"], claims["roles"]) == (str(member.id), "Ana", ["agent"])
    assert (claims["aud"], claims["nonce"]) == (client.client_id, client.nonce)
    assert abs(claims["auth_time"] - clock.now().timestamp()) < 60
    half = hashlib.sha256(tokens.json["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).decode().rstrip("=")
    shown = userinfo(identity, tokens.json["access_token"]).json
    assert (shown["sub"], shown["roles"]) == (str(member.id), ["agent"])


def test_nobody_signed_in_is_led_to_the_sign_in_and_back(identity: Identity, password: str, client: OidcClient):
    browser = StaffBrowser(identity.app)
    answer = browser.get(client.address())
    assert answer.status_code == 303
    assert urlsplit(answer.location).path == "/backoffice/identity/login"
    target = parse_qs(urlsplit(answer.location).query)["next"][0]
    signed_in = browser.sign_in("ana", password, target)
    assert signed_in.location == target
    assert "code" in answer_of(browser.get(signed_in.location))


def test_with_prompt_none_the_client_is_told_instead(identity: Identity, client: OidcClient):
    answer = answer_of(StaffBrowser(identity.app).get(client.address(prompt="none")))
    assert (answer["error"], answer["state"], answer["iss"]) == (
        "login_required",
        client.state,
        identity.settings.public_url,
    )


def test_with_prompt_none_somebody_signed_in_goes_through(browser: StaffBrowser, client: OidcClient):
    assert "code" in answer_of(browser.get(client.address(prompt="none")))


def test_prompt_login_asks_for_the_password_again_and_then_goes_through(
    browser: StaffBrowser, password: str, client: OidcClient
):
    first = browser.get(client.address(prompt="login"))
    assert urlsplit(first.location).path == "/backoffice/identity/login"
    assert browser.get(first.location).status_code == 200
    again = browser.post(first.location, username="ana", password=password)
    assert "code" in answer_of(browser.get(again.location))


def test_a_sign_in_older_than_the_client_accepts_is_repeated(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        assert "code" in answer_of(browser.get(client.address(max_age="600")))
        assert urlsplit(browser.get(client.address(max_age="60")).location).path == "/backoffice/identity/login"
        assert answer_of(browser.get(client.address(max_age="60", prompt="none")))["error"] == "login_required"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/callback",
        "https://erp.example/callback/",
        "https://erp.example/callback?x=1",
        "https://erp.example.evil.example/callback",
        "http://erp.example/callback",
        "HTTPS://ERP.EXAMPLE/callback",
    ],
)
def test_a_code_goes_only_to_the_registered_address(identity: Identity, browser: StaffBrowser, address: str):
    answer = browser.get(outside_client(identity.db).address(redirect_uri=address))
    assert answer.status_code == 400
    assert answer.location is None


def test_an_unknown_client_is_answered_on_the_page_and_never_redirected(browser: StaffBrowser, client: OidcClient):
    answer = browser.get(client.address(client_id="nobody"))
    assert answer.status_code == 400
    assert answer.location is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
    ],
)
def test_a_request_that_lacks_pkce_or_is_wrong_is_refused_at_the_client(
    browser: StaffBrowser, client: OidcClient, changes: dict[str, str | None], error: str
):
    answer = browser.get(client.address(**changes))
    assert answer.location.startswith(client.redirect_uri)
    told = answer_of(answer)
    assert (told["error"], told["state"]) == (error, client.state)
    assert "code" not in told


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": "made-up"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
    ],
)
def test_a_code_is_worth_nothing_without_what_it_is_bound_to(
    identity: Identity, browser: StaffBrowser, client: OidcClient, changes: dict[str, str | None], error: str
):
    answer = client.exchange(identity.app, get_code(browser, client), **changes)
    assert (answer.status_code, answer.json["error"]) == (400, error)


def test_a_code_of_one_client_is_worth_nothing_to_another(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    code = get_code(browser, client)
    other = first_party(identity.db, identity.settings, "mailer")
    other.verifier, other.redirect_uri = client.verifier, client.redirect_uri
    assert other.exchange(identity.app, code).json["error"] == "invalid_grant"
    assert client.exchange(identity.app, code).status_code == 200  # and the attempt of a stranger does not burn it


def test_a_code_used_twice_undoes_what_it_gave(identity: Identity, browser: StaffBrowser, client: OidcClient):
    code = get_code(browser, client)
    token = client.exchange(identity.app, code).json["access_token"]
    assert userinfo(identity, token).status_code == 200
    assert client.exchange(identity.app, code).json["error"] == "invalid_grant"
    assert userinfo(identity, token).status_code == 401


def test_a_code_exchanged_by_many_at_once_gives_one_token(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    code, start, statuses = get_code(browser, client), threading.Barrier(5), []

    def run() -> None:
        start.wait(10)
        statuses.append(client.exchange(identity.app, code).status_code)

    threads = [threading.Thread(target=run) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [200, 400, 400, 400, 400]


def test_a_code_expires_after_a_minute(identity: Identity, browser: StaffBrowser, client: OidcClient):
    code = get_code(browser, client)
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        assert client.exchange(identity.app, code).json["error"] == "invalid_grant"


def test_a_code_of_somebody_suspended_meanwhile_is_worth_nothing(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    code = get_code(browser, client)
    add_staff(identity.db, "boss", "administrator")
    with identity.db.write() as session:
        suspend_member(session, member_of(identity.db, "ana").id)
    assert client.exchange(identity.app, code).json["error"] == "invalid_grant"


def test_suspending_ends_userinfo_and_silent_renewal_at_once(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    token = client.exchange(identity.app, get_code(browser, client)).json["access_token"]
    add_staff(identity.db, "boss", "administrator")
    with identity.db.write() as session:
        suspend_member(session, member_of(identity.db, "ana").id)
    assert userinfo(identity, token).status_code == 401
    assert answer_of(browser.get(client.address(prompt="none")))["error"] == "login_required"
    assert urlsplit(browser.get(client.address()).location).path == "/backoffice/identity/login"


def test_a_clients_own_scopes_never_come_through_a_person(
    identity: Identity, browser: StaffBrowser, client: OidcClient
):
    code = get_code(browser, client, scope="openid credentials:issue")
    answer = client.exchange(identity.app, code).json
    assert answer["scope"] == "openid"
    assert claims_of(identity.app, answer["access_token"])["scope"] == "openid"
    assert "name" not in claims_of(identity.app, answer["id_token"])


def test_a_token_of_a_program_shows_no_person(identity: Identity):
    token = identity.client()._headers["Authorization"].removeprefix("Bearer ")
    assert userinfo(identity, token).status_code == 401


def test_an_id_token_opens_no_interface(identity: Identity, browser: StaffBrowser, client: OidcClient):
    id_token = client.exchange(identity.app, get_code(browser, client)).json["id_token"]
    path = "/api/identity/v1/parties/01890000-0000-7000-8000-000000000000/credentials"
    answer = identity.app.test_client().get(path, headers={"Authorization": f"Bearer {id_token}"})
    assert answer.status_code == 401


def decide(browser: StaffBrowser, page: TestResponse, decision: str) -> TestResponse:
    action = re.search(r'<form method="post" action="(/oauth/consent[^"]+)"', page.text)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert action
    assert token
    address = action[1].replace("&amp;", "&")
    return browser.client.post(address, data={"csrf_token": token[1], "decision": decision})


def test_an_outside_program_needs_consent_once(identity: Identity, browser: StaffBrowser):
    client = outside_client(identity.db)
    assert answer_of(browser.get(client.address(prompt="none")))["error"] == "consent_required"
    page = browser.get(client.address())
    assert page.status_code == 200
    assert "Contabilidad" in page.text
    assert "form-action 'self' https://erp.example;" in page.headers["Content-Security-Policy"]
    answer = decide(browser, page, "accept")
    assert client.exchange(identity.app, answer_of(answer)["code"]).status_code == 200
    assert "code" in answer_of(browser.get(client.address(prompt="none")))
    assert browser.get(client.address(prompt="consent")).status_code == 200


def test_who_refuses_gives_no_code(identity: Identity, browser: StaffBrowser):
    client = outside_client(identity.db)
    answer = answer_of(decide(browser, browser.get(client.address()), "refuse"))
    assert (answer["error"], answer["state"]) == ("access_denied", client.state)
    assert browser.get(client.address()).status_code == 200


def test_a_foreign_page_cannot_consent_for_somebody(identity: Identity, browser: StaffBrowser):
    address = outside_client(identity.db).address().replace("/oauth/authorize", "/oauth/consent")
    answer = browser.client.post(address, data={"decision": "accept"})
    assert answer.status_code == 400
    assert answer.location is None
