"""Links on which the staff choose their password: single-use, only the newest, never in clear, decided in races."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from sqlalchemy import select

from services.identity.actions.invitations import InvitationGone, accept_invitation, invite_again
from services.identity.actions.sealing import make_sealer
from services.identity.actions.sweeping import sweep_sign_ins
from services.identity.models.credentials import SealingKey
from services.identity.models.staff import StaffInvitation, StaffMember
from services.identity.rules.hashing import hash_typed
from shared import clock
from shared.events.acts import IdentityActRecorded
from shared.events.identity import StaffInvited
from shared.keyring import Keyring
from shared.outbox import outbox
from shared.sealing import SealContext, check_signature
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, document_of, member_of

STAFF = "/backoffice/identity/staff/"
JOIN = "/backoffice/identity/join"
FORGOTTEN = "/backoffice/identity/forgotten"
LOGIN = "/backoffice/identity/login"
GOOD = "tres gatos miran la lluvia"
OTHER = "siete perros cruzan el puente"
EVA = {"name": "Eva Ruiz", "username": "eva", "email": "eva@example.test", "role": "agent", "language": ""}


@pytest.fixture
def identity(sqlite_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
def boss(identity: Identity) -> StaffBrowser:
    browser = StaffBrowser(identity.app)
    assert browser.sign_in("boss", add_staff(identity.db, "boss", "administrator")).status_code == 303
    return browser


def invite(boss: StaffBrowser, **changes: str) -> Any:
    return boss.post(STAFF + "new", **(EVA | {"way": "letter"} | changes))


def newest_link(identity: Identity) -> str:
    """The token of the newest letter."""
    return identity.open(identity.told(StaffInvited)[-1])


def choose(identity: Identity, token: str, password: str = GOOD, again: str | None = None) -> Any:
    address = f"{JOIN}?{urlencode({'token': token})}"
    return StaffBrowser(identity.app).post(address, new=password, again=again or password)


def can_sign_in(identity: Identity, username: str, password: str) -> bool:
    return StaffBrowser(identity.app).sign_in(username, password).status_code == 303


def acts(identity: Identity, name: str) -> list[Any]:
    return [told for told in identity.told(IdentityActRecorded) if told.act == name]


def test_somebody_invited_chooses_a_password_and_signs_in(identity: Identity, boss: StaffBrowser):
    answer = invite(boss, language="en")
    assert (answer.status_code, answer.location) == (303, STAFF)
    page = boss.get(STAFF).text
    assert "eva@example.test" in page, "where the letter goes is told"
    assert "Invitado" in page
    (told,) = identity.told(StaffInvited)
    eva = member_of(identity.db, "eva")
    assert (told.purpose, told.username, told.name, told.address) == (
        "invitation",
        "eva",
        "Eva Ruiz",
        "eva@example.test",
    )
    assert (told.staff_id, told.language) == (eva.id, "en")
    assert told.expires_at - clock.now() > timedelta(days=6, hours=23)

    token = newest_link(identity)
    shown = StaffBrowser(identity.app).get(f"{JOIN}?token={token}")
    assert shown.status_code == 200
    assert 'value="eva"' in shown.text
    chosen = choose(identity, token)
    assert (chosen.status_code, chosen.location) == (303, LOGIN)
    assert can_sign_in(identity, "eva", GOOD)
    eva = member_of(identity.db, "eva")
    assert (eva.invited, eva.must_change) == (False, False)
    assert "Invitado" not in boss.get(STAFF).text
    invited, (chose,) = acts(identity, "staff.invited")[-1], acts(identity, "staff.password_changed")
    assert (invited.actor_name, invited.subject_id) == ("Boss", str(eva.id))
    assert (chose.actor_kind, chose.actor_name) == ("staff", "Eva Ruiz")


def test_the_token_is_sealed_for_the_mailer_and_signed_for_this_invitation(identity: Identity, boss: StaffBrowser):
    import base64

    invite(boss)
    (told,) = identity.told(StaffInvited)
    keys = document_of(identity.app, "/.well-known/jwks.json")["keys"]
    (public,) = [key["x"] for key in keys if key["kid"] == told.secret.signing_key]
    context = SealContext(str(told.invitation_id), told.address)
    check_signature(told.secret, context, base64.urlsafe_b64decode(public + "="))


def test_neither_token_nor_password_lies_in_clear(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token = newest_link(identity)
    choose(identity, token)
    with identity.db.read() as session:
        rows = [bytes(body) for body in session.scalars(select(outbox.c.body))]
        links = session.scalars(select(StaffInvitation)).all()
    assert len(links) == 1
    for text in (token, GOOD):
        assert not [row for row in rows if text.encode() in row]
        assert text.encode() not in links[0].token_sha256


def test_a_link_works_once(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token = newest_link(identity)
    assert choose(identity, token).status_code == 303
    again = StaffBrowser(identity.app).get(f"{JOIN}?token={token}")
    assert again.status_code == 410
    assert "funciona" in again.text
    assert (
        StaffBrowser(identity.app).post(f"{JOIN}?token={token}", form=LOGIN, new=OTHER, again=OTHER).status_code == 410
    )
    assert can_sign_in(identity, "eva", GOOD)
    assert not can_sign_in(identity, "eva", OTHER)


def test_looking_at_a_link_and_a_refused_password_do_not_use_it_up(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token = newest_link(identity)
    for weak, field in (("corta", "new"), ("eva.ruiz", "new"), ("contraseña", "new"), ("á" * 37, "new")):
        answer = choose(identity, token, weak)
        assert answer.status_code == 422, weak
        assert f'id="{field}-error"' in answer.text
        assert token in answer.text, "the form still holds the link"
    answer = choose(identity, token, GOOD, again=OTHER)
    assert 'id="again-error"' in answer.text
    assert choose(identity, token).status_code == 303


@pytest.mark.parametrize("token", ["", "made-up", "ñ" * 50, "x" * 5000])
def test_a_made_up_link_is_answered_with_what_to_do(identity: Identity, token: str):
    answer = StaffBrowser(identity.app).get(f"{JOIN}?{urlencode({'token': token})}")
    assert answer.status_code == 410
    assert FORGOTTEN in answer.text


def test_a_link_expires_after_a_week_and_the_list_says_so(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token = newest_link(identity)
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False):
        assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410
        add = add_staff(identity.db, "second", "administrator")
        later = StaffBrowser(identity.app)
        later.sign_in("second", add)
        assert "ningún enlace" in later.get(STAFF).text


def test_sending_again_kills_the_former_link(identity: Identity, boss: StaffBrowser):
    invite(boss)
    former, eva = newest_link(identity), member_of(identity.db, "eva").id
    assert boss.post(f"{STAFF}{eva}/invite", form=f"{STAFF}{eva}").status_code == 303
    newest = newest_link(identity)
    assert newest != former
    assert choose(identity, newest).status_code == 303
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={former}").status_code == 410
    assert boss.post(f"{STAFF}{eva}/invite", form=f"{STAFF}{eva}").status_code == 409, "who came needs no invitation"


def test_a_withdrawn_invitation_leaves_nobody_behind(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token, eva = newest_link(identity), member_of(identity.db, "eva").id
    address = f"{STAFF}{eva}/withdraw"
    assert boss.get(address).status_code == 200
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 200, "asking does nothing"
    assert boss.post(address).status_code == 303
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410
    assert invite(boss).status_code == 303, "the user name is free again"
    choose(identity, newest_link(identity))
    again = member_of(identity.db, "eva").id
    assert boss.post(f"{STAFF}{again}/withdraw", form=STAFF + "new").status_code == 409, "somebody at work stays"


def test_a_link_of_an_address_that_was_wrong_works_no_more(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token, eva = newest_link(identity), member_of(identity.db, "eva").id
    corrected = {"name": "Eva Ruiz", "email": "eva.ruiz@example.test", "role": "agent", "language": ""}
    answer = boss.post(f"{STAFF}{eva}", **corrected)
    assert answer.status_code == 303
    assert "ningún enlace" in boss.get(answer.location).text
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410
    boss.post(f"{STAFF}{eva}/invite", form=f"{STAFF}{eva}")
    assert identity.told(StaffInvited)[-1].address == "eva.ruiz@example.test"


def test_a_password_shown_once_takes_the_place_of_an_invitation(identity: Identity, boss: StaffBrowser):
    invite(boss)
    token, eva = newest_link(identity), member_of(identity.db, "eva").id
    page = boss.get(f"{STAFF}{eva}/reset").text
    assert 'value="letter"' not in page
    shown = boss.post(f"{STAFF}{eva}/reset", way="shown")
    (password,) = re.findall(r"[a-z2-9]{4}(?:-[a-z2-9]{4}){3}", shown.text)
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410
    assert can_sign_in(identity, "eva", password)


def test_an_invitation_needs_an_address_and_a_mailer(identity: Identity, boss: StaffBrowser):
    answer = invite(boss, email="")
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    with identity.db.write() as session:
        session.query(SealingKey).delete()
    answer = invite(boss)
    assert answer.status_code == 503
    assert 'id="way-error"' in answer.text
    with identity.db.read() as session:
        assert session.query(StaffMember).filter_by(username="eva").count() == 0


@pytest.mark.parametrize(
    "address", ["eva", "eva@example", "eva@a.b, otra@a.b", "<eva@a.b>", "eva@a.b\nBcc: x@a.b", "e\1@a.b"]
)
def test_what_is_no_address_is_refused_at_its_field(identity: Identity, boss: StaffBrowser, address: str):
    answer = invite(boss, email=address)
    assert answer.status_code == 422
    assert 'id="email-error"' in answer.text
    assert identity.told(StaffInvited) == []


def test_somebody_only_invited_is_not_the_other_administrator(identity: Identity, boss: StaffBrowser):
    invite(boss, role="administrator")
    me = member_of(identity.db, "boss").id
    mine = {"name": "Boss", "email": "", "role": "agent", "language": ""}
    assert boss.post(f"{STAFF}{me}", **mine).status_code == 409
    choose(identity, newest_link(identity))
    assert boss.post(f"{STAFF}{me}", **mine).status_code == 303


def test_an_administrator_sends_a_link_and_the_present_password_works_until_it_is_used(
    identity: Identity, boss: StaffBrowser
):
    password = with_address(identity, "ana")
    ana = StaffBrowser(identity.app)
    ana.sign_in("ana", password)
    address = f"{STAFF}{member_of(identity.db, 'ana').id}/reset"
    assert boss.post(address, way="letter").status_code == 303
    (told,) = identity.told(StaffInvited)
    assert (told.purpose, told.address, told.language) == ("reset", "ana@example.test", "es")
    assert ana.get("/backoffice/").status_code == 200
    assert choose(identity, newest_link(identity)).status_code == 303
    assert ana.get("/backoffice/").status_code == 303, "the sessions from before end"
    assert not can_sign_in(identity, "ana", password)
    assert can_sign_in(identity, "ana", GOOD)


def test_changing_the_own_password_ends_a_link_that_waits(identity: Identity, boss: StaffBrowser):
    password = with_address(identity, "ana")
    boss.post(f"{STAFF}{member_of(identity.db, 'ana').id}/reset", way="letter")
    ana = StaffBrowser(identity.app)
    ana.sign_in("ana", password)
    ana.post("/backoffice/identity/password/", current=password, new=GOOD, again=GOOD)
    assert choose(identity, newest_link(identity), OTHER).status_code in (400, 410)
    assert can_sign_in(identity, "ana", GOOD)


def test_suspending_ends_the_link_and_readmitting_does_not_revive_it(identity: Identity, boss: StaffBrowser):
    with_address(identity, "ana")
    ana = member_of(identity.db, "ana").id
    boss.post(f"{STAFF}{ana}/reset", way="letter")
    token = newest_link(identity)
    boss.post(f"{STAFF}{ana}/suspend")
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410
    assert boss.post(f"{STAFF}{ana}/reset", way="letter").status_code == 409
    boss.post(f"{STAFF}{ana}/readmit", form=STAFF + "new")
    assert StaffBrowser(identity.app).get(f"{JOIN}?token={token}").status_code == 410


def with_address(identity: Identity, username: str) -> str:
    password = add_staff(identity.db, username, "agent")
    with identity.db.write() as session:
        session.query(StaffMember).filter_by(username=username).one().email = f"{username}@example.test"
    return password


def ask(identity: Identity, login: str) -> Any:
    return StaffBrowser(identity.app).post(FORGOTTEN, login=login)


@pytest.mark.parametrize("login", ["ana", " ANA", "Ana@Example.test"])
def test_who_forgot_the_password_gets_a_link(identity: Identity, login: str):
    with_address(identity, "ana")
    assert ask(identity, login).status_code == 303
    (told,) = identity.told(StaffInvited)
    assert (told.purpose, told.username) == ("reset", "ana")
    assert told.expires_at - clock.now() <= timedelta(hours=1)
    assert choose(identity, newest_link(identity)).status_code == 303
    assert can_sign_in(identity, "ana", GOOD)


def test_whoever_is_asked_for_the_answer_is_the_same(identity: Identity, boss: StaffBrowser):
    with_address(identity, "ana")
    add_staff(identity.db, "noaddress", "agent")
    invite(boss)
    with_address(identity, "gone")
    boss.post(f"{STAFF}{member_of(identity.db, 'gone').id}/suspend")
    letters = len(identity.told(StaffInvited))
    pages = set()
    for login in ("ana", "nobody", "noaddress", "eva", "gone", "x@example.test"):
        browser = StaffBrowser(identity.app)
        answer = browser.post(FORGOTTEN, login=login)
        assert (answer.status_code, answer.location) == (303, LOGIN)
        pages.add(re.sub(r'name="csrf_token" value="[^"]+"', "", browser.get(LOGIN).text))
    assert len(pages) == 1
    assert [told.username for told in identity.told(StaffInvited)[letters:]] == ["ana"]


def test_asking_often_is_slowed_down_for_anybody(identity: Identity):
    with_address(identity, "ana")
    for login in ("ana", "nobody"):
        statuses = [ask(identity, login).status_code for _ in range(6)]
        assert statuses == [303] * 5 + [429]
    assert len(identity.told(StaffInvited)) == 5


def test_while_the_mailer_is_unknown_everybody_is_told_the_same(identity: Identity):
    with_address(identity, "ana")
    with identity.db.write() as session:
        session.query(SealingKey).delete()
    assert [ask(identity, login).status_code for login in ("ana", "nobody")] == [503, 503]


def test_old_links_are_forgotten(identity: Identity, boss: StaffBrowser):
    invite(boss)
    for days, left in ((36, 1), (38, 0)):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False), identity.db.write() as session:
            sweep_sign_ins(session)
            assert session.query(StaffInvitation).count() == left


# Races, on both databases


Runs = Callable[[], None]


def at_once(*runs: Runs) -> None:
    start = threading.Barrier(len(runs))

    def begin(run: Runs) -> None:
        start.wait(10)
        run()

    threads = [threading.Thread(target=begin, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def prepared(url: str, folder: Path) -> AbstractContextManager[Identity]:
    return running_identity(url, folder)


def test_of_two_uses_at_once_one_counts(database_url: str, tmp_path: Path):
    with prepared(database_url, tmp_path) as identity:
        boss = StaffBrowser(identity.app)
        boss.sign_in("boss", add_staff(identity.db, "boss", "administrator"))
        invite(boss)
        token, won, lost = newest_link(identity), [], []

        def use(password: str) -> Runs:
            hashed = hash_typed(password, 10)

            def run() -> None:
                try:
                    with identity.db.write() as session:
                        accept_invitation(session, token, hashed)
                    won.append(password)
                except InvitationGone:
                    lost.append(password)

            return run

        at_once(*(use(f"{GOOD} {number}") for number in range(4)))
        assert (len(won), len(lost)) == (1, 3)
        assert can_sign_in(identity, "eva", won[0])
        assert len(acts(identity, "staff.password_changed")) == 1


def test_a_use_against_a_sending_again_leaves_one_truth(database_url: str, tmp_path: Path):
    with prepared(database_url, tmp_path) as identity:
        boss = StaffBrowser(identity.app)
        boss.sign_in("boss", add_staff(identity.db, "boss", "administrator"))
        invite(boss)
        token, eva, ended = newest_link(identity), member_of(identity.db, "eva").id, []
        hashed = hash_typed(GOOD, 10)

        def use() -> None:
            with identity.db.write() as session:
                accept_invitation(session, token, hashed)

        def send() -> None:
            with identity.db.write() as session:
                sealer = make_sealer(session, Keyring(identity.settings.data, "identity"))
                invite_again(session, eva, sealer, "es")

        def noting(run: Runs) -> Runs:
            def noted() -> None:
                try:
                    run()
                    ended.append("ok")
                except Exception as error:  # noqa: BLE001 - counted below
                    ended.append(type(error).__name__)

            return noted

        at_once(noting(use), noting(send))
        used = not member_of(identity.db, "eva").invited
        assert sorted(ended) == (["NotInvited", "ok"] if used else ["InvitationGone", "ok"])
        assert can_sign_in(identity, "eva", GOOD) == used
        letters = identity.told(StaffInvited)
        assert len(letters) == (1 if used else 2)
        if not used:
            assert choose(identity, identity.open(letters[-1])).status_code == 303
