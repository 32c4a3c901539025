"""A request that is sent twice has its effect once."""

import io
import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask, request
from sqlalchemy import func, select

from shared import clock
from shared.web import current, idempotent, purge_idempotency_keys, require_scope
from shared.web.idempotency import KEEP, idempotency_keys
from tests.support.web import Issuer, Thing, settings_in, small_app, things

THINGS = "/api/directory/v1/things"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


def make_app(folder, database_pattern: str, issuer: Issuer) -> Flask:
    app = small_app(settings_in(folder, database_pattern=database_pattern), issuer)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.post("/api/directory/v1/uploads")
    @require_scope()
    @idempotent
    def upload(session) -> dict[str, int]:
        session.add(Thing(name=request.files["file"].read().decode()))
        session.flush()
        return {"things": things(session)}

    return app


@pytest.fixture
def app(tmp_path, sqlite_url, issuer):
    app = make_app(tmp_path, sqlite_url, issuer)
    yield app
    app.extensions["porteria"].db.dispose()


@pytest.fixture
def app_on_both(tmp_path, database_url, issuer):
    app = make_app(tmp_path, database_url, issuer)
    yield app
    app.extensions["porteria"].db.dispose()


def count(app: Flask) -> int:
    with app.app_context(), current().db.read() as session:
        return things(session)


def post(
    app: Flask, issuer: Issuer, key: str | None = "key-1", name: str = "abc", query: str = "", client: str = "erp"
):
    headers = issuer.bearer("things:write", client) | ({"Idempotency-Key": key} if key is not None else {})
    return app.test_client().post(THINGS + query, json={"name": name}, headers=headers)


def test_the_second_time_gets_the_first_answer(app_on_both, issuer):
    first, second = post(app_on_both, issuer), post(app_on_both, issuer)
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert count(app_on_both) == 1


def test_without_a_key_each_request_counts(app, issuer):
    assert post(app, issuer, None, "one").status_code == 201
    assert post(app, issuer, None, "two").status_code == 201
    assert count(app) == 2


def test_the_same_key_for_something_else_is_refused(app, issuer):
    post(app, issuer)
    answer = post(app, issuer, name="other")
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert count(app) == 1


def test_two_clients_may_choose_the_same_key(app, issuer):
    assert post(app, issuer, name="one", client="erp").status_code == 201
    assert post(app, issuer, name="two", client="crm").status_code == 201
    assert count(app) == 2


def test_a_failure_keeps_neither_work_nor_key(app_on_both, issuer):
    assert post(app_on_both, issuer, name="broken").status_code == 500
    assert count(app_on_both) == 0
    with app_on_both.app_context(), current().db.read() as session:
        assert session.scalar(select(func.count()).select_from(idempotency_keys)) == 0


def test_after_a_refusal_the_corrected_request_may_use_the_key(app, issuer):
    assert post(app, issuer, name="a").status_code == 422
    assert post(app, issuer, name="abc").status_code == 201


def test_a_secret_answer_is_not_kept_and_not_repeated(app, issuer):
    first = post(app, issuer, query="?secret=1")
    assert first.status_code == 201
    again = post(app, issuer, query="?secret=1")
    assert again.status_code == 409
    assert count(app) == 1
    with app.app_context(), current().db.read() as session:
        assert session.scalar(select(idempotency_keys.c.body)) is None


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_that_cannot_be_kept_is_a_bad_request(app, issuer, key):
    assert post(app, issuer, key).status_code == 400
    assert count(app) == 0


def test_of_many_at_the_same_time_one_works_and_all_get_its_answer(app_on_both, issuer):
    start = threading.Barrier(6)
    answers = []

    def send() -> None:
        start.wait(10)
        answers.append(post(app_on_both, issuer))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 5
    assert count(app_on_both) == 1


def test_the_same_file_sent_again_is_the_same_request(app, issuer):
    def send(content: bytes):
        headers = issuer.bearer() | {"Idempotency-Key": "file-1"}
        data = {"file": (io.BytesIO(content), "people.csv")}
        return app.test_client().post("/api/directory/v1/uploads", data=data, headers=headers)

    assert send(b"one").json == {"things": 1}
    assert send(b"one").headers["Idempotent-Replayed"] == "true"
    assert send(b"two").status_code == 422
    assert count(app) == 1


def test_old_keys_are_forgotten_and_young_ones_kept(app, issuer):
    post(app, issuer, "old", "one")
    later = clock.now() + KEEP + timedelta(hours=1)
    with time_machine.travel(later, tick=False), app.app_context(), current().db.write() as session:
        assert purge_idempotency_keys(session) == 1
    post(app, issuer, "young", "two")
    with app.app_context(), current().db.write() as session:
        assert purge_idempotency_keys(session) == 0
