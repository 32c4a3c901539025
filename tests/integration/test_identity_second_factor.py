"""The second factor of the staff: setting it up, signing in with it, losing the phone, having to have one."""

import re
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import time_machine
from alembic import command
from sqlalchemy import inspect, select, text

from services.identity.actions.second_factor import begin_enrolment, confirm_enrolment, use_code
from services.identity.models.staff import StaffSession
from services.identity.queries.second_factor import Owner, has_factor
from shared import clock, migrations
from shared.db import Database
from shared.events.acts import ACT_EVENTS
from shared.keyring import Keyring
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, answer_of, claims_of, first_party, member_of

SECURITY = "/backoffice/identity/security/"
FACTOR = f"{SECURITY}second-factor/"
CODE = "/backoffice/identity/login/code"
LOGIN = "/backoffice/identity/login"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def strict(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path, second_factor_roles="administrator, agent") as running:
        yield running


def signed_in(identity: Identity, username: str = "ana", role: str = "agent") -> tuple[StaffBrowser, str]:
    password, browser = add_staff(identity.db, username, role), StaffBrowser(identity.app)
    assert browser.sign_in(username, password).status_code == 303
    return browser, password


def secret_on(page: str) -> str:
    found = re.search(r'<code class="text-break">([A-Z2-7 ]+)</code>', page)
    assert found, page
    return found[1].replace(" ", "")


def enrol(browser: StaffBrowser) -> tuple[str, list[str]]:
    """Set the second factor up; returns the secret of the phone and the recovery codes."""
    assert browser.post(f"{FACTOR}begin", form=FACTOR).status_code == 303
    secret = secret_on(browser.get(FACTOR).text)
    done = browser.post(f"{FACTOR}confirm", form=FACTOR, code=pyotp.TOTP(secret).at(clock.now()))
    assert done.status_code == 200, done.text
    assert done.headers["Cache-Control"] == "no-store"
    return secret, re.findall(r"<li><code[^>]*>([a-z0-9-]{14})</code>", done.text)


def code_at(secret: str, moment: datetime) -> str:
    return pyotp.TOTP(secret).at(moment)


def acts(identity: Identity) -> list[tuple[str, str, str]]:
    return [(one.act, one.actor_kind, one.actor_name) for one in identity.told(ACT_EVENTS["identity"])]


def test_nothing_counts_before_a_code_of_the_phone_was_given(identity: Identity):
    browser, password = signed_in(identity)
    assert "<img" not in browser.get(FACTOR).text
    browser.post(f"{FACTOR}begin", form=FACTOR)
    secret = secret_on(browser.get(FACTOR).text)
    wrong = browser.post(f"{FACTOR}confirm", form=FACTOR, code="000000")
    assert wrong.status_code == 422
    assert secret_on(wrong.text) == secret
    other = StaffBrowser(identity.app)
    assert other.sign_in("ana", password).location == "/backoffice/"


def test_the_picture_says_what_the_key_says(identity: Identity, monkeypatch: pytest.MonkeyPatch):
    pictured: list[str] = []

    def picture(said: str) -> str:
        pictured.append(said)
        return "data:,"

    monkeypatch.setattr("services.identity.pages.own_second_factor.qr_image", picture)
    browser, _ = signed_in(identity)
    browser.post(f"{FACTOR}begin", form=FACTOR)
    secret = secret_on(browser.get(FACTOR).text)
    address = urlsplit(pictured[-1])
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert address.path.endswith(":ana")
    assert parse_qs(address.query)["secret"] == [secret]


def test_after_the_password_only_the_page_for_the_code_opens(identity: Identity):
    browser, password = signed_in(identity)
    secret, _ = enrol(browser)
    half = StaffBrowser(identity.app)
    answer = half.sign_in("ana", password, "/backoffice/mailer/")
    assert answer.location == f"{CODE}?next=/backoffice/mailer/"
    for closed in ("/backoffice/", SECURITY, FACTOR, "/backoffice/identity/password/", "/backoffice/identity/"):
        assert "/login" in (half.get(closed).location or ""), closed
    assert half.get(CODE).status_code == 200
    # The cookie of the half session is no session either.
    cookie = half.client.get_cookie("porteria_staff_code", path=CODE)
    assert cookie is not None
    forged = StaffBrowser(identity.app)
    forged.client.set_cookie("porteria_staff", cookie.value)
    assert "/login" in (forged.get("/backoffice/").location or "")

    assert half.post(CODE, code="000000").status_code == 401
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=False):
        done = half.post(f"{CODE}?next=/backoffice/mailer/", code=code_at(secret, clock.now()))
        assert (done.status_code, done.location) == (303, "/backoffice/mailer/")
        assert half.get("/backoffice/").status_code == 200
    assert ("staff.sign_in_refused", "system", "") in acts(identity)


def test_the_half_session_is_over_after_some_minutes(identity: Identity):
    browser, password = signed_in(identity)
    enrol(browser)
    half = StaffBrowser(identity.app)
    half.sign_in("ana", password)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        assert half.get(CODE).location.startswith(LOGIN)
        assert "/login" in (half.get("/backoffice/").location or "")


def test_a_code_is_good_once_and_its_neighbours_too(identity: Identity):
    browser, password = signed_in(identity)
    secret, _ = enrol(browser)
    start = clock.now() + timedelta(minutes=2)

    def attempt(code: str) -> int:
        other = StaffBrowser(identity.app)
        other.sign_in("ana", password)
        return other.post(CODE, code=code).status_code

    with time_machine.travel(start, tick=False):
        assert attempt(code_at(secret, start - timedelta(seconds=60))) == 401
        assert attempt(code_at(secret, start - timedelta(seconds=30))) == 303
        assert attempt(code_at(secret, start - timedelta(seconds=30))) == 401
        assert attempt(code_at(secret, start)) == 303
        assert attempt(code_at(secret, start - timedelta(seconds=30))) == 401
        assert attempt(code_at(secret, start + timedelta(seconds=30))) == 303
        assert attempt(code_at(secret, start)) == 401


def test_a_recovery_code_opens_once_and_renewing_voids_the_others(identity: Identity):
    browser, password = signed_in(identity)
    _, codes = enrol(browser)
    assert len(set(codes)) == 10

    def attempt(code: str) -> int:
        other = StaffBrowser(identity.app)
        other.sign_in("ana", password)
        return other.post(CODE, code=code).status_code

    assert attempt(f" {codes[0].upper().replace('-', ' ')} ") == 303
    assert attempt(codes[0]) == 401
    assert "Quedan 9 códigos" in browser.get(SECURITY).text
    renewed = browser.post(f"{FACTOR}recovery-codes", proof=password)
    fresh = re.findall(r"<li><code[^>]*>([a-z0-9-]{14})</code>", renewed.text)
    assert len(set(fresh) | set(codes)) == 20
    assert attempt(codes[1]) == 401
    assert attempt(fresh[1]) == 303
    assert ("recovery_codes.renewed", "staff", "Ana") in acts(identity)


def test_neither_secret_nor_recovery_codes_stand_in_the_database(identity: Identity):
    secret, codes = enrol(signed_in(identity)[0])
    with identity.db.read() as session:
        kept = b"".join(
            bytes(value)
            for table, column in (("second_factors", "secret"), ("recovery_codes", "code_hash"))
            for value in session.scalars(text(f"SELECT {column} FROM {table}"))
        )
    assert secret.encode() not in kept
    assert not any(code.replace("-", "").encode() in kept for code in codes)
    assert len(kept) > 10 * 32


def test_removing_needs_password_or_code_and_is_throttled(identity: Identity):
    browser, password = signed_in(identity)
    enrol(browser)
    assert browser.post(f"{FACTOR}remove", proof="guess").status_code == 422
    assert browser.post(f"{FACTOR}remove", proof=password).status_code == 303
    assert StaffBrowser(identity.app).sign_in("ana", password).location == "/backoffice/"
    told = acts(identity)
    assert ("second_factor.enabled", "staff", "Ana") in told
    assert ("second_factor.removed", "staff", "Ana") in told

    enrol(browser)
    guesses = [browser.post(f"{FACTOR}remove", proof="wrong one").status_code for _ in range(11)]
    assert guesses == [422] * 10 + [429]
    assert browser.post(f"{FACTOR}remove", proof=password).status_code == 429


def test_codes_are_throttled_for_the_account_and_a_restart_forgives_nothing(identity: Identity):
    browser, password = signed_in(identity)
    secret, _ = enrol(browser)
    half = StaffBrowser(identity.app)
    half.sign_in("ana", password)
    assert [half.post(CODE, code="000000").status_code for _ in range(10)] == [401] * 10
    again = StaffBrowser(identity.new_app())
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        again.sign_in("ana", password)  # a right password does not clear what codes count against
        refused = again.post(CODE, code=code_at(secret, clock.now()))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 60


def test_two_uses_of_one_code_at_once_have_one_winner(identity: Identity):
    keyring, owner = Keyring(identity.settings.data, "identity"), Owner("staff", uuid.uuid4())
    with identity.db.write() as session:
        secret = begin_enrolment(session, owner, keyring)
        codes = confirm_enrolment(session, owner, code_at(secret, clock.now() - timedelta(seconds=30)), keyring)
    for code in (code_at(secret, clock.now() + timedelta(seconds=25)), codes[0]):
        outcomes: list[bool] = []
        start = threading.Barrier(6)

        def use(code: str = code, outcomes: list[bool] = outcomes, start: threading.Barrier = start) -> None:
            start.wait(10)
            with identity.db.write() as session:
                outcomes.append(use_code(session, owner, code, keyring))

        threads = [threading.Thread(target=use) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes) == [False] * 5 + [True]


def test_whoever_needs_one_gets_no_further_before_it_is_set_up(strict: Identity):
    client = first_party(strict.db, strict.settings)
    browser, password = signed_in(strict)
    due = StaffBrowser(strict.app)
    answer = due.sign_in("ana", password, client.address())
    assert answer.location.startswith(FACTOR)
    for closed in ("/backoffice/", SECURITY, "/backoffice/identity/"):
        assert "/login" in (due.get(closed).location or ""), closed
    assert "/login" in (due.get(client.address()).location or ""), "no code for a back office either"
    assert due.get(f"{LOGIN}?next=/backoffice/").location.startswith(FACTOR)
    assert "Su rol necesita" in due.get(FACTOR).text
    due.post(f"{FACTOR}begin", form=FACTOR)
    secret = secret_on(due.get(FACTOR).text)
    assert due.post(f"{FACTOR}confirm", form=FACTOR, code=code_at(secret, clock.now())).status_code == 200
    assert due.get("/backoffice/").status_code == 200
    claims = claims_of(
        strict.app, client.exchange(strict.app, answer_of(due.get(client.address()))["code"]).json["id_token"]
    )
    assert claims["amr"] == ["pwd", "otp", "mfa"]
    assert claims["acr"] == "aal2"
    assert "/login" in (browser.get("/backoffice/").location or ""), "sessions without a code ended"


def test_a_role_that_is_not_named_needs_none(strict: Identity):
    password = add_staff(strict.db, "olga", "auditor")
    assert StaffBrowser(strict.app).sign_in("olga", password).location == "/backoffice/"


def test_a_first_password_is_changed_before_the_second_factor_is_set_up(strict: Identity):
    password, browser = add_staff(strict.db, "ana", "agent", must_change=True), StaffBrowser(strict.app)
    assert browser.sign_in("ana", password).location.startswith("/backoffice/identity/password/")
    assert browser.get(FACTOR).location.startswith("/backoffice/identity/password/")
    chosen = "el perro azul camina 47"
    changed = browser.post("/backoffice/identity/password/", current=password, new=chosen, again=chosen)
    assert browser.get(changed.location).location.startswith(LOGIN)
    assert browser.get(f"{LOGIN}?next=/backoffice/").location.startswith(FACTOR)


def test_an_administrator_removes_the_second_factor_of_a_colleague_after_confirming(identity: Identity):
    browser, password = signed_in(identity)
    enrol(browser)
    boss, _ = signed_in(identity, "boss", "administrator")
    member = member_of(identity.db, "ana")
    page = f"/backoffice/identity/staff/{member.id}"
    assert f"{page}/second-factor/remove" in boss.get(page).text
    ask = f"{page}/second-factor/remove"
    assert "Ana" in boss.get(ask).text
    assert boss.post(ask).status_code == 303
    assert StaffBrowser(identity.app).sign_in("ana", password).location == "/backoffice/"
    assert browser.post(ask).status_code == 403
    assert ("second_factor.removed", "staff", "Boss") in acts(identity)


def test_own_sessions_are_seen_in_words_and_ended(identity: Identity):
    browser, password = signed_in(identity)
    phone = StaffBrowser(identity.app)
    phone.client.environ_base["HTTP_USER_AGENT"] = (
        "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"
    )
    phone.sign_in("ana", password)
    page = browser.get(SECURITY).text
    assert "Chrome en Android" in page
    assert page.count("Este mismo") == 1
    assert 'confirm-number">1<' in browser.get(f"{SECURITY}sessions/end-others").text
    assert browser.post(f"{SECURITY}sessions/end-others").status_code == 303
    assert "/login" in (phone.get("/backoffice/").location or "")
    assert browser.get("/backoffice/").status_code == 200
    phone.sign_in("ana", password)
    other = re.search(rf"{SECURITY}sessions/[0-9a-f-]+/end", browser.get(SECURITY).text)
    assert other
    assert "Chrome en Android" in browser.get(other[0]).text
    assert browser.post(other[0]).status_code == 303
    assert "/login" in (phone.get("/backoffice/").location or "")
    assert [act for act, *_ in acts(identity)].count("sessions.ended") == 2


def test_nobody_ends_a_session_of_somebody_else_from_their_own_page(identity: Identity):
    browser, _ = signed_in(identity)
    other, _ = signed_in(identity, "eva")
    with identity.db.read() as session:
        hers = session.scalar(select(StaffSession.id).where(StaffSession.staff_id == member_of(identity.db, "eva").id))
    browser.post(f"{SECURITY}sessions/{hers}/end", form=SECURITY)
    assert other.get("/backoffice/").status_code == 200


def test_an_administrator_ends_the_sessions_of_a_colleague(identity: Identity):
    browser, _ = signed_in(identity)
    boss, _ = signed_in(identity, "boss", "administrator")
    page = f"/backoffice/identity/staff/{member_of(identity.db, 'ana').id}"
    ask = f"{page}/sessions/end"
    assert ask in boss.get(page).text
    assert 'confirm-number">1<' in boss.get(ask).text
    assert boss.post(ask).status_code == 303
    assert "/login" in (browser.get("/backoffice/").location or "")
    assert browser.post(ask, form=LOGIN).status_code != 200
    assert ("sessions.ended", "staff", "Boss") in acts(identity)


def test_an_agent_removes_the_second_factor_of_a_client_after_confirming(identity: Identity):
    party = identity.add_party(name="Ana Pérez")
    keyring, owner = Keyring(identity.settings.data, "identity"), Owner("party", party.party_id)
    with identity.db.write() as session:
        secret = begin_enrolment(session, owner, keyring)
        confirm_enrolment(session, owner, code_at(secret, clock.now()), keyring)
    agent, _ = signed_in(identity, "luz", "agent")
    auditor, _ = signed_in(identity, "olga", "auditor")
    page = f"/backoffice/identity/parties/{party.party_id}"
    ask = f"{page}/second-factor/remove"
    assert ask in agent.get(page).text
    assert ask not in auditor.get(page).text
    assert auditor.post(ask, form=SECURITY).status_code == 403
    assert "Ana Pérez" in agent.get(ask).text
    with identity.db.read() as session:
        assert has_factor(session, owner), "looking removes nothing"
    assert agent.post(ask).location == page
    with identity.db.read() as session:
        assert not has_factor(session, owner)
    assert ask not in agent.get(page).text
    told = [one for one in identity.told(ACT_EVENTS["identity"]) if one.act == "second_factor.removed"]
    assert [(one.actor_name, one.party_id) for one in told] == [("Luz", party.party_id)]


def test_sessions_and_links_of_before_survive_the_upgrade_and_the_way_back(database_url: str):
    db = Database(database_url.replace("{service}", "identity"))
    config = migrations._config("identity", db)
    command.upgrade(config, "0002")
    member, moment = uuid.uuid4().hex, "2026-01-01 10:00:00+00:00"
    with db.write() as session:
        session.execute(
            text(
                "INSERT INTO staff (id, username, name, role, language, password_hash, must_change, active, created_at)"
                f" VALUES ('{member}', 'ana', 'Ana', 'agent', 'es', 'x', false, true, '{moment}')"
            )
        )
        session.execute(
            text(
                "INSERT INTO staff_sessions (id, token_hash, staff_id, started_at, expires_at)"
                " VALUES (:id, :hash, :who, :at, :at)"
            ),
            {"id": uuid.uuid4().hex, "hash": b"x" * 32, "who": member, "at": moment},
        )
    for step, version in ((command.upgrade, "0003"), (command.downgrade, "0002"), (command.upgrade, "head")):
        step(config, version)
        with db.read() as session:
            assert session.scalar(text("SELECT count(*) FROM staff_sessions")) == 1
        assert inspect(db.engine).has_table("second_factors") is (version != "0002")
    with db.read() as session:
        kept = session.scalars(select(StaffSession)).one()
    assert (kept.awaits_code, kept.second_factor, kept.address) == (False, False, "")
    db.dispose()
