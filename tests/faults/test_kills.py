"""`kill -9` of identity's worker, the mailer's worker, the broker and the database while a batch goes to everybody.

Every party must end with exactly one letter that was sent or is reported as uncertain, no letter may arrive twice, the
password in it must sign in, and nothing may wait for ever. PORTERIA_FAULT_PARTIES (500 by default) and
PORTERIA_FAULT_KILLS (of each kind, 2 by default) make it as hard as wanted.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import letters, postgres, servers
from tests.support.people import as_csv, person
from tests.support.servers import Killable
from tests.support.smtp import SmtpSink
from tests.support.system import Client, System
from tests.support.waiting import wait_until

pytestmark = pytest.mark.faults

PARTIES = int(os.environ.get("PORTERIA_FAULT_PARTIES", "500"))
KILLS = int(os.environ.get("PORTERIA_FAULT_KILLS", "2"))
ENDED = {"sent", "uncertain"}


@pytest.fixture
def parts(tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[tuple[System, dict[str, Killable]]]:
    """A system on a database and a broker of its own, which may be killed."""
    try:
        with servers.running_postgres(durable=True) as database, servers.running_rabbitmq() as broker:
            if not isinstance(database, Killable) or not isinstance(broker, Killable):
                pytest.skip("the servers given by the environment are not ours to kill")
            system = System(
                tmp_path,
                database_url=postgres.create_databases(database.url, "faults"),
                broker_url=broker.new_vhost(),
                smtp_url=smtp_sink.url,
            )
            system.prepare()
            system.start()
            yield system, {"database": database, "broker": broker}
            system.stop()
    except servers.Unavailable as error:
        servers.lacking(error)


def assassin(system: System, servers_to_kill: dict[str, Killable]) -> dict[str, Callable[[], None]]:
    """What can be killed, and how it comes back, as a supervisor would bring it."""

    def process(name: str) -> Callable[[], None]:
        def strike() -> None:
            system.kill(name)
            system.start(name)

        return strike

    def server(name: str) -> Callable[[], None]:
        def strike() -> None:
            servers_to_kill[name].kill()
            servers_to_kill[name].start()  # type: ignore[attr-defined]

        return strike

    return {
        "identity.worker": process("identity.worker"),
        "mailer.worker": process("mailer.worker"),
        "database": server("database"),
        "broker": server("broker"),
    }


def states(api: Client) -> Counter[str]:
    """State to number of letters; empty while the API cannot answer."""
    answer = api.call("GET", "mailer/v1/queue")
    return Counter(answer.json()["counts"]) if answer.ok else Counter()


def test_every_party_ends_with_exactly_one_letter_whatever_dies(
    parts: tuple[System, dict[str, Killable]], smtp_sink: SmtpSink
) -> None:
    system, killable = parts
    api = system.client()
    people = [person(number, classes=random.choice(["tenant", "owner", "tenant+owner"])) for number in range(PARTIES)]
    assert api.import_csv(as_csv(people))["created"] == PARTIES
    smtp_sink.delay = 0.01  # a server that is not next door: more letters are in flight at any moment

    batch = api.issue_batch(wait=False)
    strikes = [strike for strike in assassin(system, killable).values() for _ in range(KILLS)]
    random.shuffle(strikes)
    for strike in strikes:
        time.sleep(random.uniform(0.2, 1.5))
        strike()

    def all_ended() -> bool:
        try:
            state = api.get(f"identity/v1/credential-batches/{batch['id']}")
            found = states(api)
        except (AssertionError, OSError):  # a web process that just lost its database answers 503
            return False
        waiting = sum(number for name, number in found.items() if name in ("pending", "sending"))
        return state["state"] == "finished" and waiting == 0 and sum(found.values()) >= PARTIES

    wait_until(all_ended, timeout=180, interval=0.5, message=lambda: f"still waiting: {states(api)}, {system.dead()}")
    found = api.all("mailer/v1/letters", batch_id=batch["id"])
    per_party = Counter(letter["party_id"] for letter in found if letter["state"] in ENDED)
    assert len(per_party) == PARTIES
    assert set(per_party.values()) == {1}
    assert {letter["state"] for letter in found} <= ENDED, Counter(letter["state"] for letter in found)

    delivered = letters.passwords(smtp_sink.messages)  # fails if somebody got two
    uncertain = sum(1 for letter in found if letter["state"] == "uncertain")
    assert PARTIES - uncertain <= len(delivered) <= PARTIES
    for login, password in random.sample(sorted(delivered.items()), k=min(25, len(delivered))):
        wait_until(lambda: api.can_sign_in(login, password), message=f"{login} cannot sign in")  # noqa: B023
    assert not system.dead()
