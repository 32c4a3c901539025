"""Calls between services, over real HTTP to a small service whose tokens an issuer of the test signs."""

import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, Response, jsonify, request

from shared.correlation import correlated
from shared.keyring import Keyring
from shared.web import CallFailed, Problem, ServiceClient, ServiceUnavailable, acting_staff, require_scope
from tests.support.web import Issuer, serving, settings_in, sign_in, small_app


@pytest.fixture
def target(tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The called service; it also answers as identity, and can be told to fail."""
    issuer = Issuer()
    app = small_app(settings_in(tmp_path / "called"), issuer)
    seen = SimpleNamespace(tokens=0, calls=[], fail=[], issuer=issuer, basic=None)

    @app.post("/oauth/token")
    def token():
        basic = request.authorization
        assert basic is not None
        seen.tokens += 1
        seen.basic = (basic.username, basic.password)
        scope = request.form.get("scope", "things:read things:write")
        text = seen.issuer.token(scope, str(basic.username))
        return {"access_token": text, "token_type": "Bearer", "expires_in": 600}

    @app.before_request
    def note() -> None:
        if request.path.startswith("/api/"):
            seen.calls.append(request.headers)
            if seen.fail:
                raise Problem(seen.fail.pop(0))

    @app.get("/api/directory/v1/who")
    @require_scope()
    def who():
        actor = acting_staff()
        return jsonify(actor and [actor.id, actor.name])

    @app.get("/api/directory/v1/paper")
    @require_scope()
    def paper():
        return Response(b"x" * 300_000, content_type="application/pdf")

    with serving(app.wsgi_app) as port:
        seen.settings = settings_in(tmp_path / "caller", internal_pattern=f"http://127.0.0.1:{port}")
        seen.client = ServiceClient(seen.settings, "mailer")
        yield seen


def test_a_list_is_read_whole_with_one_token(target):
    for name in ("aa", "bb", "cc"):
        target.client.post("directory", "/things", {"name": name})
    assert [thing["name"] for thing in target.client.every("directory", "/things", limit=2)] == ["aa", "bb", "cc"]
    assert target.tokens == 1
    assert target.basic == ("porteria-mailer", Keyring(target.settings.data, "mailer").client_secret())


def test_the_correlation_id_goes_along(target):
    with correlated("order-0001"):
        target.client.get("directory", "/things")
    assert target.calls[-1]["X-Correlation-Id"] == "order-0001"


def test_the_member_of_the_staff_at_the_page_goes_along(target, tmp_path):
    caller: Flask = small_app(target.settings, Issuer())

    @caller.get("/backoffice/directory/ask")
    def ask():
        return jsonify(target.client.get("directory", "/who"))

    browser = caller.test_client()
    sign_in(browser, name="Ana Ñandú; <x>")
    identifier, name = browser.get("/backoffice/directory/ask").get_json()
    assert len(identifier) == 36
    assert name == "Ana Ñandú; <x>"
    assert target.client.get("directory", "/who") is None


def test_a_refusal_arrives_as_the_problem_that_it_is(target):
    with pytest.raises(CallFailed) as refused:
        target.client.post("directory", "/things", {"name": "a"})
    assert refused.value.status == 422
    assert refused.value.problem["errors"][0]["field"] == "name"


def test_a_passing_failure_of_a_read_is_tried_again(target):
    target.fail = [503, 502]
    assert target.client.get("directory", "/things")["items"] == []
    assert len(target.calls) == 3


def test_a_write_is_tried_again_only_with_a_key(target):
    target.fail = [503]
    with pytest.raises(ServiceUnavailable):
        target.client.post("directory", "/things", {"name": "abc"})
    assert len(target.calls) == 1
    target.fail = [503]
    assert target.client.post("directory", "/things", {"name": "abc"}, key="k1")["name"] == "abc"
    assert target.client.post("directory", "/things", {"name": "abc"}, key="k1")["name"] == "abc"


def test_trying_has_an_end(target):
    target.fail = [503] * 9
    with pytest.raises(ServiceUnavailable):
        target.client.get("directory", "/things")
    assert len(target.calls) == 3


def test_a_token_that_is_not_taken_any_more_is_replaced_once(target):
    known, target.issuer = target.issuer, Issuer()
    with pytest.raises(CallFailed) as refused:
        target.client.get("directory", "/things")
    assert refused.value.status == 401
    assert target.tokens == 2
    target.issuer = known
    assert target.client.get("directory", "/things")["items"] == []


def test_a_service_that_is_not_there_is_unavailable(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        client = ServiceClient(settings_in(tmp_path, internal_pattern=address), "mailer")
        with pytest.raises(ServiceUnavailable):
            client.get("directory", "/things")


def test_who_can_do_without_an_answer_tries_once(target):
    target.fail[:] = [503]
    hasty = ServiceClient(target.settings, "mailer", attempts=1)
    with pytest.raises(ServiceUnavailable):
        hasty.get("directory", "/things")
    assert len(target.calls) == 1
    assert hasty.get("directory", "/things")["items"] == []


def test_a_file_comes_as_it_is_in_the_language_asked_for_and_never_larger_than_wanted(target):
    assert target.client.get_file("directory", "/paper", most=300_000, language="es") == b"x" * 300_000
    assert target.calls[-1]["Accept-Language"] == "es"
    assert target.client.get_file("directory", "/paper", most=299_999) is None
    with pytest.raises(CallFailed) as refused:
        target.client.get_file("directory", "/nothing", most=10)
    assert refused.value.status == 404
    target.fail[:] = [503] * 3
    with pytest.raises(ServiceUnavailable):
        target.client.get_file("directory", "/paper", most=10)
