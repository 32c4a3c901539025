"""The embedded broker: nothing is lost, whoever is killed, and a message is noticed at once."""

import base64
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from shared.bus import BrokerUnavailable, embedded, open_publisher, queue_depth
from tests.support.bus import listening, messages
from tests.support.waiting import wait_until

PUBLISHER = """
import sys, time, uuid
from shared.bus import Message, open_publisher

url, confirmed = sys.argv[1:]
with open_publisher(url) as publisher, open(confirmed, "a") as ids:
    while True:
        batch = [Message(i, "porteria.identity.CredentialIssued.v1", i.encode())
                 for i in (uuid.uuid4().hex for _ in range(20))]
        ids.writelines(f"{i}\\n" for i in publisher.publish(batch))
        ids.flush()
        time.sleep(0.01)  # not faster than the consumer
"""

CONSUMER = """
import sys, threading, time
from shared.bus import Consumer

url, handled, pause, rest = sys.argv[1:]
with open(handled, "a") as bodies:
    def handle(deliveries):
        time.sleep(float(pause))  # the work, in which it is killed: what counts is written after it
        bodies.writelines(f"{delivery.body.decode()}\\n" for delivery in deliveries)
        bodies.flush()
        time.sleep(float(rest))
        return []

    Consumer(url, "mailer").run(handle, threading.Event())
"""


@pytest.fixture
def broker_url(tmp_path):
    return f"embedded://{tmp_path}/broker.db"


@pytest.fixture
def start():
    """Start a process that runs a program of this file; what still runs at the end is killed."""
    running = []

    def run(program, *arguments):
        process = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], cwd=Path(__file__).parents[3])
        running.append(process)
        return process

    yield run
    for process in running:
        kill(process)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait(10)


def lines(path):
    """The whole lines: a killed process may have left half of one."""
    return [line.strip() for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def publish(broker_url, bodies):
    with open_publisher(broker_url) as publisher:
        publisher.publish(messages(bodies))


def test_a_waiting_consumer_notices_a_message_by_the_version_of_the_file(broker_url, monkeypatch):
    monkeypatch.setattr(embedded, "LOOK_FOR_DEAD", 3600.0)  # the only other occasion on which it would look
    publish(broker_url, [1])
    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: heard.bodies == [b"1"])
        publish(broker_url, [2])
        wait_until(lambda: heard.bodies == [b"1", b"2"], timeout=5)


def test_an_idle_consumer_asks_for_nothing_but_the_version(broker_url, monkeypatch):
    calls = []

    def noted(name):
        original = getattr(embedded.Storage, name)

        def call(*arguments):
            calls.append(name)
            return original(*arguments)

        monkeypatch.setattr(embedded.Storage, name, call)

    monkeypatch.setattr(embedded, "LOOK_FOR_DEAD", 3600.0)
    noted("has_ready")
    noted("data_version")
    with listening(broker_url, "mailer"):
        wait_until(lambda: calls.count("data_version") > 3)
        calls.clear()
        wait_until(lambda: calls.count("data_version") > 10)
        assert "has_ready" not in calls


def test_what_a_killed_consumer_held_comes_to_another_that_is_running(broker_url, tmp_path, start):
    publish(broker_url, range(80))
    handled = tmp_path / "handled"
    holder = start(CONSUMER, broker_url, handled, 0, 3600)
    wait_until(lambda: handled.exists() and lines(handled), timeout=20)

    with listening(broker_url, "mailer") as heard:
        publish(broker_url, [80])
        wait_until(lambda: heard.bodies == [b"80"])  # the others belong to one that is slow, but lives
        kill(holder)
        wait_until(lambda: len(heard.bodies) == 81)

    assert sorted(map(int, heard.bodies)) == list(range(81))
    assert queue_depth(broker_url, "mailer") == 0


def test_two_consumers_share_a_queue_and_nothing_comes_twice(broker_url):
    publish(broker_url, range(500))
    with listening(broker_url, "mailer", prefetch=20) as one, listening(broker_url, "mailer", prefetch=20) as two:
        wait_until(lambda: len(one.bodies) + len(two.bodies) >= 500)
    assert sorted(map(int, one.bodies + two.bodies)) == list(range(500))


def test_the_files_of_killed_holders_do_not_pile_up(broker_url, tmp_path, start):
    publish(broker_url, range(3))
    handled = tmp_path / "handled"
    for _time in range(2):
        holder = start(CONSUMER, broker_url, handled, 0, 3600)
        wait_until(lambda: handled.exists() and len(lines(handled)) >= 3, timeout=20)
        kill(holder)
        handled.unlink()
    with listening(broker_url, "mailer") as heard:
        wait_until(lambda: len(heard.bodies) == 3)
    assert list((tmp_path / "broker.db-holders").iterdir()) == []


def test_nothing_is_left_in_the_file_of_a_message_that_was_handled(broker_url, tmp_path):
    sealed = b"the sealed password of somebody who must be able to rely on it"
    publish(broker_url, [sealed])
    stored = base64.b64encode(sealed)[:40]

    def is_in_a_file():
        return any(stored in file.read_bytes() for file in tmp_path.glob("broker.db*") if file.is_file())

    assert is_in_a_file()
    for service in ("mailer", "directory"):
        with listening(broker_url, service) as heard:
            wait_until(lambda: heard.bodies)
    assert not is_in_a_file()


def test_only_the_owner_may_read_the_file(broker_url, tmp_path):
    publish(broker_url, [1])
    assert (tmp_path / "broker.db").stat().st_mode & 0o077 == 0


def test_processes_that_start_together_all_get_the_file(broker_url):
    errors = []

    def open_and_publish(number):
        try:
            publish(broker_url, [number])
        except BrokerUnavailable as error:
            errors.append(error)

    threads = [threading.Thread(target=open_and_publish, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert queue_depth(broker_url, "mailer") == 8


@pytest.mark.faults
def test_nothing_confirmed_is_lost_however_often_publishers_and_consumers_are_killed(broker_url, tmp_path, start):
    confirmed, handled = tmp_path / "confirmed", tmp_path / "handled"
    rng = random.Random()
    publisher = start(PUBLISHER, broker_url, confirmed)
    consumer = start(CONSUMER, broker_url, handled, 0.02, 0)

    for _time in range(5):
        # Each is killed at a random moment of its work, not of its start.
        size = {path: path.stat().st_size if path.exists() else 0 for path in (confirmed, handled)}
        wait_until(lambda: all(p.exists() and p.stat().st_size > size[p] for p in size), timeout=20)  # noqa: B023
        time.sleep(rng.uniform(0, 0.2))
        kill(publisher)
        time.sleep(rng.uniform(0, 0.1))
        kill(consumer)
        publisher = start(PUBLISHER, broker_url, confirmed)
        consumer = start(CONSUMER, broker_url, handled, 0.02, 0)
    kill(publisher)

    expected = set(lines(confirmed))
    wait_until(lambda: expected <= set(lines(handled)), timeout=20, message=lambda: f"{len(expected)} were confirmed")
    wait_until(lambda: queue_depth(broker_url, "mailer") == 0)
