"""Signing in to the client area, and the ends of sessions, with the real identity as the other side."""

from datetime import timedelta

import pytest
import time_machine
from markupsafe import escape

from services.portal.models import Party
from shared import clock
from tests.support.clientarea import CHOSEN, client_area, deactivated, sessions_of, settled, updated


@pytest.fixture
def area(tmp_path, sqlite_url):
    """Where the database makes no difference."""
    with client_area(tmp_path, sqlite_url) as made:
        yield made


@pytest.fixture
def stored(tmp_path, database_url):
    """Where it may: on both."""
    with client_area(tmp_path, database_url) as made:
        yield made


def test_a_client_signs_in_with_any_spelling_of_the_document_or_with_the_email(area):
    settled(area)
    for login in ("10000001", "10.000.001", "10 000 001", "persona1@example.com", " PERSONA1@example.com "):
        browser = area.browser()

        answer = browser.sign_in(login, CHOSEN)

        assert (answer.status_code, answer.location) == (303, "/customerarea/"), login
        assert "Persona Número 1" in browser.get("/customerarea/").text


def test_every_failure_gets_the_same_answer(area):
    settled(area, 1)
    without_credential = area.party(2)
    gone = settled(area, 3)
    area.tell_identity(deactivated(3))
    logins = ["10000001", "10000002", "10000003", "99999999", "nadie@example.com", "x" * 900, "'; --"]

    pages = set()
    for login in logins:
        answer = area.browser().sign_in(login, "equivocada equivocada")
        assert answer.status_code == 422
        # The token of the form and what was typed are the only differences.
        pages.add(_without_token(answer.text.replace(str(escape(login)), "")))
    assert len(pages) == 1
    with area.db.read() as session:
        assert session.get(Party, without_credential)
        assert session.get(Party, gone)


def _without_token(text: str) -> str:
    head, _, rest = text.partition('name="csrf_token"')
    return head + rest.partition(">")[2]


def test_too_many_attempts_say_when_to_try_again_for_known_and_unknown_alike(area):
    settled(area)
    answers = {}
    for login, address in (("10000001", "10.1.1.1"), ("99999999", "10.1.1.2")):
        browser = area.browser(address)
        statuses = [browser.sign_in(login, "equivocada").status_code for _ in range(11)]
        assert statuses[0] == 422
        assert statuses[-1] == 429
        answer = browser.sign_in(login, CHOSEN)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
        assert "minutos" in answer.text
        answers[login] = statuses
    assert answers["10000001"] == answers["99999999"]


def test_without_identity_the_client_is_told_to_try_again(tmp_path, sqlite_url):
    with client_area(tmp_path, sqlite_url) as area:
        settled(area)
    browser = area.browser()

    answer = browser.sign_in("10000001", CHOSEN)

    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert "10000001" in answer.text
    assert CHOSEN not in answer.text


def test_signing_in_makes_a_new_token_and_ends_the_session_that_the_browser_had(area):
    settled(area)
    browser = area.browser()
    browser.client.set_cookie("porteria_client", "given-by-an-attacker", path="/customerarea")
    browser.sign_in("10000001", CHOSEN)
    first = browser.token

    answer = browser.post("/customerarea/signin", form="/customerarea/password", login="10000001", password=CHOSEN)

    assert answer.status_code == 303
    assert first != "given-by-an-attacker"
    assert browser.token not in (first, None)
    old = area.browser()
    old.client.set_cookie("porteria_client", str(first), path="/customerarea")
    assert not old.is_in


def test_the_form_of_before_the_sign_in_is_worth_nothing_after_it(area):
    settled(area)
    browser = area.browser()
    before = browser.get("/customerarea/signin").text.split('csrf_token" type="hidden" value="')[-1].split('"')[0]
    browser.sign_in("10000001", CHOSEN)

    answer = browser.client.post("/customerarea/signout", data={"csrf_token": before})

    assert answer.status_code == 400


def test_the_cookie_is_for_the_client_area_alone_and_out_of_reach_of_scripts(area):
    settled(area)
    browser = area.browser()

    answer = browser.sign_in("10000001", CHOSEN)

    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("porteria_client=")]
    assert "HttpOnly" in cookie
    assert "Path=/customerarea" in cookie
    assert "SameSite=Lax" in cookie


def test_the_sign_in_sends_nobody_out_of_the_client_area(area):
    settled(area)
    outside = ("https://evil.example/", "//evil.example/", "/\\evil.example", "/backoffice/", "javascript:alert(1)")
    for target in (*outside, "/customerareax", "/customerarea/../backoffice/"):
        assert area.browser().sign_in("10000001", CHOSEN, next=target).location == "/customerarea/", target


def test_the_sign_in_leads_back_to_the_page_that_was_wanted(area):
    settled(area)
    browser = area.browser()
    assert browser.get("/customerarea/password").location == "/customerarea/signin?next=%2Fcustomerarea%2Fpassword"

    answer = browser.sign_in("10000001", CHOSEN, next="/customerarea/password")

    assert answer.location == "/customerarea/password"


def test_signing_out_ends_the_session_and_not_only_the_cookie(area):
    settled(area)
    browser = area.browser()
    browser.sign_in("10000001", CHOSEN)
    kept = browser.token

    answer = browser.post("/customerarea/signout", form="/customerarea/")

    assert answer.location == "/customerarea/signin"
    assert "Usted cerró la sesión" in browser.get("/customerarea/signin").text
    thief = area.browser()
    thief.client.set_cookie("porteria_client", str(kept), path="/customerarea")
    assert not thief.is_in


def test_revoking_ends_the_sessions_of_that_credential_when_the_event_arrives(stored):
    party_id = settled(stored)
    browser = stored.browser()
    browser.sign_in("10000001", CHOSEN)
    assert browser.is_in

    stored.identity.call(f"/parties/{party_id}/credentials/revoke")
    stored.carry()

    assert not browser.is_in
    assert stored.browser().sign_in("10000001", CHOSEN).status_code == 422


def test_deactivating_ends_every_session_of_the_party_and_of_nobody_else(stored):
    settled(stored, 1)
    settled(stored, 2)
    one, another, neighbour = stored.browser(), stored.browser(), stored.browser()
    one.sign_in("10000001", CHOSEN)
    another.sign_in("10000001", CHOSEN)
    neighbour.sign_in("10000002", CHOSEN)

    stored.tell_portal(deactivated(1))

    assert not one.is_in
    assert not another.is_in
    assert neighbour.is_in


def test_a_copy_that_is_late_after_a_reactivation_does_not_lock_the_client_out(area):
    """The directory is asked over HTTP then; here it does not answer, and the client is told to try again."""
    party_id = settled(area)
    area.tell_portal(deactivated(1))
    browser = area.browser()

    assert browser.sign_in("10000001", CHOSEN).status_code == 503

    area.tell_portal(updated(1, version=3))
    assert browser.sign_in("10000001", CHOSEN).status_code == 303
    assert len(sessions_of(area, party_id)) >= 2


def test_a_session_ends_after_an_hour_without_use_and_after_twelve_in_any_case(stored):
    party_id = settled(stored)
    idle = stored.browser()
    idle.sign_in("10000001", CHOSEN)
    busy = stored.browser()
    busy.sign_in("10000001", CHOSEN)
    began = clock.now()

    for half_hours in range(1, 24):
        with time_machine.travel(began + timedelta(minutes=30 * half_hours), tick=False):
            assert busy.is_in, half_hours
            assert idle.token
            if half_hours >= 2:
                assert not idle.is_in
    with time_machine.travel(began + timedelta(hours=12, minutes=1), tick=False):
        assert not busy.is_in
    reasons = [one.end_reason for one in sessions_of(stored, party_id)]
    assert reasons.count("expired") == 2
