"""Passwords and links of clients in the client area, with the real identity as the other side."""

from pathlib import Path

import pytest

from shared.events.identity import CredentialIssued, RecoveryRequested
from tests.support.clientarea import CHOSEN, OTHER, change, client_area, sessions_of, settled


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
