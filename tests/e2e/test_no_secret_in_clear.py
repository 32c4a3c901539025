"""After the main job no password stands in clear in any database, queue, dead letter or log.

The test knows the passwords: it reads them from the delivered letters, and it types one itself.
"""

import json
from pathlib import Path

import pika
import psycopg
import pytest

from tests.support import letters
from tests.support.people import person
from tests.support.postgres import plain
from tests.support.smtp import SmtpSink
from tests.support.system import SERVICES, System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.e2e

TYPED = "caracol-violeta-nada-93"


def everything_in_the_databases(system: System) -> bytes:
    """Every row of every table of every service."""
    found = b""
    for service in SERVICES:
        address = plain((system.database_url or "").replace("{service}", service))
        with psycopg.connect(address) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            assert tables
            for (table,) in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"').fetchall():
                    # bytea as it is and not as hexadecimal digits, or a password in it would not be seen
                    found += b"|".join(bytes(v) if isinstance(v, bytes) else str(v).encode() for v in row) + b"\n"
    return found


def everything_in_the_queues(system: System, queue: str) -> bytes:
    """Every message that an own queue of the test heard."""
    connection = pika.BlockingConnection(pika.URLParameters(system.broker_url or ""))
    channel, found = connection.channel(), b""
    while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
        found += got[2] + b"\n"
    connection.close()
    return found


def test_no_password_that_was_issued_stands_anywhere_in_clear(system: System, sink: SmtpSink) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(system.broker_url or ""))
    connection.channel().queue_declare("secrets-test", durable=True)
    connection.channel().queue_bind("secrets-test", "porteria.events", "#")
    connection.close()
    api = system.client()
    ids = [api.post("directory/v1/parties", person(number))["id"] for number in range(7000, 7012)]
    sink.disconnect("persona7000@example.com", stage="ACCEPTED", times=1)  # ends as uncertain
    sink.answer("persona7001@example.com", "550 5.1.1 no such user")  # fails
    api.issue_batch(scope="only", party_ids=ids[:-1])
    manual = {"party_id": ids[-1], "mode": "manual", "password": TYPED, "delivery": "password"}
    api.post("identity/v1/credentials", manual)
    wait_until(lambda: len(sink.messages) >= 11, message="letters are missing")
    wait_until(
        lambda: not [one for one in api.all("mailer/v1/letters") if one["state"] in ("pending", "sending")],
        timeout=30,
        message="letters are still under way",
    )
    known = letters.passwords(sink.messages)
    assert known["10007011"] == TYPED
    assert all(api.can_sign_in(login, password) for login, password in known.items())

    databases = everything_in_the_databases(system)
    heard = everything_in_the_queues(system, "secrets-test")
    assert b"persona7003@example.com" in databases, "the search does not see what is there"
    assert any(json.loads(line)["type"].endswith("CredentialIssued.v1") for line in heard.splitlines())
    logs = b"".join(path.read_bytes() for path in Path(system.folder).glob("*.log"))
    assert b"batch_frozen" in logs, "the search does not see the logs"
    for password in known.values():
        for form in (password, password.replace("-", "")):
            for name, place in (("databases", databases), ("queues", heard), ("logs", logs)):
                assert form.encode() not in place, f"a password stands in the {name}"
