"""Bad input, sent to the running system as it comes in life: each gets a clear answer, nothing is lost or half-done."""

import http.client
import json
import select
import struct
import uuid
import zlib
from typing import Any

import pika
import pytest
import requests
from nacl.signing import SigningKey

from shared.clock import now
from shared.db import new_id
from shared.events import encode
from shared.events.identity import CredentialIssued, Recipient
from shared.sealing import SealContext, Sealer
from tests.support.people import as_csv, person
from tests.support.smtp import SmtpSink
from tests.support.system import Client, System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def everything(running: System) -> Client:
    return running.client()


@pytest.fixture
def api(everything: Client, system: System) -> Client:
    """For all of them the same client, with an empty letter box each time."""
    return everything


def count(api: Client) -> int:
    """How many people are in the directory."""
    return int(api.get("directory/v1/parties/count")["count"])


@pytest.mark.parametrize(
    ("first", "options"),
    [
        (1000, {"encoding": "latin-1"}),
        (1100, {"encoding": "utf-8-sig"}),
        (1200, {"separator": ";"}),
        (1300, {"encoding": "cp1252", "separator": ";"}),
        (1400, {"separator": "\t"}),
    ],
    ids=["latin-1", "bom", "semicolons", "excel in spanish", "tabs"],
)
def test_a_file_in_any_common_form_keeps_its_accents(api: Client, first: int, options: dict[str, str]) -> None:
    state = api.import_csv(as_csv((person(number) for number in range(first, first + 5)), **options))
    assert (state["state"], state["created"]) == ("finished", 5), state
    (found,) = api.get("directory/v1/parties", document=str(10_000_000 + first))["items"]
    assert found["name"] == f"Persona Número {first}"


def test_bad_rows_are_told_by_row_and_column_and_the_good_ones_are_kept(api: Client) -> None:
    people = [person(number) for number in range(2000, 2300)]
    for one in people[50:250]:
        one["document_number"] = "12-ABC"
    state = api.import_csv(as_csv(people))
    assert (state["state"], state["created"]) == ("finished", 100), state
    problems = api.all(f"directory/v1/imports/{state['id']}/problems")
    assert {problem["row"] for problem in problems} == set(range(52, 252))  # the header is row 1
    assert {problem["column"] for problem in problems} == {"documento"}


def test_the_same_file_again_changes_nothing(api: Client) -> None:
    content = as_csv(person(number) for number in range(3000, 3020))
    assert api.import_csv(content)["created"] == 20
    again = api.import_csv(content)
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 20)


def picture() -> bytes:
    """A valid PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", picture(), b"a,b\n1,2\n"], ids=["empty", "blank", "picture", "other columns"]
)
def test_a_file_that_is_no_list_of_people_is_refused_with_a_reason(api: Client, content: bytes) -> None:
    before = count(api)
    answer = api.call("POST", "directory/v1/imports", files={"file": ("people.csv", content, "text/csv")})
    if answer.status_code == 202:  # what only reading shows is told by the import itself
        path = f"directory/v1/imports/{answer.json()['id']}"
        wait_until(lambda: api.get(path)["state"] in ("failed", "finished"), message="the import did not end")
        state = api.get(path)
        assert state["state"] == "failed", state
        assert state["problems"], state
    else:
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["field"] == "file"
    assert count(api) == before


def test_two_gigabytes_are_refused_long_before_they_are_sent(system: System, api: Client) -> None:
    """As curl sends it: piece by piece, looking for an answer meanwhile."""
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    connection.putrequest("POST", "/api/directory/v1/imports")
    connection.putheader("Authorization", f"Bearer {api.token()}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(2 * 1024**3))
    connection.endheaders()
    connection.send(b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n')
    piece, sent = b"1,2\n" * 16_384, 0
    while not select.select([connection.sock], [], [], 0)[0] and sent < 2 * 1024**3:
        connection.send(piece)
        sent += len(piece)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (413, 413)
    assert sent < 64 * 1024**2


@pytest.mark.parametrize(
    ("kind", "number"), [("NIT", "900.123.456-1"), ("CC", "ABC"), ("CC", ""), ("RFC", "XXXX"), ("ZZ", "1234567")]
)
def test_a_malformed_document_is_refused_at_its_field(api: Client, kind: str, number: str) -> None:
    body = person(1) | {"document_type": kind, "document_number": number}
    answer = api.call("POST", "directory/v1/parties", json=body, headers={"Accept-Language": "es"})
    assert answer.status_code == 422, answer.text
    assert {error["field"] for error in answer.json()["errors"]} <= {"document_number", "document_type"}


def test_a_password_over_the_limit_of_bcrypt_is_refused_and_not_cut(api: Client) -> None:
    party = api.post("directory/v1/parties", person(4000))
    order = {"party_id": party["id"], "mode": "manual", "delivery": "none"}
    long = "ñandú-río-" * 6 + "abcdefghi"  # 69 characters, more than 72 bytes
    assert len(long) <= 72 < len(long.encode())
    for password in ("x" * 73, long):
        answer = api.call("POST", "identity/v1/credentials", json=order | {"password": password})
        assert answer.status_code == 422, answer.text
        assert [error["field"] for error in answer.json()["errors"]] == ["password"]
        assert password not in answer.text
    assert api.get(f"identity/v1/parties/{party['id']}/credentials")["items"] == []


def put_on_the_bus(system: System, body: bytes, key: str) -> None:
    """Publish as a stranger with access to the broker would."""
    connection = pika.BlockingConnection(pika.URLParameters(system.broker_url or ""))
    connection.channel().basic_publish("porteria.events", key, body)
    connection.close()


def dead_letters(system: System) -> list[dict[str, Any]]:
    """What the mailer could not accept, as the operator sees it."""
    return [json.loads(line) for line in system.run("mailer", "dead-letters", "list").splitlines()]


def refused_because(system: System, words: str) -> bool:
    """Whether a dead letter gives a reason with these words."""
    return any(words in dead["reason"] for dead in dead_letters(system))


def test_a_forged_event_sends_nothing_and_is_shown_to_the_operator(system: System, api: Client, sink: SmtpSink) -> None:
    party = api.post("directory/v1/parties", person(4100))
    credential, address = new_id(), "victim@example.com"
    keys = requests.get(f"{system.url}/.well-known/jwks.json", timeout=10).json()["keys"]
    (genuine,) = [key["kid"] for key in keys if key["kty"] == "OKP"]
    box = Sealer("any", bytes(range(32)), genuine, bytes(SigningKey.generate()))
    event = CredentialIssued(
        credential_id=credential,
        party_id=uuid.UUID(party["id"]),
        delivery="password",
        expires_at=now(),
        recipient=Recipient(
            party_id=uuid.UUID(party["id"]), name="V", document="CC 1", login="1", address=address, language="es"
        ),
        secret=box.seal("a-password-of-the-attacker", SealContext(str(credential), address)),
    )
    key = "porteria.identity.CredentialIssued.v1"
    put_on_the_bus(system, encode(event, id=new_id(), time=now(), correlation_id=None), key)
    wait_until(lambda: refused_because(system, "not signed by identity"), timeout=30, message="not dead-lettered")
    assert not sink.to(address)
    assert api.get("mailer/v1/letters", party_id=party["id"])["items"] == []


def test_an_event_of_an_unknown_version_waits_for_an_upgrade(system: System) -> None:
    body = json.dumps(
        {
            "specversion": "1.0",
            "id": str(new_id()),
            "source": "/porteria/identity",
            "type": "porteria.identity.CredentialIssued.v9",
            "data": {"something": "new"},
        }
    ).encode()
    put_on_the_bus(system, body, "porteria.identity.CredentialIssued.v9")
    wait_until(lambda: refused_because(system, "v9"), timeout=30, message="not dead-lettered")
    before = len(dead_letters(system))
    assert system.run("mailer", "dead-letters", "resend").strip() == f"{before} sent again"
    wait_until(lambda: len(dead_letters(system)) == before, message="it did not come back to the dead letters")


def test_a_token_that_was_altered_is_refused(system: System, api: Client) -> None:
    header, payload, signature = api.token().split(".")
    for token in (f"{header}.{payload}.{'A' * len(signature)}", f"{header}.{payload}.", "a.b.c"):
        answer = requests.get(
            f"{system.url}/api/mailer/v1/letters", headers={"Authorization": f"Bearer {token}"}, timeout=10
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["detail"]
