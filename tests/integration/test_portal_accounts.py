"""People whom several clients let in: whose area they see, switching, their own passwords, codes and sessions."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from services.mailer.jobs.secrets import SecretOpener
from services.mailer.models import Letter
from services.portal.actions.sub_accounts import Means, let_in, lock_client, remove_contact, suspend_contact
from services.portal.models import ClientSession, Contact
from services.portal.pages.sealing import sealed_token
from shared import clock
from shared.keyring import Keyring
from tests.support.clientarea import CSRF
from tests.support.clients import Client, new_client, post
from tests.support.guests import CHOSEN, PAGE, Invitee, named, new_browser, sign_in
from tests.support.house import House, whole_house

HOME, INVOICES, ACCOUNTS = "/customerarea/", "/customerarea/invoices", "/customerarea/accounts"
OTHER = "cuatro nubes comen pan de arroz"
FACTOR = "/customerarea/security/second-factor"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


def let_in_by_two(house: House) -> tuple[Invitee, Invitee]:
    """One person as the contact of two clients."""
    first = named(new_client(house))
    browser = first.joined()
    second = named(new_client(house), address=first.address)
    browser.get(second.invite())
    assert post(browser, f"{PAGE}/accept", form=PAGE).location == HOME
    house.carry()
    return first, second


def name_of(client: Client) -> str:
    return str(client.known()["name"])


def signed_in(invitee: Invitee, **more: str) -> FlaskClient:
    browser = new_browser(invitee.house)
    assert sign_in(browser, invitee.address, **more).status_code == 303
    return browser


def look_at(browser: FlaskClient, client: Client) -> Any:
    return post(browser, f"{ACCOUNTS}/switch", form=ACCOUNTS, of=str(client.party_id))


def area_in(browser: FlaskClient) -> str:
    """Whose area the browser shows, "" if it shows none."""
    found = re.search(r'class="whose-inner">.*?Área de ([^<]+)</span>', browser.get(HOME).text, re.DOTALL)
    return found[1] if found else ""


def test_who_is_let_in_by_several_chooses_and_switches_without_signing_out(database_url: str, tmp_path: Path) -> None:
    with whole_house(tmp_path, database_url, identity={"password_cost": 10}) as house:
        first, second = let_in_by_two(house)
        browser = signed_in(first)
        for path in (HOME, INVOICES, "/customerarea/security"):
            assert browser.get(path).location.startswith(ACCOUNTS)
        chosen = browser.get(f"{ACCOUNTS}?next={INVOICES}")
        for one in (first, second):
            assert name_of(one.client) in chosen.text
        assert "ver facturas" in chosen.text

        assert look_at(browser, first.client).location == HOME
        assert area_in(browser) == name_of(first.client)
        form = CSRF.search(browser.get(HOME).text)
        assert form
        assert look_at(browser, second.client).location == HOME
        assert area_in(browser) == name_of(second.client)
        # A form of the former area, in another tab, does nothing in this one.
        late = browser.post("/customerarea/security/sessions/end-others", data={"csrf_token": form[1]})
        assert late.status_code == 400

        with house.rooms["portal"].db.read() as session:
            mine = select(ClientSession).where(ClientSession.subject_id == first.contact().person_id)
            assert len(session.scalars(mine.where(ClientSession.ended_at.is_(None))).all()) == 2
        assert all(one.contact().last_sign_in_at for one in (first, second))


def test_nobody_switches_to_a_client_who_does_not_let_them_in(house: House) -> None:
    first, _ = let_in_by_two(house)
    browser, stranger = signed_in(first), new_client(house)
    for answer in (
        look_at(browser, stranger),
        post(browser, f"{ACCOUNTS}/switch", form=ACCOUNTS, of="nobody"),
        browser.get(f"{ACCOUNTS}/follow?of={stranger.party_id}&next={INVOICES}"),
    ):
        assert answer.status_code == 403
        assert name_of(stranger) not in answer.text
    assert area_in(browser) == ""


def test_the_link_of_a_letter_leads_to_the_area_that_it_is_about(house: House) -> None:
    first, second = let_in_by_two(house)
    of_second = f"{INVOICES}?of={second.client.party_id}"
    signing_in = new_browser(house)
    target = signing_in.get(of_second).location
    assert target.startswith("/customerarea/signin?next=")
    answer = sign_in(signing_in, first.address, next=of_second)
    assert answer.location == of_second
    assert signing_in.get(of_second).status_code == 200, "no choice is asked for where the letter has made it"
    assert area_in(signing_in) == name_of(second.client)

    other = signing_in.get(f"{INVOICES}?of={first.client.party_id}", follow_redirects=True)
    assert other.status_code == 200
    assert other.request.path == INVOICES
    assert area_in(signing_in) == name_of(first.client)

    for bad in ("https://elsewhere.example/", "//elsewhere.example", "/backoffice"):
        led = signing_in.get(f"{ACCOUNTS}/follow?of={second.client.party_id}&next={bad}")
        assert led.location == HOME


def test_suspending_and_removing_end_only_the_sessions_of_that_client(house: House) -> None:
    first, second = let_in_by_two(house)
    at_first, at_second = signed_in(first), signed_in(first)
    look_at(at_first, first.client)
    look_at(at_second, second.client)

    with house.rooms["portal"].db.write() as session:
        suspend_contact(session, first.client.party_id, first.contact_id, None)

    assert at_first.get(HOME).location == "/customerarea/signin"
    assert area_in(at_second) == name_of(second.client)
    straight = signed_in(first)
    assert area_in(straight) == name_of(second.client), "one area is left: nothing is to be chosen"
    assert look_at(straight, first.client).status_code == 403

    with house.rooms["portal"].db.write() as session:
        remove_contact(session, second.client.party_id, second.contact_id, None)
    assert straight.get(HOME).location == at_second.get(HOME).location == "/customerarea/signin"
    refused = sign_in(new_browser(house), first.address)
    assert refused.status_code == 403
    assert "ningún cliente le da acceso ahora" in refused.text
    assert "porteria_client=" not in refused.headers.get("Set-Cookie", "")


def test_a_right_that_is_taken_away_is_gone_at_the_next_click(house: House) -> None:
    first = named(new_client(house))
    browser = first.joined()
    assert browser.get(INVOICES).status_code == 200
    with house.rooms["portal"].db.write() as session:
        session.execute(update(Contact).where(Contact.id == first.contact_id).values(rights=[]))
    assert browser.get(INVOICES).status_code == 403
    assert "/customerarea/invoices" not in browser.get(HOME).text


def test_a_first_password_that_the_client_typed_is_changed_at_the_first_sign_in_which_accepts(house: House) -> None:
    invitee = named(new_client(house))
    typed = _typed(house, invitee, "la primera clave del contador")
    assert typed.contact().state == "invited"
    waiting = named(new_client(house), address=invitee.address)
    waiting.invite()

    browser = new_browser(house)
    assert sign_in(browser, invitee.address, "la primera clave del contador").location == "/customerarea/password"

    assert browser.get(HOME).location == "/customerarea/password"
    fields = {"current_password": "la primera clave del contador", "new_password": CHOSEN, "repeat_password": CHOSEN}
    assert post(browser, "/customerarea/password", **fields).location == HOME
    assert area_in(browser) == name_of(invitee.client)
    contact = invitee.contact()
    assert (contact.state, bool(contact.accepted_at)) == ("active", True)
    assert waiting.contact().state == "invited", "a link is accepted with the link"


def _typed(house: House, invitee: Invitee, password: str) -> Invitee:
    """Let somebody in with a password that the client types."""
    room = house.rooms["portal"]
    with room.app.test_request_context():
        token, secret = sealed_token(invitee.address)
        identity = room.app.extensions["portal"].identity
        made = identity.create_guest(invitee.address, invitee.name, "es", password, initial=True)
    assert made.created
    with room.db.write() as session:
        party, acting = lock_client(session, invitee.client.party_id, None)
        contact = session.get_one(Contact, invitee.contact_id)
        let_in(session, contact, party, acting, Means(token, secret, "America/Bogota", made.subject))
    return invitee


def test_passwords_and_sessions_are_the_persons_own(house: House) -> None:
    first, second = let_in_by_two(house)
    here, there = signed_in(first), signed_in(first)
    look_at(here, second.client)
    look_at(there, first.client)
    listed = here.get("/customerarea/security").text
    for one in (first, second):
        assert f'data-label="Área de">{name_of(one.client)}<' in listed
    assert name_of(second.client) not in second.client.get("/customerarea/security").text.partition("<table")[2]

    fields = {"current_password": CHOSEN, "new_password": OTHER, "repeat_password": OTHER}
    assert post(here, "/customerarea/password", **fields).location == HOME

    assert area_in(here) == name_of(second.client), "the same area goes on"
    assert there.get(HOME).location == "/customerarea/signin"
    house.carry()
    assert area_in(here) == name_of(second.client)
    assert sign_in(new_browser(house), first.address).status_code == 422
    other = new_browser(house)
    assert sign_in(other, first.address, OTHER).location == HOME
    post(here, "/customerarea/security/sessions/end-others")
    assert other.get(HOME).location == "/customerarea/signin"


def test_who_forgot_the_password_gets_a_letter_and_former_sessions_end(house: House) -> None:
    first = named(new_client(house))
    before = first.joined()
    post(new_browser(house), "/customerarea/forgot", login=first.address)
    house.carry()
    with house.rooms["mailer"].db.read() as session:
        mine = select(Letter).where(Letter.address == first.address, Letter.kind == "recovery")
        letter = session.scalars(mine).one()
    opener = SecretOpener(house.rooms["mailer"].db, Keyring(house.folder, "mailer"))
    token = opener.open(letter.ciphertext, letter.sealing_key)
    browser = new_browser(house)
    browser.get(f"/customerarea/reset?token={token}")

    fields = {"new_password": OTHER, "repeat_password": OTHER}
    assert post(browser, "/customerarea/reset", **fields).location == "/customerarea/signin"

    house.carry()
    assert before.get(HOME).location == "/customerarea/signin"
    assert sign_in(browser, first.address, OTHER).location == HOME


def test_a_person_has_a_second_factor_of_their_own_also_to_accept(house: House) -> None:
    first = named(new_client(house))
    browser = first.joined()
    shown = post(browser, FACTOR)
    found, form = re.search(r'<code class="text-break">([A-Z2-7 ]+)</code>', shown.text), CSRF.search(shown.text)
    assert found
    assert form
    phone = pyotp.TOTP(found[1].replace(" ", ""))
    done = browser.post(f"{FACTOR}/confirm", data={"csrf_token": form[1], "code": phone.at(clock.now())})
    recovery = re.findall(r"<li><code>([a-z0-9-]{14})</code>", done.text)
    second = named(new_client(house), address=first.address)
    accepting = new_browser(house)
    accepting.get(second.invite())

    asked = post(accepting, f"{PAGE}/signin", form=PAGE, password=CHOSEN)

    assert asked.location == "/customerarea/signin/code"
    assert second.contact().state == "invited", "half a sign-in accepts nothing"
    assert accepting.get(HOME).status_code == 303
    assert post(accepting, "/customerarea/signin/code", code="000000").status_code == 422
    assert post(accepting, "/customerarea/signin/code", code=recovery[0]).location == HOME
    assert second.contact().state == "active"
    assert area_in(accepting) == name_of(second.client)


def test_the_back_office_sees_and_ends_the_sessions_of_people_whom_a_client_lets_in(house: House) -> None:
    first = named(new_client(house), name="Berta Auxiliar")
    browser = first.joined()
    page = f"/backoffice/portal/clients/{first.client.party_id}"
    staff = house.staff("portal", "agent")
    assert "Berta Auxiliar" in staff.get(page).text
    client = house.rooms["portal"].app.test_client()
    headers = {"Authorization": f"Bearer {house.token(['parties:read'])}"}
    told = client.get(f"/api/portal/v1/clients/{first.client.party_id}/sessions", headers=headers).json or {}
    hers = [one for one in told["items"] if one["name"] == "Berta Auxiliar"]
    assert [uuid.UUID(one["contact_id"]) for one in hers] == [first.contact_id]
    assert len(told["items"]) == 2

    ended = post(staff, f"{page}/sessions/{hers[0]['session_id']}/end")

    assert ended.status_code == 303
    assert browser.get(HOME).location == "/customerarea/signin"
    assert first.client.get(HOME).status_code == 200
