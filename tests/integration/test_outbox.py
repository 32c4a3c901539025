"""The outbox: an event leaves if and only if its change committed, at once, and only what was confirmed is removed."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import func, select

from shared.bus import BrokerUnavailable, Message
from shared.db import Database, new_id, plumbing
from shared.events import decode
from shared.events.identity import PasswordChanged
from shared.outbox import Relay, outbox, publish
from shared.wake import Wakeups
from tests.support.waiting import wait_until


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url.replace("{service}", "identity"))
    plumbing.create_all(database.engine)
    yield database
    database.dispose()


class Recorder:
    """Stands where the broker's client stands: confirms the first `confirms` of each batch."""

    def __init__(self, confirms: int = 10**6) -> None:
        self.confirms, self.messages = confirms, list[Message]()

    def publish(self, messages: Sequence[Message]) -> set[str]:
        self.messages += messages
        return {message.id for message in messages[: self.confirms]}


def changed() -> PasswordChanged:
    return PasswordChanged(party_id=new_id(), credential_id=new_id())


def waiting(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(outbox)) or 0


def test_an_event_of_a_rolled_back_change_never_leaves(db: Database) -> None:
    def fail() -> None:
        with db.write() as session:
            publish(session, changed())
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        fail()
    assert waiting(db) == 0


def test_only_what_the_broker_confirmed_is_removed(db: Database) -> None:
    with db.write() as session:
        publish(session, *(changed() for _ in range(5)))
    relay = Relay(db, "", Wakeups(db, threading.Event()))
    with relay.connect() as connection, pytest.raises(BrokerUnavailable, match="2 events"):
        relay.relay_once(connection, Recorder(confirms=3))  # type: ignore[arg-type]
    assert waiting(db) == 2
    rest = Recorder()
    with relay.connect() as connection:
        assert relay.relay_once(connection, rest) is True  # type: ignore[arg-type]
        assert relay.relay_once(connection, rest) is False  # type: ignore[arg-type]
    assert (waiting(db), len(rest.messages)) == (0, 2)


def test_events_leave_in_the_order_of_their_making_with_their_type_as_routing_key(db: Database) -> None:
    events = [changed() for _ in range(10)]
    for event in events:
        with db.write() as session:
            publish(session, event)
    recorder = Recorder()
    relay = Relay(db, "", Wakeups(db, threading.Event()))
    with relay.connect() as connection:
        relay.relay_once(connection, recorder)  # type: ignore[arg-type]
    assert [decode(message.body).event for message in recorder.messages] == events
    assert {message.routing_key for message in recorder.messages} == {"porteria.identity.PasswordChanged.v1"}


def test_a_commit_wakes_a_waiting_thread_long_before_its_timeout(db: Database) -> None:
    stop, woken = threading.Event(), threading.Event()
    wakeups = Wakeups(db, stop)
    wakeups.start()

    def sleep_until_something_is_there() -> None:
        while not stop.is_set() and not waiting(db):
            wakeups.wait("outbox", 3600)
        woken.set()

    thread = threading.Thread(target=sleep_until_something_is_there)
    thread.start()
    with db.write() as session:
        publish(session, changed())
    try:
        wait_until(woken.is_set, message="the commit did not wake the thread")
    finally:
        stop.set()
        wakeups.signal_all()
        thread.join()


def test_only_one_relay_of_a_service_leads_on_postgresql(postgres_url: str) -> None:
    db = Database(postgres_url.replace("{service}", "identity"))
    plumbing.create_all(db.engine)
    one, two = (Relay(db, "", Wakeups(db, threading.Event())) for _ in range(2))
    with two.connect() as second:
        with one.connect() as first:
            assert one._leads(first)
            assert not two._leads(second)
            first.invalidate()  # the process died: the database lets go of its lock
        wait_until(lambda: two._leads(second), message="nobody took over")
    db.dispose()
