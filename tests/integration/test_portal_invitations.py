"""Invitations to an area: whoever has the mailbox accepts, once; others read why they cannot, and what to do."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from services.portal.actions.invitations import Accepting, InvitationGone, accept_invitation, revoke_invitation
from services.portal.models import ClientSession, Contact, Invitation, Person
from shared import clock
from shared.db import new_id
from shared.events import decode
from shared.events.acts import ACT_EVENTS
from shared.events.directory import PartyUpdated
from shared.events.portal import SubAccountAccepted
from shared.outbox import outbox
from tests.support.clientarea import CSRF, party_event
from tests.support.clients import PASSWORD, new_client, post
from tests.support.guests import CHOSEN, PAGE, Invitee, choose, named, new_browser, sign_in
from tests.support.house import House, whole_house

HOME = "/customerarea/"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture
def ana(house: House) -> Invitee:
    """Somebody whom a client of her own names, and whose address nobody knows yet."""
    return named(new_client(house))


def events(house: House) -> list[Any]:
    with house.rooms["portal"].db.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
    return [decode(bytes(body)).event for body in bodies]


def find(invitee: Invitee) -> dict[str, Any]:
    """Who signs in with their address, as identity tells."""
    return call(invitee, "/guests/find", {"address": invitee.address})


def call(invitee: Invitee, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {invitee.house.token(['guests:write'])}"}
    client = invitee.house.rooms["identity"].app.test_client()
    answer = client.post(f"/api/identity/v1{path}", json=body, headers=headers)
    assert answer.status_code < 300, answer.text
    return dict(answer.json or {})


def sessions_of(invitee: Invitee) -> int:
    with invitee.house.rooms["portal"].db.read() as session:
        return len(session.scalars(select(ClientSession).where(ClientSession.contact_id == invitee.contact_id)).all())


def test_the_whole_way_on_both_databases(database_url: str, tmp_path: Path) -> None:
    with whole_house(tmp_path, database_url, identity={"password_cost": 10}) as house:
        ana = named(new_client(house))
        link = ana.invite()
        for _ in range(3):  # mail scanners open links, often more than once
            assert new_browser(house).get(link, follow_redirects=True).status_code == 200
        browser = new_browser(house)
        opened = browser.get(link)
        assert opened.location == PAGE
        assert opened.headers["Referrer-Policy"] == "no-referrer"
        page = browser.get(PAGE)
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "Ver facturas" in page.text
        assert ana.address not in page.text
        assert ana.secrets("invitation_code") == []

        post(browser, f"{PAGE}/code", form=PAGE)
        code = ana.secrets("invitation_code")[-1]
        weak = choose(browser, code, "12345678")
        assert weak.status_code == 422
        assert 'id="new_password-error"' in weak.text
        assert not find(ana)["has_access"]
        answer = choose(browser, code)

        assert answer.location == HOME
        assert browser.get(HOME).status_code == 200
        contact = ana.contact()
        assert (contact.state, str(contact.person_id)) == ("active", find(ana)["subject"])
        assert contact.accepted_at
        assert contact.last_sign_in_at
        told = events(house)
        assert [one.person_id for one in told if isinstance(one, SubAccountAccepted)] == [contact.person_id]
        acts = [one for one in told if isinstance(one, ACT_EVENTS["portal"]) and one.act == "sub_account.accepted"]
        assert [(one.actor_kind, one.actor_name, one.party_id) for one in acts] == [
            ("party", ana.name, ana.client.party_id)
        ]
        house.carry()
        assert sign_in(new_browser(house), ana.address).location == HOME


def test_no_table_and_no_event_has_the_token_or_the_code_in_clear(ana: Invitee) -> None:
    link = ana.invite()
    browser = new_browser(ana.house)
    browser.get(link)
    post(browser, f"{PAGE}/code", form=PAGE)
    with ana.house.rooms["portal"].db.read() as session:
        written = b"".join(bytes(body) for body in session.scalars(select(outbox.c.body)))
    code, kept = ana.secrets("invitation_code")[-1], ana.invitation()
    assert kept.code_hash is not None
    for secret in (link.partition("=")[2].encode(), f'"{code}"'.encode()):
        assert secret not in written
        assert secret not in kept.token_hash + kept.code_hash


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("used", "ya fue aceptada"),
        ("expired", "Se venció"),
        ("revoked", "retiró la invitación"),
        ("replaced", "más reciente"),
        ("unknown", "No conocemos este enlace"),
    ],
)
def test_a_link_that_is_over_says_why_and_opens_nothing(ana: Invitee, end: str, told: str) -> None:
    link = ana.invite()
    waiting = new_browser(ana.house)  # somebody who has the page open while it ends
    waiting.get(link)
    post(waiting, f"{PAGE}/code", form=PAGE)
    code, form = ana.secrets("invitation_code")[-1], CSRF.search(waiting.get(PAGE).text)
    assert form
    fields = {"csrf_token": form[1], "code": code, "new_password": CHOSEN, "repeat_password": CHOSEN}
    if end == "used":
        ana.accept(new_browser(ana.house), link, code=code)
    elif end == "expired":
        invitation = ana.invitation()
        assert invitation.expires_at - invitation.created_at == timedelta(days=7)
        with ana.house.rooms["portal"].db.write() as session:
            session.get_one(Invitation, invitation.id).expires_at = clock.now()
    elif end == "revoked":
        with ana.house.rooms["portal"].db.write() as session:
            assert revoke_invitation(session, session.get_one(Contact, ana.contact_id))
        assert ana.contact().state == "none"
    elif end == "replaced":
        ana.invite()
    else:
        link = f"{PAGE}?token=abcdefghijklmnopqrstuvwxyz"
        waiting.get(link)
    before = sessions_of(ana)

    browser = new_browser(ana.house)
    browser.get(link)
    opened, sent = browser.get(PAGE), waiting.post(f"{PAGE}/password", data=fields)

    for answer in (opened, sent):
        assert answer.status_code == 410
        assert told in answer.text
        assert "/customerarea/signin" in answer.text
    assert sessions_of(ana) == before
    assert find(ana)["has_access"] == (end == "used")


def test_the_sweep_marks_what_was_not_accepted_in_time(ana: Invitee) -> None:
    ana.invite()
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False):
        ana.house.work("portal", "tidy_sessions")
    assert ana.invitation().end_reason == "expired"


def test_a_newer_or_a_revoked_invitation_takes_a_letter_back_that_waits(ana: Invitee) -> None:
    ana.invite()
    first = ana.invitation().notice_id
    ana.invite()
    second = ana.invitation().notice_id
    with ana.house.rooms["portal"].db.write() as session:
        revoke_invitation(session, session.get_one(Contact, ana.contact_id))
    withdrawn = [one.notice_id for one in events(ana.house) if type(one).__name__ == "NoticeWithdrawn"]
    assert withdrawn == [second]
    ana.house.carry()
    assert first != second


def test_who_got_the_letter_forwarded_gets_no_further_than_asking_for_the_code(ana: Invitee) -> None:
    stranger = new_browser(ana.house)
    stranger.get(ana.invite())
    assert "reenvió" in stranger.get(PAGE).text
    moment = clock.now()
    for letter in range(5):
        with time_machine.travel(moment + timedelta(minutes=2 * letter), tick=False):
            post(stranger, f"{PAGE}/code", form=PAGE)
            right = ana.secrets("invitation_code")[-1]
            wrong = f"{(int(right) + 1) % 1_000_000:06}"
            for _ in range(5):
                refused = choose(stranger, wrong)
                assert refused.status_code == 422
                assert 'id="code-error"' in refused.text
            # That many wrong ones end the code: now even the right one comes too late.
            assert choose(stranger, right).status_code == 422
    with time_machine.travel(moment + timedelta(minutes=10), tick=False):
        post(stranger, f"{PAGE}/code", form=PAGE)
        assert "no hay más" in stranger.get(PAGE).text
    assert len(ana.secrets("invitation_code")) == 5
    assert not find(ana)["has_access"]
    assert sessions_of(ana) == 0


def test_a_code_works_ten_minutes_and_only_the_newest_one_does(ana: Invitee) -> None:
    browser, moment = new_browser(ana.house), clock.now()
    with time_machine.travel(moment, tick=False):
        browser.get(ana.invite())
        post(browser, f"{PAGE}/code", form=PAGE)
        post(browser, f"{PAGE}/code", form=PAGE)
        assert len(ana.secrets("invitation_code")) == 1, "two within a minute"
    with time_machine.travel(moment + timedelta(minutes=10), tick=False):
        assert choose(browser, ana.secrets("invitation_code")[0]).status_code == 422
        post(browser, f"{PAGE}/code", form=PAGE)
        former, newest = ana.secrets("invitation_code")
        assert former == newest or choose(browser, former).status_code == 422
        assert choose(browser, f" {newest[:3]} {newest[3:]} ").location == HOME


def test_whoever_is_signed_in_as_another_reads_for_whom_it_is_and_may_go_on(ana: Invitee) -> None:
    link, other = ana.invite(), new_client(ana.house)
    other.get(link)
    page = other.get(PAGE, headers={"Accept-Language": "es"})
    assert page.status_code == 200
    assert f"a•••@{ana.address.partition('@')[2]}" in page.text
    name = str(other.known()["name"])
    assert name in page.text
    for act in ("accept", "code", "signin", "password"):
        other.post(f"{PAGE}/{act}", form=PAGE, code="123456", password=PASSWORD)
    assert ana.contact().state == "invited"
    assert ana.secrets("invitation_code") == []

    left = other.post(f"{PAGE}/leave", form=PAGE)

    assert left.location == PAGE
    assert other.get(HOME).status_code == 303
    assert ana.accept(other.browser, link).location == HOME


def test_whoever_is_signed_in_already_accepts_with_one_button_and_looks_at_the_new_client(ana: Invitee) -> None:
    browser = ana.joined()
    again = named(new_client(ana.house), address=ana.address)
    browser.get(again.invite())
    former = browser.get(PAGE)
    assert "new_password" not in former.text

    assert post(browser, f"{PAGE}/accept", form=PAGE).location == HOME

    assert str(again.client.known()["name"]) in browser.get(HOME).text
    assert again.contact().person_id == ana.contact().person_id
    assert browser.get("/customerarea/accounts").text.count('class="door-name"') == 2


def test_an_address_that_has_access_accepts_with_its_password(ana: Invitee) -> None:
    ana.joined()
    again = named(new_client(ana.house), address=ana.address)
    browser = new_browser(ana.house)
    browser.get(again.invite())
    assert "new_password" not in browser.get(PAGE).text

    wrong = post(browser, f"{PAGE}/signin", form=PAGE, password="no es esta clave")
    assert wrong.status_code == 422
    assert 'id="password-error"' in wrong.text
    assert again.contact().state == "invited"

    assert post(browser, f"{PAGE}/signin", form=PAGE, password=CHOSEN).location == HOME
    assert str(again.client.known()["name"]) in browser.get(HOME).text


def test_a_client_is_let_in_by_another_client_with_their_own_password(house: House) -> None:
    laura = new_client(house)
    invited = named(new_client(house), address=laura.address, name="Otra forma de llamarla")
    browser = new_browser(house)
    browser.get(invited.invite())

    # The password that the agency sent them is theirs alone from here on, as at any other first sign-in.
    assert post(browser, f"{PAGE}/signin", form=PAGE, password=PASSWORD).location == "/customerarea/password"
    fields = {"current_password": PASSWORD, "new_password": CHOSEN, "repeat_password": CHOSEN}
    assert post(browser, "/customerarea/password", **fields).location == HOME

    assert invited.contact().person_id == laura.party_id
    assert str(invited.client.known()["name"]) in browser.get(HOME).text
    page = browser.get("/customerarea/accounts").text
    assert page.index(str(laura.known()["name"])) < page.index(str(invited.client.known()["name"]))
    assert "Otra forma de llamarla" not in page
    renamed = party_event(
        kind=PartyUpdated, party_id=laura.party_id, version=99, name="Laura de Restrepo", language="en"
    )
    with house.rooms["portal"].db.write() as session:
        house.rooms["portal"].handlers[PartyUpdated](session, [renamed])
        person = session.get_one(Person, laura.party_id)
        assert (person.name, person.language) == ("Laura de Restrepo", "en")


def test_the_password_of_somebody_else_with_that_address_does_not_accept(ana: Invitee) -> None:
    """A client of the directory may have the address of somebody whom clients let in; each has a password."""
    ana.joined()
    namesake = new_client(ana.house, emails=[{"address": ana.address, "principal": True}])
    again = named(new_client(ana.house), address=ana.address)
    browser = new_browser(ana.house)
    browser.get(again.invite())

    assert post(browser, f"{PAGE}/signin", form=PAGE, password=PASSWORD).status_code == 422

    assert again.contact().state == "invited"
    again.client.house.carry()
    namesake.get(again.invite())
    assert "new_password" not in namesake.get(PAGE).text
    assert namesake.post(f"{PAGE}/accept", form=PAGE).location == PAGE
    assert again.contact().state == "invited"


def test_nobody_is_invited_to_their_own_area(house: House) -> None:
    laura = new_client(house)
    invited = named(laura, address=laura.address)
    laura.get(invited.invite())

    answer = laura.post(f"{PAGE}/accept", form=PAGE)

    assert answer.status_code == 410
    assert invited.contact().state == "invited"


def test_after_a_crash_between_identity_and_the_portal_the_password_is_enough(ana: Invitee) -> None:
    browser = new_browser(ana.house)
    browser.get(ana.invite())
    post(browser, f"{PAGE}/code", form=PAGE)
    made = {"address": ana.address, "name": ana.name, "language": "es", "password": CHOSEN, "initial": False}
    assert call(ana, "/guests", made)["created"]

    assert choose(browser, ana.secrets("invitation_code")[-1]).location == PAGE, "nothing is chosen a second time"
    assert sign_in(new_browser(ana.house), ana.address).status_code == 403, "nobody lets them in yet"
    assert post(browser, f"{PAGE}/signin", form=PAGE, password=CHOSEN).location == HOME
    assert ana.contact().state == "active"


def test_of_two_who_accept_at_once_one_does(database_url: str, tmp_path: Path) -> None:
    with whole_house(tmp_path, database_url, identity={"password_cost": 10}) as house:
        ana = named(new_client(house))
        ana.invite()
        invitation_id, start, done = ana.invitation().id, threading.Barrier(2), []

        def accept() -> None:
            start.wait()
            try:
                with house.rooms["portal"].db.write() as session:
                    accept_invitation(session, invitation_id, Accepting(new_id(), is_guest=True))
                done.append("in")
            except InvitationGone as error:
                done.append(error.reason)

        both = [threading.Thread(target=accept) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join(60)

        assert sorted(done) == ["in", "used"]
        with house.rooms["portal"].db.read() as session:
            assert session.scalars(select(Invitation.end_reason)).all() == ["used"]
        assert len([one for one in events(house) if isinstance(one, SubAccountAccepted)]) == 1
