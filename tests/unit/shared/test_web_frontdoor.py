"""The front door of the embedded run, in front of real upstream servers."""

import http.client
import json
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from werkzeug.wrappers import Request, Response

from shared.embedded.frontdoor import SERVICES, FrontDoor, service_of
from tests.support.web import serving


def upstream(name: str) -> Any:
    """A service that tells what reached it."""

    @Request.application
    def application(request: Request) -> Response:
        if request.path.endswith("/large"):
            return Response((b"x" * 65536 for _ in range(160)), content_type="application/octet-stream")
        if request.path.endswith("/refuse"):
            return Response("too large", 413)
        if request.path.endswith("/cookies"):
            response = Response(status=204)
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response
        told = {
            "service": name,
            "method": request.method,
            "target": request.environ["RAW_URI"],
            "headers": {key.lower(): value for key, value in request.headers.items()},
            "body": len(request.get_data()),
        }
        response = Response(status=207)
        response.headers["X-Told"] = name
        response.set_data(json.dumps(told))
        return response

    return application


@pytest.fixture
def door() -> Iterator[SimpleNamespace]:
    with ExitStack() as stack:
        ports = {name: stack.enter_context(serving(upstream(name))) for name in SERVICES if name != "mailer"}
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        ports["mailer"] = closed.getsockname()[1]  # taken, and nobody listens
        port = stack.enter_context(serving(FrontDoor(ports)))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        yield SimpleNamespace(url=f"http://127.0.0.1:{port}", http=session)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/customerarea", "portal"),
        ("/customerarea/invoices", "portal"),
        ("/backoffice", "identity"),
        ("/backoffice/", "identity"),
        ("/backoffice/directory/parties", "directory"),
        ("/backoffice/mailer/", "mailer"),
        ("/api/portal/v1/invoices", "portal"),
        ("/oauth/authorize", "identity"),
        ("/.well-known/jwks.json", "identity"),
        ("/healthz/mailer", "mailer"),
        ("/readyz/directory", "directory"),
        ("/metrics", None),
        ("/customerareas", None),
        ("/backoffice/other/", None),
        ("/api/", None),
        ("/backoffice//directory", None),
    ],
)
def test_each_path_belongs_to_one_service_or_to_none(path, service):
    assert service_of(path) == service


def test_the_root_leads_to_the_client_area(door):
    answer = door.http.get(door.url + "/", allow_redirects=False)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/customerarea/"


def test_method_address_and_body_arrive_as_they_were_sent(door):
    answer = door.http.put(door.url + "/backoffice/directory/a%2Fb/ñ?x=%20&y=1+2", data=b"12345")
    assert answer.status_code == 207
    told = answer.json()
    assert told["service"] == "directory"
    assert told["method"] == "PUT"
    assert told["target"] == "/backoffice/directory/a%2Fb/%C3%B1?x=%20&y=1+2"
    assert told["body"] == 5


def test_the_host_is_kept_and_lies_about_the_origin_are_replaced(door):
    lies = {
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.test",
        "Forwarded": "for=1.2.3.4",
        "X-Real-Ip": "1.2.3.4",
        "Host": "porteria.test",
    }
    headers = door.http.get(door.url + "/customerarea/", headers=lies).json()["headers"]
    assert headers["host"] == "porteria.test"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert headers["x-forwarded-host"] == "porteria.test"
    assert "forwarded" not in headers
    assert "x-real-ip" not in headers


def test_several_cookies_stay_several(door):
    answer = door.http.get(door.url + "/customerarea/cookies")
    assert answer.status_code == 204
    assert len(answer.raw.headers.getlist("Set-Cookie")) == 2


def test_a_large_answer_flows_through(door):
    with door.http.get(door.url + "/customerarea/large", stream=True) as answer:
        assert sum(len(piece) for piece in answer.iter_content(65536)) == 160 * 65536


def test_a_body_of_unknown_length_flows_through(door):
    answer = door.http.post(door.url + "/customerarea/", data=(b"x" * 1000 for _ in range(50)))
    assert answer.json()["body"] == 50_000


def test_an_upload_that_is_refused_early_still_gets_its_answer(door):
    answer = door.http.post(door.url + "/customerarea/refuse", data=b"x" * 8_000_000)
    assert answer.status_code == 413
    assert answer.text == "too large"


@pytest.mark.parametrize("chunked", [False, True])
def test_the_answer_to_a_refused_upload_comes_while_it_is_still_being_sent(door, chunked):
    port = int(door.url.rsplit(":", 1)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest("POST", "/customerarea/refuse")
    connection.putheader("Transfer-Encoding", "chunked") if chunked else connection.putheader("Content-Length", 2**31)
    connection.endheaders()
    piece, sent = b"x" * 65_536, 0
    framed = b"10000\r\n" + piece + b"\r\n" if chunked else piece
    while not select.select([connection.sock], [], [], 0)[0] and sent < 2**31:
        connection.send(framed)
        sent += len(piece)
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (413, b"too large")
    assert sent < 64 * 1024**2
    connection.close()
    assert door.http.get(door.url + "/customerarea/").status_code == 207


def test_a_large_upload_that_nobody_wants_is_answered_before_its_end(door):
    port = int(door.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST /nobody HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\nabc")
        assert b" 404 " in connection.recv(4096)


def test_an_upload_that_breaks_off_does_not_keep_the_service_waiting(door):
    port = int(door.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /customerarea/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc")
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(4096)


def test_while_a_service_starts_a_person_gets_a_page_that_loads_itself_again(door):
    answer = door.http.get(door.url + "/backoffice/mailer/")
    assert answer.status_code == 502
    assert 'http-equiv="refresh"' in answer.text
    assert "arrancando" in answer.text
    assert answer.headers["Retry-After"] == "2"


def test_while_a_service_starts_a_program_gets_a_problem(door):
    answer = door.http.get(door.url + "/api/mailer/v1/letters")
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 502


def test_what_belongs_to_nobody_is_not_found(door):
    assert door.http.get(door.url + "/metrics").status_code == 404
