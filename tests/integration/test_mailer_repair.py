"""What the staff and other systems do about letters that did not arrive, on both databases."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.mailer.actions.queue import change_pace
from services.mailer.actions.requesting import request_letter
from services.mailer.actions.sending import claim_letters, has_due_letters
from services.mailer.app import create_app
from services.mailer.models import Letter, ReturnedMessage
from services.mailer.queries import LetterFilter, count_letters, list_letters
from services.mailer.rules.requests import RequestedLetter
from shared import clock
from shared.db import new_id
from shared.events.acts import MailerActRecorded
from shared.events.mailer import AddressReleased, AddressSuppressed, LetterBounced
from shared.web import Staff
from tests.support import returned
from tests.support.mailer import Mailer
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until
from tests.support.web import PUBLIC_URL, Issuer

Call = Callable[..., Any]


@pytest.fixture
def mailer(database_url: str, tmp_path: Path) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path)
    made.settings = replace(made.settings, public_url=PUBLIC_URL)
    yield made
    made.db.dispose()


@pytest.fixture
def call(mailer: Mailer) -> Call:
    issuer = Issuer()
    client = create_app(mailer.settings, mailer.db, token_keys=issuer.keys).test_client()
    every = "letters:read letters:send addresses:write bounces:write queue:control"

    def call(method: str, path: str, scope: str = every, **given: Any) -> TestResponse:
        headers = issuer.bearer(scope) | given.pop("headers", {})
        return client.open(f"/api/mailer/v1{path}", method=method, headers=headers, **given)

    return call


@pytest.fixture
def browser(mailer: Mailer) -> FlaskClient:
    return browser_of(mailer)


def browser_of(mailer: Mailer, role: str = "agent") -> FlaskClient:
    app = create_app(
        mailer.settings, mailer.db, load_staff=lambda: Staff(id="1", name="Agente Ana", role=role, language="es")
    )
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def ended(mailer: Mailer, state: str, **values: Any) -> Letter:
    """A letter of a credential that ended."""
    (event,) = mailer.issue(**values)
    return change(mailer, mailer.letter_of(event), state=state, ended_at=clock.now(), ciphertext=None, outcome="550 no")


def requested(mailer: Mailer, state: str = "failed", **values: Any) -> Letter:
    """A letter that another system asked for and that ended."""
    given: dict[str, Any] = {"address": "eva@example.test", "name": "Eva", "subject": "Aviso de obras", "text": "Hola"}
    wanted = RequestedLetter(**(given | values), language="es", party_id=None)
    with mailer.db.write() as session:
        letter_id = request_letter(session, wanted, "otro-sistema")
        letter = session.get_one(Letter, letter_id)
    return change(mailer, letter, state=state, ended_at=clock.now(), outcome="550 no", attempts=7)


def change(mailer: Mailer, letter: Letter, **values: Any) -> Letter:
    with mailer.db.write() as session:
        row = session.get_one(Letter, letter.id)
        for name, value in values.items():
            setattr(row, name, value)
    return row


def state_of(mailer: Mailer, letter: Letter) -> str:
    return {one.id: one.state for one in mailer.letters()}[letter.id]


def acts(mailer: Mailer) -> list[tuple[str, int | None]]:
    return [(act.act, act.count) for act in mailer.told(MailerActRecorded)]


# The suppression list


def test_another_system_suppresses_lists_and_releases_an_address(mailer: Mailer, call: Call) -> None:
    added = call("POST", "/suppressions", json={"address": "Ana@Example.test", "note": "lo pidió"})
    assert (added.status_code, added.json["address"], added.json["reason"]) == (201, "ana@example.test", "manual")
    assert call("POST", "/suppressions", json={"address": "ana@example.test"}).status_code == 409
    assert [item["note"] for item in call("GET", "/suppressions?q=ANA").json["items"]] == ["lo pidió"]
    assert call("GET", "/suppressions?reason=bounced").json["items"] == []
    assert call("POST", "/suppressions", json={"address": "no address"}).status_code == 422
    released = call("POST", "/suppressions/release", json={"address": "ANA@example.test"})
    assert released.json == {"address": "ana@example.test"}
    assert call("POST", "/suppressions/release", json={"address": "ana@example.test"}).status_code == 404
    assert (len(mailer.told(AddressSuppressed)), len(mailer.told(AddressReleased))) == (1, 1)


def test_an_agent_suppresses_finds_and_releases_an_address(mailer: Mailer, browser: FlaskClient) -> None:
    wrong = browser.post("/backoffice/mailer/suppressions/add", data={"address": "nadie"})
    assert wrong.status_code == 422
    assert "Escriba una dirección de correo." in wrong.text
    added = browser.post(
        "/backoffice/mailer/suppressions/add", data={"address": "ana@example.test"}, follow_redirects=True
    )
    assert "ana@example.test" in added.text
    assert "ana@example.test" in browser.get("/backoffice/mailer/suppressions?q=example").text
    assert "ana@example.test" not in browser.get("/backoffice/mailer/suppressions?reason=bounced").text
    asked = browser.get("/backoffice/mailer/suppressions/release?address=ana@example.test").text
    assert "ana@example.test" in asked
    done = browser.post(
        "/backoffice/mailer/suppressions/release", data={"address": "ana@example.test"}, follow_redirects=True
    )
    assert "Ya se pueden enviar cartas otra vez a ana@example.test." in done.text
    assert "ana@example.test" not in browser.get("/backoffice/mailer/suppressions").text
    assert acts(mailer) == [("address.suppressed", None), ("address.released", None)]


# Returned messages


@pytest.mark.parametrize("as_file", [True, False])
def test_another_system_hands_in_a_returned_message(mailer: Mailer, call: Call, as_file: bool) -> None:
    letter = ended(mailer, "sent")
    content = returned.gmail(letter.address, letter.message_id)
    given: dict[str, Any] = (
        {"data": {"file": (io.BytesIO(content), "rebote.eml")}}
        if as_file
        else {"data": content, "content_type": "message/rfc822"}
    )
    answer = call("POST", "/bounces", **given)
    assert (answer.json["verdict"], answer.json["letter_id"]) == ("bounced", str(letter.id))
    assert state_of(mailer, letter) == "bounced"
    assert len(mailer.told(LetterBounced)) == 1


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "message/rfc822", 422),
        (b"x" * (1024 * 1024 + 1), "message/rfc822", 413),
        (b"{}", "application/json", 415),
        (b"a=b", "application/x-www-form-urlencoded", 415),
    ],
)
def test_what_is_no_message_is_refused(call: Call, content: bytes, kind: str, status: int) -> None:
    assert call("POST", "/bounces", data=content, content_type=kind).status_code == status


def test_a_vacation_answer_changes_nothing(mailer: Mailer, call: Call) -> None:
    letter = ended(mailer, "sent")
    content = returned.vacation(letter.address, letter.message_id)
    assert call("POST", "/bounces", data=content, content_type="message/rfc822").json["verdict"] == "no_bounce"
    assert state_of(mailer, letter) == "sent"


def test_an_agent_pastes_a_returned_message_and_sees_that_it_is_a_guess(mailer: Mailer, browser: FlaskClient) -> None:
    letter = ended(mailer, "sent")
    empty = browser.post("/backoffice/mailer/returned/new", data={"text": ""})
    assert empty.status_code == 422
    text = returned.postfix(letter.address, "x@elsewhere.example").decode()
    done = browser.post("/backoffice/mailer/returned/new", data={"text": text}, follow_redirects=True).text
    assert state_of(mailer, letter) == "bounced"
    assert "suposición" in done
    assert f"/backoffice/directory/parties/{letter.party_id}/edit" in done, "the way to a new letter is short"


@pytest.mark.parametrize(("decision", "state"), [("accept", "bounced"), ("dismiss", "sent")])
def test_an_agent_decides_about_a_guess(mailer: Mailer, browser: FlaskClient, decision: str, state: str) -> None:
    letter = ended(mailer, "sent")
    with mailer.db.write() as session:
        row = ReturnedMessage(
            digest="0", source="mailbox", received_at=clock.now(), verdict="guess", letter_id=letter.id, guessed=True
        )
        row.answer, row.recipient = "550 5.1.1 no such user", letter.address
        session.add(row)
        session.flush()
        path = f"/backoffice/mailer/returned/{row.id}"
    assert "550 5.1.1 no such user" in browser.get("/backoffice/mailer/returned?verdict=guess").text
    assert "Sí, esta carta volvió" in browser.get(path).text
    assert browser_of(mailer, "auditor").post(path, data={"decision": decision}).status_code == 403
    browser.post(path, data={"decision": decision})
    assert state_of(mailer, letter) == state
    browser.post(path, data={"decision": "accept"})
    assert state_of(mailer, letter) == state, "decided is decided"


# Sending again


def test_another_system_sends_failed_letters_again_where_that_makes_sense(mailer: Mailer, call: Call) -> None:
    again, keyed, sent = requested(mailer), ended(mailer, "failed"), requested(mailer, "sent")
    unknown = new_id()
    ids = [str(one) for one in (again.id, keyed.id, sent.id, unknown)]
    answer = call("POST", "/letters/retry", json={"ids": ids}).json
    assert (answer["retried"], answer["to_issue_again"]) == (1, 1)
    assert {item["id"]: item["state"] for item in answer["not_retried"]} == {
        str(keyed.id): "failed",
        str(sent.id): "sent",
        str(unknown): None,
    }
    row = next(one for one in mailer.letters() if one.id == again.id)
    assert (row.state, row.attempts, row.ended_at, row.delayed) == ("pending", 0, None, False)
    assert acts(mailer)[-1] == ("letters.retried", 1)
    assert call("POST", "/letters/retry", json={"all": True}).json["retried"] == 0
    assert call("POST", "/letters/retry", json={}).status_code == 422
    assert call("POST", "/letters/retry", json={"all": True}, scope="letters:read").status_code == 403


def test_a_letter_that_is_sent_again_goes_out(mailer: Mailer, call: Call, smtp_sink: SmtpSink) -> None:
    letter = requested(mailer)
    call("POST", "/letters/retry", json={"ids": [str(letter.id)]})
    with mailer.working(smtp_url=smtp_sink.url):
        wait_until(lambda: smtp_sink.messages)
    assert "Hola" in smtp_sink.messages[0].text


def test_an_agent_sends_all_of_a_filter_again_after_being_told_how_many(mailer: Mailer, browser: FlaskClient) -> None:
    letters = [requested(mailer), requested(mailer, subject="Otra cosa")]
    ended(mailer, "failed")
    asked = browser.get("/backoffice/mailer/letters/retry?state=failed&q=obras").text
    assert '<p class="confirm-number">1</p>' in asked
    browser.post("/backoffice/mailer/letters/retry", data={"state": "failed", "q": "obras"})
    assert [state_of(mailer, one) for one in letters] == ["pending", "failed"]
    whole = browser.get("/backoffice/mailer/letters/retry?state=failed").text
    assert "llevaba una clave" in whole
    told = browser.post("/backoffice/mailer/letters/retry", data={"state": "failed"}, follow_redirects=True).text
    assert "llevaba una clave" in told
    assert [state_of(mailer, one) for one in letters] == ["pending", "pending"]


def test_a_failed_key_leads_to_a_new_one(mailer: Mailer, browser: FlaskClient) -> None:
    letter = ended(mailer, "failed")
    page = browser.get(f"/backoffice/mailer/letters/{letter.id}").text
    assert f"/backoffice/directory/parties/{letter.party_id}/edit" in page
    assert f"/backoffice/identity/parties/{letter.party_id}" in page
    told = browser.get(f"/backoffice/mailer/letters/retry?ids={letter.id}", follow_redirects=True).text
    assert "llevaba una clave" in told


# The history


def test_letters_are_found_by_beginnings_of_words_kind_and_days(mailer: Mailer, browser: FlaskClient) -> None:
    with time_machine.travel("2026-11-02 03:00:00+00:00", tick=False):  # still the first in Bogotá
        ended(mailer, "sent", name="Óscar Gómez", document="CC 1.234.567-8", address="oscar.g@correo.test")
    requested(mailer)
    for query in ("gom", "oscar cc", "1234567", "1.234", "correo.test", "oscar.g@c", "g@correo"):
        assert "Óscar Gómez" in browser.get("/backoffice/mailer/letters", query_string={"q": query}).text, query
    for query in ("omez", "scar", "eva", "' | x:*", "\\"):
        assert "Óscar Gómez" not in browser.get("/backoffice/mailer/letters", query_string={"q": query}).text, query
    assert "Aviso de obras" in browser.get("/backoffice/mailer/letters?q=obras&kind=general").text
    assert browser.get("/backoffice/mailer/letters?from=never").status_code == 404


def test_days_are_those_of_the_agency(mailer: Mailer) -> None:
    early, late = ended(mailer, "sent"), ended(mailer, "sent")
    moment = clock.now()
    change(mailer, early, created_at=moment - timedelta(hours=2))
    change(mailer, late, created_at=moment)
    with mailer.db.read() as session:
        since = LetterFilter(since=moment - timedelta(hours=1))
        before = LetterFilter(before=moment - timedelta(hours=1))
        assert [one.id for one in list_letters(session, since).items] == [late.id]
        assert [one.id for one in list_letters(session, before).items] == [early.id]
        assert count_letters(session, LetterFilter(), most=1) == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_is_filtered_can_be_taken_along_and_that_is_recorded(
    mailer: Mailer, browser: FlaskClient, kind: str
) -> None:
    for number in range(3):
        ended(mailer, "failed", name=f"Persona {number}", address=f"p{number}@example.test")
    ended(mailer, "sent")
    answer = browser.get(f"/backoffice/mailer/letters/export.{kind}?state=failed&q=persona")
    assert answer.status_code == 200
    assert acts(mailer) == [("letters.exported", 3)]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
        assert [row[0] for row in rows[1:]] == ["Persona 2", "Persona 1", "Persona 0"]
        assert rows[1][2] == "p2@example.test"
    else:
        assert answer.data.startswith(b"PK")


# Hours of sending


def test_outside_the_hours_only_what_somebody_waits_for_is_claimed(mailer: Mailer) -> None:
    mailer.issue()
    mailer.hear(mailer.recovery())
    with mailer.db.write() as session:
        assert has_due_letters(session, 0.0, only_urgent=True)
        claimed = claim_letters(session, new_id(), 10, 0.0, only_urgent=True)
        assert [letter.kind for letter in claimed] == ["recovery"]
        assert not has_due_letters(session, 0.0, only_urgent=True)
        assert [letter.kind for letter in claim_letters(session, new_id(), 10, 0.0)] == ["credential"]


def test_letters_wait_for_their_hours_and_the_page_says_until_when(
    mailer: Mailer, browser: FlaskClient, smtp_sink: SmtpSink
) -> None:
    local = clock.now() + timedelta(hours=-5)  # Bogotá has no summer time
    opens = (local + timedelta(hours=2)).hour * 60
    with mailer.db.write() as session:
        hours = {"window_from": opens, "window_until": (opens + 60) % 1440, "window_days": "1234567"}
        change_pace(session, "Agente Ana", **hours)
    (event,) = mailer.issue()
    recovery = mailer.recovery()
    mailer.hear(recovery)
    with mailer.working(smtp_url=smtp_sink.url):
        mailer.wait_for(recovery, "sent")
        assert mailer.letter_of(event).state == "pending"
        assert "sale " in browser.get("/backoffice/mailer/").text
        with mailer.db.write() as session:
            change_pace(session, "Agente Ana", window_from=None, window_until=None, window_days=None)
        mailer.wait_for(event, "sent")


def test_the_hours_are_set_and_shown_by_page_and_by_rest(mailer: Mailer, browser: FlaskClient, call: Call) -> None:
    form = {"limited": "yes", "start": "22:00", "end": "02:30", "days": ["5", "6"]}
    assert browser.post("/backoffice/mailer/queue/window", data=form).status_code == 303
    told = call("GET", "/queue").json
    assert told["window"] == {"from": "22:00", "until": "02:30", "days": [5, 6]}
    page = browser.get("/backoffice/mailer/queue").text
    assert 'value="22:00"' in page
    refused = browser.post("/backoffice/mailer/queue/window", data={"limited": "yes", "start": "08:00", "end": ""})
    assert refused.status_code == 422
    assert "Indique las dos horas." in refused.text
    assert "Elija al menos un día." in refused.text
    always = call("PATCH", "/queue", json={"window": None}).json
    assert (always["window"], always["opens_at"]) == (None, None)
    changed = call("PATCH", "/queue", json={"window": {"from": "08:00", "until": "18:00"}, "delay": 5}).json
    assert (changed["window"]["days"], changed["delay"]) == ([1, 2, 3, 4, 5, 6, 7], 5)
    assert call("PATCH", "/queue", json={"window": {"from": "24:00", "until": "1:00"}}).status_code == 422
    (*_, last) = mailer.told(MailerActRecorded)
    assert {detail.name for detail in last.details} == {"window_from", "window_until", "window_days", "delay"}


def test_pausing_twice_is_one_deed(mailer: Mailer) -> None:
    for _ in range(2):
        mailer.pause()
    for _ in range(2):
        mailer.resume()
    assert acts(mailer) == [("queue.paused", None), ("queue.resumed", None)]


def test_cancelling_is_one_deed_with_a_number(mailer: Mailer) -> None:
    mailer.issue(3)
    mailer.cancel([letter.id for letter in mailer.letters()])
    mailer.cancel([letter.id for letter in mailer.letters()])
    assert acts(mailer) == [("letters.cancelled", 3)]


def test_search_and_words_are_kept_in_step(mailer: Mailer) -> None:
    mailer.issue(name="Íñigo Núñez")
    with mailer.db.read() as session:
        found = session.scalars(select(Letter).where(*LetterFilter(text="nunez").conditions(session))).all()
    assert len(found) == 1
