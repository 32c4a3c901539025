"""The staff at identity's own pages: signing in and out, and who may manage whom."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine

from services.identity.actions.administrators import create_first_administrator
from services.identity.actions.staff import suspend_member
from services.identity.models.staff import StaffMember, StaffSession
from services.identity.rules.hashing import cost_of
from services.identity.rules.staff import SESSION_LASTS
from shared import clock
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, first_party, member_of

STAFF = "/backoffice/identity/staff/"
LOGIN = "/backoffice/identity/login"
GOOD = "el perro azul camina 47"


@pytest.fixture
def identity(sqlite_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(sqlite_url, tmp_path) as running:
        yield running


def signed_in(identity: Identity, username: str, role: str) -> StaffBrowser:
    browser = StaffBrowser(identity.app)
    assert browser.sign_in(username, add_staff(identity.db, username, role)).status_code == 303
    return browser


@pytest.fixture
def boss(identity: Identity) -> StaffBrowser:
    return signed_in(identity, "boss", "administrator")


def test_the_sign_in_page_is_in_spanish_and_leads_where_one_wanted_to_go(identity: Identity):
    password, browser = add_staff(identity.db, "ana", "agent"), StaffBrowser(identity.app)
    page = browser.get("/backoffice/", follow_redirects=True)
    assert 'lang="es"' in page.text
    assert "Contraseña" in page.text
    answer = browser.sign_in("ANA ", password, "/backoffice/mailer/?state=pending")
    assert (answer.status_code, answer.location) == (303, "/backoffice/mailer/?state=pending")
    assert browser.get("/backoffice/").status_code == 200
    cookie = next(
        c for c in answer.headers.getlist("Set-Cookie") if c.startswith("porteria_staff=") and "1970" not in c
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert member_of(identity.db, "ana").last_sign_in_at is not None


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
)
def test_a_forged_link_leads_nowhere_else(identity: Identity, target: str):
    password, browser = add_staff(identity.db, "ana", "agent"), StaffBrowser(identity.app)
    assert browser.sign_in("ana", password, target).location == "/backoffice/"
    assert browser.get(f"{LOGIN}?{urlencode({'next': target})}").location == "/backoffice/"


def test_every_failure_looks_the_same(identity: Identity, boss: StaffBrowser):
    right, gone = add_staff(identity.db, "ana", "agent"), add_staff(identity.db, "eva", "agent")
    with identity.db.write() as session:
        suspend_member(session, member_of(identity.db, "eva").id)
    attempts = [("ana", "wrong"), ("nobody", right), ("eva", gone), ("ana", "ñ" * 300), ("ana", right + "\x01")]
    pages = []
    for username, password in attempts:
        page = StaffBrowser(identity.app).sign_in(username, password)
        shown = page.text.replace(f'value="{username}"', 'value=""')
        pages.append((page.status_code, shown[shown.index("<h1") : shown.index("<form")]))
    assert len(set(pages)) == 1
    assert pages[0][0] == 401
    assert "Usuario o contraseña" in pages[0][1]


def test_after_ten_failures_an_account_waits_even_with_the_right_password_and_after_a_restart(identity: Identity):
    password = add_staff(identity.db, "ana", "agent")
    for _ in range(10):
        assert StaffBrowser(identity.app).sign_in("ana", "wrong").status_code == 401
    throttled = StaffBrowser(identity.new_app()).sign_in("Ana", password)
    assert throttled.status_code == 429
    assert 0 < int(throttled.headers["Retry-After"]) <= 900
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert StaffBrowser(identity.app).sign_in("ana", password).status_code == 303


def test_unknown_users_are_throttled_like_known_ones(identity: Identity):
    statuses = [StaffBrowser(identity.app).sign_in("nobody", "wrong").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


def test_signing_in_needs_the_token_of_the_page(identity: Identity):
    password = add_staff(identity.db, "ana", "agent")
    answer = identity.app.test_client().post(LOGIN, data={"username": "ana", "password": password})
    assert answer.status_code == 400


def test_suspending_somebody_ends_their_session_at_once(identity: Identity, boss: StaffBrowser):
    ana = signed_in(identity, "ana", "agent")
    assert ana.get("/backoffice/").status_code == 200
    address = f"{STAFF}{member_of(identity.db, 'ana').id}/suspend"
    question = boss.get(address)
    assert question.status_code == 200
    assert member_of(identity.db, "ana").active
    assert boss.post(address).status_code == 303
    assert ana.get("/backoffice/").status_code == 303
    assert boss.post(f"{STAFF}{member_of(identity.db, 'ana').id}/readmit", form=STAFF + "new").status_code == 303
    assert ana.get("/backoffice/").status_code == 303, "the old session must not come back to life"


def test_a_session_ends_after_half_a_day(identity: Identity, boss: StaffBrowser):
    with time_machine.travel(clock.now() + SESSION_LASTS + timedelta(seconds=1)):
        assert boss.get("/backoffice/").status_code == 303


def test_a_session_token_is_not_kept_in_clear(identity: Identity, boss: StaffBrowser):
    cookie = boss.client.get_cookie("porteria_staff")
    assert cookie is not None
    with identity.db.read() as session:
        rows = session.query(StaffSession).all()
    assert len(rows) == 1
    assert cookie.value.encode() not in rows[0].token_hash


def test_signing_out_ends_the_session_and_clears_the_other_back_offices(identity: Identity, boss: StaffBrowser):
    stolen = boss.client.get_cookie("porteria_staff")
    assert stolen is not None
    answer = boss.post("/backoffice/identity/signout", form="/backoffice/")
    assert answer.status_code == 303
    cleared = {c.split("=")[0] for c in answer.headers.getlist("Set-Cookie") if "1970" in c}
    assert cleared >= {"porteria_staff", "porteria_directory", "porteria_mailer", "porteria_portal"}
    thief = StaffBrowser(identity.app)
    thief.client.set_cookie("porteria_staff", stolen.value)
    assert thief.get("/backoffice/").status_code == 303


def test_a_foreign_page_has_to_ask_before_it_signs_anybody_out(identity: Identity, boss: StaffBrowser):
    asked = boss.get("/backoffice/identity/signout", headers={"Sec-Fetch-Site": "cross-site"})
    assert asked.status_code == 200
    assert boss.get("/backoffice/").status_code == 200
    assert boss.get("/backoffice/identity/signout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert boss.get("/backoffice/").status_code == 303


def test_after_signing_out_a_client_gets_its_person_back_only_at_its_own_address(
    identity: Identity, boss: StaffBrowser
):
    client = first_party(identity.db, identity.settings)
    code = boss.get(client.address()).location.partition("code=")[2].split("&")[0]
    hint = client.exchange(identity.app, code).json["id_token"]
    base = identity.settings.public_url
    for wish, expected in ((f"{base}/backoffice/", f"{base}/backoffice/?state=s1"), ("https://evil.example/", LOGIN)):
        query = urlencode({"id_token_hint": hint, "post_logout_redirect_uri": wish, "state": "s1"})
        assert boss.get(f"/backoffice/identity/signout?{query}").location == expected


@pytest.mark.parametrize("role", ["auditor", "agent"])
def test_only_an_administrator_manages_the_staff(identity: Identity, boss: StaffBrowser, role: str):
    other = signed_in(identity, "other", role)
    me = member_of(identity.db, "other").id
    assert other.get(STAFF).status_code == (200 if role == "auditor" else 403)
    assert (STAFF in other.get("/backoffice/identity/password/").text) == (role == "auditor"), "in the menu"
    assert other.get(STAFF + "new").status_code == 403
    fields = {"name": "Eva", "username": "eva", "role": "administrator", "language": ""}
    form = "/backoffice/identity/password/"
    assert other.post(STAFF + "new", form=form, **fields).status_code == 403
    assert other.post(f"{STAFF}{me}", form=form, role="administrator").status_code == 403
    assert other.post(f"{STAFF}{member_of(identity.db, 'boss').id}/suspend", form=form).status_code == 403
    assert member_of(identity.db, "other").role == role
    with identity.db.read() as session:
        assert session.query(StaffMember).filter_by(username="eva").count() == 0


def test_somebody_added_has_to_change_the_password_that_was_shown_once(identity: Identity, boss: StaffBrowser):
    import re

    fields = {
        "name": "Eva Ruiz",
        "username": " Eva ",
        "email": "eva@example.test",
        "role": "agent",
        "language": "en",
        "way": "shown",
    }
    shown = boss.post(STAFF + "new", **fields)
    assert shown.status_code == 200
    (password,) = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", shown.text)
    assert password not in boss.get(STAFF).text

    eva = StaffBrowser(identity.app)
    answer = eva.sign_in("eva", password, "/backoffice/mailer/")
    assert answer.location == "/backoffice/identity/password/?next=/backoffice/mailer/"
    assert eva.get("/backoffice/").location.startswith(LOGIN)
    client = first_party(identity.db, identity.settings)
    assert "code=" not in eva.get(client.address()).location

    changed = eva.post(answer.location, current=password, new=GOOD, again=GOOD)
    assert (changed.status_code, changed.location) == (303, "/backoffice/mailer/")
    assert eva.get("/backoffice/").status_code == 200
    assert "code=" in eva.get(client.address()).location
    assert StaffBrowser(identity.app).sign_in("eva", password).status_code == 401
    assert StaffBrowser(identity.app).sign_in("eva", GOOD).status_code == 303
    assert cost_of(member_of(identity.db, "eva").password_hash) == identity.settings.password_cost


def test_changing_the_password_ends_the_other_sessions(identity: Identity):
    password = add_staff(identity.db, "ana", "auditor")
    here, there = StaffBrowser(identity.app), StaffBrowser(identity.app)
    here.sign_in("ana", password)
    there.sign_in("ana", password)
    answer = here.post("/backoffice/identity/password/", current=password, new=GOOD, again=GOOD)
    assert answer.status_code == 303
    assert here.get("/backoffice/").status_code == 200
    assert there.get("/backoffice/").status_code == 303


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("wrong", GOOD, GOOD, "current"),
        (None, "corta", "corta", "new"),
        (None, "contraseña", "contraseña", "new"),
        (None, "á" * 37, "á" * 37, "new"),
        (None, GOOD, GOOD + "x", "again"),
        (None, None, None, "new"),
    ],
)
def test_a_bad_new_password_is_refused_at_its_field(
    identity: Identity, current: str | None, new: str | None, again: str | None, field: str
):
    password = add_staff(identity.db, "ana", "agent")
    browser = StaffBrowser(identity.app)
    browser.sign_in("ana", password)
    before = member_of(identity.db, "ana").password_hash
    values = {"current": current or password, "new": new or password, "again": again or password}
    answer = browser.post("/backoffice/identity/password/", **values)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert member_of(identity.db, "ana").password_hash == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"username": "boss"}, "username"),
        ({"username": "a b"}, "username"),
        ({"name": ""}, "name"),
        ({"email": "not-an-address"}, "email"),
        ({"role": "god"}, "role"),
    ],
)
def test_bad_input_is_answered_at_the_field_and_nobody_is_added(
    identity: Identity, boss: StaffBrowser, changes: dict[str, str], field: str
):
    fields = {"name": "Eva", "username": "eva", "email": "", "role": "agent", "language": "", "way": "shown"} | changes
    answer = boss.post(STAFF + "new", **fields)
    assert answer.status_code in (409, 422)
    assert f'id="{field}-error"' in answer.text
    with identity.db.read() as session:
        assert session.query(StaffMember).count() == 1


def test_the_last_administrator_stays(identity: Identity, boss: StaffBrowser):
    me = member_of(identity.db, "boss").id
    assert boss.post(f"{STAFF}{me}", name="Boss", role="agent", language="").status_code == 409
    assert boss.post(f"{STAFF}{me}/suspend").status_code == 409
    assert member_of(identity.db, "boss").role == "administrator"
    add_staff(identity.db, "second", "administrator")
    assert boss.post(f"{STAFF}{me}", name="Boss", role="agent", language="").status_code == 303
    assert boss.get(STAFF).status_code == 403, "the new role counts at once"


def test_two_administrators_who_suspend_each_other_at_once_do_not_both_succeed(database_url: str, tmp_path: Path):
    with running_identity(database_url, tmp_path) as identity:
        for name in ("one", "two"):
            add_staff(identity.db, name, "administrator")
        start, refused = threading.Barrier(2), []

        def suspend(name: str) -> None:
            start.wait(10)
            try:
                with identity.db.write() as session:
                    suspend_member(session, member_of(identity.db, name).id)
            except Exception as error:  # noqa: BLE001 - counted below
                refused.append(type(error).__name__)

        threads = [threading.Thread(target=suspend, args=(name,)) for name in ("one", "two")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert refused == ["LastAdministrator"]


def test_processes_that_start_at_once_create_one_administrator(database_url: str, tmp_path: Path):
    with running_identity(database_url, tmp_path) as identity:
        start, made = threading.Barrier(4), []

        def create() -> None:
            start.wait(10)
            with identity.db.write() as session:
                made.append(create_first_administrator(session, None, 10))

        threads = [threading.Thread(target=create) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(made) == 4
        assert len([password for member, password in made if password]) == 1
        (password,) = [password for member, password in made if password]
        assert StaffBrowser(identity.app).sign_in("admin", password).status_code == 303


def test_the_start_page_shows_four_offices_and_belongs_to_none(identity: Identity, boss: StaffBrowser):
    page = boss.get("/backoffice/").text
    for office in ("directory", "identity", "mailer", "portal"):
        assert f'class="tile" href="/backoffice/{office}/"' in page
    assert 'aria-current="true"><svg' not in page
    assert "/backoffice/directory/imports/new" in page
    assert "Primeros pasos" in page
