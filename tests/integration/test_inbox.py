"""The inbox: each event has its effect exactly once; what fails waits, what is wrong goes to the dead letters."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.orm import Session

from shared import bus, clock
from shared.bus import Delivery
from shared.db import Database, new_id, plumbing
from shared.events import InvalidEvent, encode
from shared.events.identity import CredentialActivated, CredentialRevoked
from shared.inbox import DELAYS, Inbox, deferred, inbox

work = Table("work", MetaData(), Column("n", Integer, primary_key=True), Column("what", String(80)))


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url.replace("{service}", "identity"))
    plumbing.create_all(database.engine)
    work.metadata.create_all(database.engine)
    yield database
    database.dispose()


def activated() -> CredentialActivated:
    return CredentialActivated(credential_id=new_id(), party_id=new_id(), how="used")


def delivery(event: Any) -> Delivery:
    body = encode(event, id=new_id(), time=clock.now(), correlation_id="c1")
    return Delivery(body=body, routing_key="x", headers={}, content_type=None)


def note(session: Session, events: list[Any]) -> None:
    session.execute(insert(work), [{"what": str(event.credential_id)} for event in events])


def noted(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(work.c.what).order_by(work.c.n)))


def count(db: Database, table: Table) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_event_delivered_again_has_no_second_effect(db: Database) -> None:
    box = Inbox(db, {CredentialActivated: note})
    first, second = delivery(activated()), delivery(activated())
    assert box.handle([first, first, second]) == []
    assert box.handle([second, first]) == []
    assert len(noted(db)) == 2


def test_events_reach_their_handler_in_order_and_in_one_call(db: Database) -> None:
    events = [activated() for _ in range(30)]
    calls: list[int] = []

    def handler(session: Session, received: list[CredentialActivated]) -> None:
        calls.append(len(received))
        note(session, received)

    Inbox(db, {CredentialActivated: handler}).handle([delivery(event) for event in events])
    assert calls == [30]
    assert noted(db) == [str(event.credential_id) for event in events]


def test_what_is_wrong_is_dead_lettered_and_the_good_ones_beside_it_are_not_lost(db: Database) -> None:
    good = delivery(activated())
    unknown = Delivery(good.body.replace(b"Activated.v1", b"Activated.v9"), "x", {}, None)
    unheard = delivery(CredentialRevoked(credential_id=new_id(), party_id=new_id(), reason="expired"))
    dead = Inbox(db, {CredentialActivated: note}).handle([Delivery(b"{", "x", {}, None), unknown, unheard, good])
    assert [letter.reason.split(":")[0] for letter in dead] == [
        "no CloudEvent 1.0",
        "unknown event type or version",
        "this service does not handle porteria.identity.CredentialRevoked.v1",
    ]
    assert len(noted(db)) == 1


def test_a_handler_that_refuses_one_event_dead_letters_that_one_only(db: Database) -> None:
    events = [activated() for _ in range(5)]

    def refuse_third(session: Session, received: list[CredentialActivated]) -> None:
        if events[2] in received:
            raise InvalidEvent("the signature does not match")
        note(session, received)

    deliveries = [delivery(event) for event in events]
    dead = Inbox(db, {CredentialActivated: refuse_third}).handle(deliveries)
    assert [(letter.delivery, letter.reason) for letter in dead] == [(deliveries[2], "the signature does not match")]
    assert noted(db) == [str(event.credential_id) for number, event in enumerate(events) if number != 2]


def test_a_handler_that_fails_is_tried_again_later_and_then_succeeds(db: Database) -> None:
    healthy = [False]

    def moody(session: Session, received: list[CredentialActivated]) -> None:
        note(session, received)
        if not healthy[0]:
            raise RuntimeError("not now")

    box = Inbox(db, {CredentialActivated: moody})
    assert box.handle([delivery(activated())]) == []
    assert (count(db, deferred), noted(db)) == (1, [])
    box.retry_deferred("", "identity")  # not due yet
    assert count(db, deferred) == 1
    healthy[0] = True
    with time_machine.travel(clock.now() + timedelta(seconds=DELAYS[0] + 1)):
        box.retry_deferred("", "identity")
    assert (count(db, deferred), len(noted(db)), count(db, inbox)) == (0, 1, 1)


def test_the_last_failure_sends_it_to_the_dead_letters(db: Database, tmp_path: Any) -> None:
    broker = f"embedded://{tmp_path}/broker.db"
    bus.declare_topology(broker)

    def broken(session: Session, received: list[CredentialActivated]) -> None:
        raise RuntimeError("never")

    box = Inbox(db, {CredentialActivated: broken})
    box.handle([delivery(activated())])
    moment = clock.now()
    for delay in DELAYS:
        moment += timedelta(seconds=delay + 1)
        with time_machine.travel(moment, tick=False):
            box.retry_deferred(broker, "identity")
    assert count(db, deferred) == 0
    (dead,) = bus.list_dead(broker, "identity")
    assert dead.headers["porteria-reason"] == f"failed {len(DELAYS) + 1} times: RuntimeError"
    assert json.loads(dead.body)["type"] == "porteria.identity.CredentialActivated.v1"


def test_old_rows_are_forgotten_and_young_ones_are_not(db: Database) -> None:
    box = Inbox(db, {CredentialActivated: note})
    with time_machine.travel(clock.now() - timedelta(days=9)):
        box.handle([delivery(activated())])
    with time_machine.travel(clock.now() - timedelta(days=7)):
        box.handle([delivery(activated())])
    box.forget_old()
    assert count(db, inbox) == 1
