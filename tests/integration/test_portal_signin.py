"""Signing in to the client area, with the real identity as the other side."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from markupsafe import escape
from sqlalchemy import select

from services.portal.models import ClientSession, Party
from shared import clock
from shared.events.identity import CredentialIssued, RecoveryRequested
from tests.support.clientarea import Area, client_area, deactivated, updated

CHOSEN = "tres caballos bailan sin zapatos"
OTHER = "cuatro nubes comen pan de arroz"


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


def settled(area: Area, number: int = 1, password: str = CHOSEN) -> uuid.UUID:
    """A party that has changed its initial password already."""
    party_id = area.party(number)
    initial = area.identity.issue(party_id)
    browser = area.browser()
    browser.sign_in(str(10_000_000 + number), initial)
    answer = change(browser, initial, password)
    assert answer.status_code == 303, answer.text
    area.carry()
    return party_id


def change(browser, current: str, new: str):
    return browser.post("/customerarea/password", current_password=current, new_password=new, repeat_password=new)


def sessions_of(area: Area, party_id: uuid.UUID) -> list[ClientSession]:
    with area.db.read() as session:
        wanted = select(ClientSession).where(ClientSession.party_id == party_id).order_by(ClientSession.id)
        return list(session.scalars(wanted))


def test_a_client_signs_in_with_any_spelling_of_the_document_or_with_the_email(area):
    settled(area)
    for login in ("10000001", "10.000.001", "10 000 001", "persona1@example.com", " PERSONA1@example.com "):
        browser = area.browser()

        answer = browser.sign_in(login, CHOSEN)

        assert (answer.status_code, answer.location) == (303, "/customerarea/"), login
        assert "Persona Número 1" in browser.get("/customerarea/").text


def test_an_initial_password_opens_nothing_before_it_is_changed(stored):
    party_id = stored.party()
    initial = stored.identity.issue(party_id)
    browser = stored.browser()

    assert browser.sign_in("10000001", initial).location == "/customerarea/password"
    assert browser.get("/customerarea/").location == "/customerarea/password"
    assert not browser.is_in

    assert change(browser, initial, CHOSEN).location == "/customerarea/"
    assert browser.is_in
    again = stored.browser()
    assert again.sign_in("10000001", initial).status_code == 422
    assert again.sign_in("10000001", CHOSEN).location == "/customerarea/"


def test_the_own_session_goes_on_after_the_events_of_the_change_arrive(stored):
    party_id = stored.party()
    initial = stored.identity.issue(party_id)
    browser = stored.browser()
    browser.sign_in("10000001", initial)
    change(browser, initial, CHOSEN)

    stored.carry()

    assert browser.is_in
    assert [one.end_reason for one in sessions_of(stored, party_id)] == ["password_changed", None]


def test_a_wrong_current_password_and_a_weak_new_one_are_told_at_their_fields(area):
    settled(area)
    browser = area.browser()
    browser.sign_in("10000001", CHOSEN)

    answer = change(browser, "no es esta", "12345678")

    assert answer.status_code == 422
    assert 'id="current_password-error"' in answer.text
    assert 'id="new_password-error"' in answer.text
    assert "12345678" not in answer.text
    assert browser.is_in


def test_a_password_of_73_bytes_is_refused_with_the_reason(area):
    settled(area)
    browser = area.browser()
    browser.sign_in("10000001", CHOSEN)

    answer = change(browser, CHOSEN, "ñandú" * 10 + "xyz")

    assert answer.status_code == 422
    assert "72" in answer.text


def test_two_new_passwords_that_differ_change_nothing(area):
    settled(area)
    browser = area.browser()
    browser.sign_in("10000001", CHOSEN)

    answer = browser.post(
        "/customerarea/password", current_password=CHOSEN, new_password=OTHER, repeat_password=OTHER + "x"
    )

    assert answer.status_code == 422
    assert area.browser().sign_in("10000001", CHOSEN).status_code == 303


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


def test_changing_the_password_ends_the_other_sessions(stored):
    settled(stored)
    here, there = stored.browser(), stored.browser()
    here.sign_in("10000001", CHOSEN)
    there.sign_in("10000001", CHOSEN)

    change(here, CHOSEN, OTHER)

    assert here.is_in
    assert not there.is_in
    stored.carry()
    assert here.is_in


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


def test_a_link_sets_the_password_only_when_the_form_is_sent(area):
    party_id = area.party()
    area.identity.call("/credentials", {"party_id": str(party_id), "delivery": "link"})
    token = area.identity.secret_of(CredentialIssued)

    for _ in range(3):  # mail scanners open links, often more than once
        scanner = area.browser()
        assert scanner.get(f"/customerarea/activate?token={token}", follow_redirects=True).status_code == 200
    browser = area.browser()
    opened = browser.get(f"/customerarea/activate?token={token}")
    assert opened.location == "/customerarea/activate"
    assert opened.headers["Referrer-Policy"] == "no-referrer"
    page = browser.get("/customerarea/activate")
    assert token not in page.text

    weak = browser.post("/customerarea/activate", new_password="12345678", repeat_password="12345678")
    assert weak.status_code == 422
    assert "new_password-error" in weak.text
    done = browser.post("/customerarea/activate", new_password=CHOSEN, repeat_password=CHOSEN)

    assert done.location == "/customerarea/signin"
    assert area.browser().sign_in("10000001", CHOSEN).location == "/customerarea/"
    late = area.browser()
    assert late.get(f"/customerarea/activate?token={token}", follow_redirects=True).status_code == 410


def test_a_forgotten_password_is_replaced_with_the_link_of_the_letter(area):
    settled(area)
    elsewhere = area.browser()
    elsewhere.sign_in("10000001", CHOSEN)
    browser = area.browser()

    known = browser.post("/customerarea/forgot", login="persona1@example.com")
    unknown = area.browser().post("/customerarea/forgot", login="nadie@example.com")

    assert known.location == unknown.location == "/customerarea/forgot/sent"
    token = area.identity.secret_of(RecoveryRequested)
    browser.get(f"/customerarea/reset?token={token}")
    assert browser.post("/customerarea/reset", new_password=OTHER, repeat_password=OTHER).status_code == 303
    assert not elsewhere.is_in
    assert area.browser().sign_in("10000001", CHOSEN).status_code == 422
    assert area.browser().sign_in("10000001", OTHER).status_code == 303


def test_a_link_that_is_none_says_so(area):
    for token in ("", "short", "x" * 5000, "<script>alert(1)</script>aaaaaaa", "a" * 43):
        answer = area.browser().get("/customerarea/reset", query_string={"token": token}, follow_redirects=True)

        assert answer.status_code == 410, token
        assert "ya no funciona" in answer.text


def test_nothing_typed_or_linked_is_in_a_log_line(area, capfd):
    settled(area)
    browser = area.browser()
    browser.sign_in("10000001", "algo muy secreto")
    browser.sign_in("10000001", CHOSEN)
    browser.post("/customerarea/forgot", login="10000001")
    token = area.identity.secret_of(RecoveryRequested)
    browser.get(f"/customerarea/reset?token={token}", follow_redirects=True)

    written = "".join(capfd.readouterr())

    assert "/customerarea" in written
    for secret in (CHOSEN, "algo muy secreto", token, str(browser.token)):
        assert secret not in written


def test_no_token_or_password_lies_in_the_portals_database(tmp_path, sqlite_url):
    with client_area(tmp_path, sqlite_url) as area:
        settled(area)
        browser = area.browser()
        browser.sign_in("10000001", CHOSEN)
        token = str(browser.token)

    content = b"".join(Path(file).read_bytes() for file in tmp_path.glob("portal.db*"))

    assert b"Persona N" in content
    assert token.encode() not in content
    assert CHOSEN.encode() not in content
