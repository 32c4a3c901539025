"""The mailer's REST interface, on both databases."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl.public import PublicKey
from werkzeug.test import TestResponse

from services.mailer.actions.suppressing import suppress_address
from services.mailer.app import create_app
from shared.db import new_id
from shared.events.acts import MailerActRecorded
from shared.events.mailer import LetterBounced
from tests.support.mailer import PASSWORD, Mailer
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
    scopes = "letters:read letters:cancel queue:control keys:read"

    def call(method: str, path: str, body: Any = None, scope: str = scopes, **headers: str) -> TestResponse:
        return client.open(f"/api/mailer/v1{path}", method=method, json=body, headers=issuer.bearer(scope) | headers)

    return call


def test_letters_are_listed_filtered_and_paged(mailer: Mailer, call: Call) -> None:
    batch = new_id()
    events = [*mailer.issue(3), *mailer.issue(2, batch_id=batch)]
    assert len(call("GET", "/letters").json["items"]) == 5
    assert len(call("GET", f"/letters?batch_id={batch}").json["items"]) == 2
    (one,) = call("GET", f"/letters?party_id={events[0].party_id}&kind=credential&state=pending").json["items"]
    assert (one["state"], one["name"], one["credential_id"]) == ("pending", "José Ñandú", str(events[0].credential_id))
    first = call("GET", "/letters?limit=3").json
    rest = call("GET", f"/letters?limit=3&cursor={first['next']}").json
    assert rest["next"] is None
    assert len({item["id"] for item in first["items"] + rest["items"]}) == 5
    assert call("GET", "/letters?state=lost").status_code == 422


def test_a_letter_is_shown_without_its_secret(mailer: Mailer, call: Call) -> None:
    (event,) = mailer.issue()
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    answer = call("GET", f"/letters/{letter.id}")
    assert answer.json["state"] == "sent"
    assert [attempt["code"] for attempt in answer.json["attempts"]] == [250]
    assert PASSWORD not in answer.text
    assert "ciphertext" not in answer.text
    assert call("GET", f"/letters/{new_id()}").status_code == 404


def test_cancelling_by_ids_tells_the_truth_about_each(mailer: Mailer, call: Call) -> None:
    mailer.issue(3)
    one, two, three = mailer.letters()
    unknown = new_id()
    assert call("POST", "/letters/cancel", {"ids": [str(one.id)]}).json == {"cancelled": 1, "not_cancelled": []}
    answer = call("POST", "/letters/cancel", {"ids": [str(one.id), str(two.id), str(unknown)]}).json
    assert answer["cancelled"] == 1
    assert {(item["id"], item["state"]) for item in answer["not_cancelled"]} == {
        (str(one.id), "cancelled"),
        (str(unknown), None),
    }
    assert mailer.letter_of(mailer_event(mailer, three)).state == "pending"


def mailer_event(mailer: Mailer, letter: Any) -> Any:
    return replace(mailer.issued(), credential_id=letter.credential_id)


def test_a_repeated_cancel_with_the_same_key_gets_the_same_answer(mailer: Mailer, call: Call) -> None:
    mailer.issue(4)
    answers = [call("POST", "/letters/cancel", {"all": True}, **{"Idempotency-Key": "k-1"}) for _ in range(2)]
    assert [answer.json["cancelled"] for answer in answers] == [4, 4]
    assert {letter.ended_by for letter in mailer.letters()} == {"erp"}


@pytest.mark.parametrize("body", [{}, {"all": False}, {"all": True, "ids": []}, {"ids": ["x"]}, {"ids": []}, []])
def test_nothing_is_cancelled_by_mistake(mailer: Mailer, call: Call, body: Any) -> None:
    mailer.issue()
    assert call("POST", "/letters/cancel", body).status_code == 422
    assert mailer.states() == ["pending"]


def test_the_queue_tells_its_state_and_can_be_paused_changed_and_resumed(mailer: Mailer, call: Call) -> None:
    mailer.issue(2)
    queue = call("GET", "/queue").json
    assert (queue["state"], queue["paused"], queue["counts"]["pending"], queue["delay"]) == ("running", False, 2, 0.0)
    paused = call("POST", "/queue/pause").json
    assert (paused["state"], paused["paused"], paused["paused_by"]) == ("paused", True, "erp")
    assert call("PATCH", "/queue", {"delay": 30}).json["delay"] == 30.0
    assert call("PATCH", "/queue", {"delay": None}).json["delay"] == 0.0
    assert call("PATCH", "/queue", {"delay": -1}).status_code == 422
    assert call("POST", "/queue/resume").json["state"] == "running"


def test_sealing_keys_are_public_halves_only(mailer: Mailer, call: Call) -> None:
    (key,) = call("GET", "/sealing-keys").json["items"]
    assert set(key) == {"id", "public_key"}
    PublicKey(base64.b64decode(key["public_key"]))


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/letters", "letters:cancel"),
        ("POST", "/letters/cancel", "letters:read"),
        ("POST", "/queue/pause", "letters:read"),
        ("POST", "/queue/resume", "letters:cancel"),
        ("GET", "/sealing-keys", "letters:read"),
    ],
)
def test_each_call_needs_its_scope(mailer: Mailer, call: Call, method: str, path: str, scope: str) -> None:
    assert call(method, path, {} if method == "POST" else None, scope=scope).status_code == 403
    assert call(method, path, {} if method == "POST" else None, Authorization="").status_code == 401


def test_another_system_says_that_a_sent_letter_came_back(mailer: Mailer, call: Call) -> None:
    (event,) = mailer.issue()
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    answer = call("POST", f"/letters/{letter.id}/bounced", {"answer": "550 5.1.1\r\nno such user"})
    assert (answer.status_code, answer.json["state"]) == (200, "bounced")
    assert (answer.json["outcome"], answer.json["ended_by"]) == ("550 5.1.1 no such user", "erp")
    (told,) = mailer.told(LetterBounced)
    assert (told.letter_id, told.credential_id, told.address) == (letter.id, event.credential_id, letter.address)
    assert told.answer == "550 5.1.1 no such user"
    again = call("POST", f"/letters/{letter.id}/bounced", {"answer": "again"})
    assert (again.status_code, again.json["state"]) == (409, "bounced")
    assert len(mailer.told(LetterBounced)) == 1


def test_what_was_not_sent_can_not_come_back(mailer: Mailer, call: Call) -> None:
    (event,) = mailer.issue()
    path = f"/letters/{mailer.letter_of(event).id}/bounced"
    assert call("POST", path, {"answer": "550"}).status_code == 409
    assert call("POST", f"/letters/{new_id()}/bounced", {"answer": "550"}).status_code == 404
    for body in ({}, {"answer": ""}, {"answer": " "}, {"answer": "x" * 501}):
        assert call("POST", path, body).status_code == 422
    assert call("POST", path, {"answer": "550"}, scope="letters:read").status_code == 403
    assert mailer.states() == ["pending"]
    assert mailer.told(LetterBounced) == []


def test_another_system_asks_for_a_letter_once_however_often_it_asks(mailer: Mailer, call: Call) -> None:
    party = str(new_id())
    body = {"address": "maria@example.test", "name": "María", "subject": "Aviso", "text": "Hola", "party_id": party}
    first = call("POST", "/letters", body, "letters:send", **{"Idempotency-Key": "a"})
    again = call("POST", "/letters", body, "letters:send", **{"Idempotency-Key": "a"})
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert (first.json["kind"], first.json["state"], first.json["party_id"]) == ("general", "pending", party)
    assert call("GET", f"/letters?party_id={party}").json["items"][0]["id"] == first.json["id"]
    (act,) = [told for told in mailer.told(MailerActRecorded) if told.act == "letters.requested"]
    assert act.subject_id == first.json["id"]


def test_a_requested_letter_may_have_a_delay_of_its_own(mailer: Mailer, call: Call) -> None:
    body = {"address": "maria@example.test", "subject": "Aviso", "text": "Hola", "delay": 3600}
    letter = call("POST", "/letters", body, "letters:send").json
    due, made = (datetime.fromisoformat(letter[name]) for name in ("due_at", "created_at"))
    assert due - made == timedelta(hours=1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "nobody"),
        ("subject", "a\r\nBcc: x@example.test"),
        ("subject", "   "),
        ("text", "\x00"),
        ("text", "x" * 20_001),
        ("language", "fr"),
        ("delay", -1),
        ("party_id", "x"),
    ],
)
def test_an_impossible_letter_is_refused_at_its_field(mailer: Mailer, call: Call, field: str, value: Any) -> None:
    body = {"address": "maria@example.test", "subject": "Aviso", "text": "Hola", field: value}
    answer = call("POST", "/letters", body, "letters:send")
    assert answer.status_code == 422
    assert field in str(answer.json)
    assert mailer.letters() == []
    assert call("POST", "/letters", body, "letters:read").status_code == 403


def test_a_letter_to_a_suppressed_address_has_failed_at_once(mailer: Mailer, call: Call) -> None:
    with mailer.db.write() as session:
        suppress_address(session, "maria@example.test", "Ana")
    body = {"address": "Maria@example.test", "subject": "Aviso", "text": "Hola"}
    assert call("POST", "/letters", body, "letters:send").json["state"] == "failed"
