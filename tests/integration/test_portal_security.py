"""The client's page "Seguridad": second factor, recovery codes and open sessions, with the real identity behind it."""

import re
import threading
import uuid
from datetime import timedelta

import pyotp
import pytest
import time_machine
from sqlalchemy import select

from services.identity.queries.second_factor import Owner, has_factor
from services.portal.clients.identity import ProofExpired
from services.portal.models import ClientSession
from shared import clock
from shared.events import decode
from shared.events.acts import ACT_EVENTS
from shared.outbox import outbox
from shared.web import ServiceUnavailable
from tests.support.clientarea import Area, Browser, client_area

CHOSEN = "tres caballos bailan sin zapatos"
SECURITY = "/customerarea/security"
FACTOR = f"{SECURITY}/second-factor"
CODE = "/customerarea/signin/code"
PHONE = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36"


@pytest.fixture
def area(tmp_path, database_url):
    with client_area(tmp_path, database_url) as made:
        yield made


def settled(area: Area, number: int = 1) -> tuple[uuid.UUID, Browser]:
    """A client who has an own password and is signed in."""
    party_id, browser = area.party(number), area.browser()
    initial = area.identity.issue(party_id)
    browser.sign_in(str(10_000_000 + number), initial)
    done = browser.post("/customerarea/password", current_password=initial, new_password=CHOSEN, repeat_password=CHOSEN)
    assert done.status_code == 303, done.text
    return party_id, browser


def code_at(secret: str, moment=None) -> str:
    return pyotp.TOTP(secret).at(moment or clock.now())


def enrol(browser: Browser) -> tuple[str, list[str]]:
    shown = browser.post(FACTOR)
    found = re.search(r'<code class="text-break">([A-Z2-7 ]+)</code>', shown.text)
    assert found, shown.text
    assert 'src="data:image/svg+xml' in shown.text
    secret = found[1].replace(" ", "")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', shown.text)
    assert token
    wrong = browser.client.post(f"{FACTOR}/confirm", data={"csrf_token": token[1], "code": "000000"})
    assert wrong.status_code == 422
    assert found[1] in wrong.text, "the same key, so that the phone's entry still fits"
    done = browser.client.post(f"{FACTOR}/confirm", data={"csrf_token": token[1], "code": code_at(secret)})
    assert done.status_code == 200, done.text
    assert done.headers["Cache-Control"] == "no-store"
    return secret, re.findall(r"<li><code>([a-z0-9-]{14})</code>", done.text)


def half_in(area: Area) -> Browser:
    """A browser in which the password was right and the code is missing."""
    browser = area.browser()
    answer = browser.sign_in("10000001", CHOSEN, next="/customerarea/security")
    assert (answer.status_code, answer.location) == (303, CODE)
    return browser


def told(db) -> list:
    with db.read() as session:
        return [decode(bytes(body)).event for body in session.scalars(select(outbox.c.body).order_by(outbox.c.id))]


def test_after_the_password_a_code_is_asked_for_and_nothing_else_opens(area: Area):
    _, browser = settled(area)
    secret, _ = enrol(browser)
    half = half_in(area)
    assert not half.is_in
    assert half.get(SECURITY).location.startswith("/customerarea/signin")
    assert half.token is None
    assert half.post(CODE, code="000000").status_code == 422
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=False):
        done = half.post(CODE, code=code_at(secret))
        assert (done.status_code, done.location) == (303, SECURITY)
        assert half.is_in
        again = half_in(area)
        assert again.post(CODE, code=code_at(secret)).status_code == 422, "a code is good once"


def test_the_time_for_the_code_is_short(area: Area):
    _, browser = settled(area)
    enrol(browser)
    half = half_in(area)
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        assert half.get(CODE).location == "/customerarea/signin"


def test_a_proof_is_used_up_and_belongs_to_one_person(area: Area):
    party_id, browser = settled(area)
    _, codes = enrol(browser)
    other, _ = settled(area, 2)
    identity = area.app.extensions["portal"].identity
    verified = identity.verify("10000001", CHOSEN, "10.0.0.9")
    assert verified is not None
    assert verified.code_proof
    with pytest.raises(ProofExpired):
        identity.verify_code(other, verified.code_proof, codes[0], "10.0.0.9")
    with pytest.raises(ProofExpired):
        identity.verify_code(party_id, "x" * 43, codes[0], "10.0.0.9")
    assert identity.verify_code(party_id, verified.code_proof, codes[0], "10.0.0.9").party_id == party_id
    with pytest.raises(ProofExpired):
        identity.verify_code(party_id, verified.code_proof, codes[1], "10.0.0.9")


def test_two_sign_ins_with_one_recovery_code_at_once_have_one_winner(area: Area):
    party_id, browser = settled(area)
    _, codes = enrol(browser)
    identity, outcomes, start = area.app.extensions["portal"].identity, [], threading.Barrier(4)
    proofs = [identity.verify("10000001", CHOSEN, "10.0.0.9").code_proof for _ in range(4)]

    def use(proof: str) -> None:
        start.wait(10)
        outcomes.append(identity.verify_code(party_id, proof, codes[0], "10.0.0.9") is not None)

    threads = [threading.Thread(target=use, args=[proof]) for proof in proofs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == [False, False, False, True]


def test_codes_are_throttled_although_the_password_is_right_each_time(area: Area):
    _, browser = settled(area)
    _, codes = enrol(browser)
    half = half_in(area)
    assert [half.post(CODE, code="000000").status_code for _ in range(10)] == [422] * 10
    again = half_in(area)
    refused = again.post(CODE, code=codes[0])
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]


def test_without_the_phone_a_recovery_code_lets_in_and_takes_the_factor_off(area: Area):
    party_id, browser = settled(area)
    _, codes = enrol(browser)
    assert len(codes) == 10
    lost = half_in(area)
    assert lost.post(CODE, code=codes[0].replace("-", " ").upper()).status_code == 303
    assert lost.is_in
    assert lost.post(f"{FACTOR}/remove", proof="guess").status_code == 422
    assert lost.post(f"{FACTOR}/remove", proof=codes[0]).status_code == 422, "used"
    assert lost.post(f"{FACTOR}/remove", proof=codes[1]).status_code == 303
    assert area.browser().sign_in("10000001", CHOSEN).location == "/customerarea/"
    acts = [one for one in told(area.identity.db) if isinstance(one, ACT_EVENTS["identity"])]
    mine = [(one.act, one.actor_kind, one.actor_id) for one in acts if one.act.startswith("second_factor")]
    assert mine == [
        ("second_factor.enabled", "party", str(party_id)),
        ("second_factor.removed", "party", str(party_id)),
    ]


def test_recovery_codes_are_renewed_with_the_password(area: Area):
    _, browser = settled(area)
    _, codes = enrol(browser)
    renewed = browser.post(f"{FACTOR}/recovery-codes", proof=CHOSEN)
    fresh = re.findall(r"<li><code>([a-z0-9-]{14})</code>", renewed.text)
    assert len(set(fresh) | set(codes)) == 20
    assert half_in(area).post(CODE, code=codes[0]).status_code == 422
    assert half_in(area).post(CODE, code=fresh[0]).status_code == 303


def test_an_initial_password_is_changed_after_the_code(area: Area):
    party_id, browser = settled(area)
    _, codes = enrol(browser)
    issued = area.identity.issue(party_id)
    other = area.browser()
    assert other.sign_in("10000001", issued).location == CODE
    assert other.post(CODE, code=codes[0]).location == "/customerarea/password"
    assert not other.is_in


def test_identity_tells_other_portals_that_a_code_is_missing(area: Area):
    _, browser = settled(area)
    assert area.app.extensions["portal"].identity.verify("10000001", CHOSEN, "").code_proof == ""
    enrol(browser)
    answer = area.app.extensions["portal"].identity.calls.post(
        "identity", "/credentials/verify", {"login": "10000001", "password": CHOSEN}
    )
    assert (answer["valid"], answer["second_factor"]) == (True, True)
    wrong = area.app.extensions["portal"].identity.calls.post(
        "identity", "/credentials/verify", {"login": "10000001", "password": "otra"}
    )
    assert wrong == {"valid": False}


def test_sessions_are_listed_in_words_and_ended_one_by_one_or_all_others(area: Area):
    party_id, browser = settled(area)
    phone, third = area.browser("10.9.9.9"), area.browser()
    phone.client.environ_base["HTTP_USER_AGENT"] = PHONE
    for one in (phone, third):
        assert one.sign_in("10000001", CHOSEN).status_code == 303
    page = browser.get(SECURITY).text
    assert "Chrome en Android" in page
    assert "10.9.9.9" in page
    assert page.count("Este mismo") == 1
    with area.db.read() as session:
        mine = session.scalar(select(ClientSession.id).where(ClientSession.address == "10.9.9.9"))
    end = f"{SECURITY}/sessions/{mine}/end"
    assert "Chrome en Android" in browser.get(end).text
    assert browser.post(end).status_code == 303
    assert not phone.is_in
    assert third.is_in
    assert 'confirm-number">1<' in browser.get(f"{SECURITY}/sessions/end-others").text
    assert browser.post(f"{SECURITY}/sessions/end-others").status_code == 303
    assert not third.is_in
    assert browser.is_in
    acts = [one for one in told(area.db) if isinstance(one, ACT_EVENTS["portal"])]
    assert [(one.act, one.actor_kind, one.party_id, one.count) for one in acts] == [
        ("sessions.ended", "party", party_id, 1)
    ] * 2


def test_nobody_ends_the_session_of_somebody_else(area: Area):
    _, browser = settled(area)
    other_id, other = settled(area, 2)
    with area.db.read() as session:
        theirs = session.scalars(
            select(ClientSession.id).where(ClientSession.party_id == other_id, ClientSession.ended_at.is_(None))
        ).one()
    browser.post(f"{SECURITY}/sessions/{theirs}/end", form=SECURITY)
    assert other.is_in


def test_the_page_is_shown_while_identity_is_away(area: Area, monkeypatch: pytest.MonkeyPatch):
    _, browser = settled(area)

    def away(*_args, **_kwargs):
        raise ServiceUnavailable("identity")

    monkeypatch.setattr(type(area.app.extensions["portal"].identity.calls), "get", away)
    page = browser.get(SECURITY)
    assert page.status_code == 200
    assert "Este mismo" in page.text


def test_a_removed_factor_is_removed_in_identity(area: Area):
    party_id, browser = settled(area)
    enrol(browser)
    assert browser.post(f"{FACTOR}/remove", proof=CHOSEN).status_code == 303
    with area.identity.db.read() as session:
        assert not has_factor(session, Owner("party", party_id))
