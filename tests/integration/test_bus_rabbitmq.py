"""What the bus promises on RabbitMQ beyond what both brokers do: confirms, outsiders, and a server that dies."""

import json
import threading
from collections.abc import Iterator

import amqp
import pika
import pytest

from shared.bus import (
    EXCHANGE,
    BrokerUnavailable,
    Delivery,
    Message,
    declare_topology,
    list_dead,
    open_publisher,
    queue_depth,
    resend_dead,
)
from shared.bus.rabbitmq import RabbitmqPublisher
from shared.bus.topology import DELIVERY_LIMIT
from tests.support import servers
from tests.support.bus import HEARD, listening, messages
from tests.support.rabbitmq import LocalRabbitmq
from tests.support.waiting import wait_until


@pytest.fixture
def outsider(rabbitmq_url):
    """A channel of a client that has nothing to do with us."""
    declare_topology(rabbitmq_url)
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        yield connection.channel()


@pytest.fixture(scope="module")
def own_rabbitmq() -> Iterator[LocalRabbitmq]:
    """One that only these tests kill."""
    try:
        with servers.running_rabbitmq() as server:
            if not isinstance(server, LocalRabbitmq):
                pytest.skip("only a server of this machine can be killed and looked at")
            yield server
    except servers.Unavailable as error:
        servers.lacking(error)


def test_an_independent_client_reads_what_was_published(rabbitmq_url, outsider):
    queue = outsider.queue_declare("", exclusive=True).method.queue
    outsider.queue_bind(queue, EXCHANGE, "porteria.identity.#")
    event = json.dumps({"specversion": "1.0", "id": "7"}).encode()
    with open_publisher(rabbitmq_url) as publisher:
        publisher.publish([Message("7", HEARD, event, {"traceparent": "00-1-2-01"})])

    method, properties, body = wait_until(lambda: (got := outsider.basic_get(queue, auto_ack=True))[0] and got)
    assert (body, method.routing_key, method.exchange) == (event, HEARD, EXCHANGE)
    assert (properties.content_type, properties.message_id) == ("application/cloudevents+json", "7")
    assert properties.delivery_mode == 2
    assert properties.headers == {"traceparent": "00-1-2-01"}


def test_what_a_queue_refused_is_not_reported_as_confirmed(rabbitmq_url, outsider):
    arguments = {"x-max-length": 3, "x-overflow": "reject-publish"}
    outsider.queue_declare("narrow", durable=True, arguments=arguments)
    outsider.queue_bind("narrow", EXCHANGE, "#")
    with open_publisher(rabbitmq_url) as publisher:
        confirmed = publisher.publish(messages(range(1500)))
        outsider.queue_delete("narrow")
        later = publisher.publish(messages(range(1500, 1600)))  # the same connection goes on, and in step
    assert confirmed == {"0", "1", "2"}
    assert later == {str(number) for number in range(1500, 1600)}


def test_a_channel_closed_by_the_broker_confirms_nothing(rabbitmq_url, outsider):
    with open_publisher(rabbitmq_url) as publisher:
        outsider.exchange_delete(EXCHANGE)
        with pytest.raises(BrokerUnavailable, match="NOT_FOUND"):
            publisher.publish(messages(range(1000)))
        with pytest.raises(BrokerUnavailable):  # and stays unusable
            publisher.publish(messages([1]))
    with open_publisher(rabbitmq_url) as publisher:  # the next one declares what is missing
        assert publisher.publish(messages([1])) == {"1"}
    wait_until(lambda: queue_depth(rabbitmq_url, "mailer") == 1)


def test_a_connection_that_is_idle_for_long_keeps_its_heartbeat(rabbitmq_url, monkeypatch):
    monkeypatch.setattr("shared.bus.rabbitmq.HEARTBEAT", 1)
    with open_publisher(rabbitmq_url) as publisher:
        assert isinstance(publisher, RabbitmqPublisher)
        counter = publisher._connection._heartbeat_checker
        wait_until(lambda: counter.connection_is_idle or counter._heartbeat_frames_sent > 4, timeout=20)
        assert publisher.publish(messages([1])) == {"1"}


def test_a_message_that_always_comes_back_ends_among_the_dead_letters(rabbitmq_url, outsider):
    outsider.basic_publish(EXCHANGE, HEARD, b"poison")
    for _delivery in range(DELIVERY_LIMIT + 1):
        method, *_ = wait_until(lambda: (got := outsider.basic_get("porteria.mailer"))[0] and got)
        outsider.basic_nack(method.delivery_tag, requeue=True)
    wait_until(lambda: list_dead(rabbitmq_url, "mailer"))
    assert [letter.body for letter in list_dead(rabbitmq_url, "mailer")] == [b"poison"]


def test_a_message_that_cannot_be_read_does_not_block_the_queue(rabbitmq_url, outsider):
    where = pika.URLParameters(rabbitmq_url)
    user, password = where.credentials.username, where.credentials.password
    with amqp.Connection(f"{where.host}:{where.port}", user, password, virtual_host=where.virtual_host) as connection:
        key = b"porteria.identity.CredentialIssued.\xff\xfe"  # pika would not send it
        connection.channel().basic_publish(amqp.Message(b"forged"), EXCHANGE, key)
    wait_until(lambda: queue_depth(rabbitmq_url, "mailer") == 1)
    outsider.basic_publish(EXCHANGE, HEARD, b"real")

    with listening(rabbitmq_url, "mailer") as heard:
        wait_until(lambda: heard.bodies == [b"real"])
    wait_until(lambda: [letter.body for letter in list_dead(rabbitmq_url, "mailer")] == [b"forged"])


def test_a_dead_letter_that_cannot_be_read_hides_no_other_and_stays(rabbitmq_url):
    where = pika.URLParameters(rabbitmq_url)
    user, password = where.credentials.username, where.credentials.password
    declare_topology(rabbitmq_url)
    with amqp.Connection(f"{where.host}:{where.port}", user, password, virtual_host=where.virtual_host) as connection:
        channel = connection.channel()
        for body, kind in ((b"1", "a"), (b"odd", b"\xff\xfe"), (b"2", "a"), (b"", b"\xff"), (b"3", "a")):
            channel.basic_publish(amqp.Message(body, content_type=kind), "", "porteria.mailer.dead")

    for _time in range(2):
        # The broker takes back what was looked at a moment after the connections have ended.
        wait_until(lambda: queue_depth(rabbitmq_url, "mailer.dead") == 5)
        dead = list_dead(rabbitmq_url, "mailer")
        assert sorted(letter.body for letter in dead) == [b"", b"", b"1", b"2", b"3"]
        (reason,) = {letter.headers["porteria-reason"] for letter in dead if not letter.body}
        assert "can not be read" in reason
    wait_until(lambda: queue_depth(rabbitmq_url, "mailer.dead") == 5)
    assert resend_dead(rabbitmq_url, "mailer") == 3
    wait_until(lambda: queue_depth(rabbitmq_url, "mailer.dead") == 2)
    assert queue_depth(rabbitmq_url, "mailer") == 3
    assert resend_dead(rabbitmq_url, "mailer") == 0


def test_a_failing_handler_uses_up_no_delivery(rabbitmq_url, outsider):
    deliveries = []

    def fail(batch):
        deliveries.extend(batch)
        raise RuntimeError("the database is away")

    outsider.basic_publish(EXCHANGE, HEARD, b"1")
    with listening(rabbitmq_url, "mailer", fail):
        wait_until(lambda: len(deliveries) >= 3)
    seen: list[Delivery] = []

    def accept(batch):
        seen.extend(batch)
        return []

    with listening(rabbitmq_url, "mailer", accept):
        wait_until(lambda: seen)
    assert seen[0].headers["x-delivery-count"] == 1


@pytest.mark.faults
def test_publishing_and_consuming_go_on_after_the_broker_was_killed(own_rabbitmq):
    url = own_rabbitmq.new_vhost()
    declare_topology(url)
    wait_until(lambda: own_rabbitmq.is_on_disk("porteria.mailer") and own_rabbitmq.is_on_disk("porteria.directory"))
    stop = threading.Event()
    confirmed: set[str] = set()

    def publish():
        number = 0
        waiting: list[Message] = []
        while not stop.is_set():
            try:
                with open_publisher(url) as publisher:
                    while not stop.is_set():
                        waiting = waiting or messages(range(number, number + 50))
                        done = publisher.publish(waiting)
                        confirmed.update(done)
                        waiting = [message for message in waiting if message.id not in done]
                        number += 50
                        stop.wait(0.01)
            except BrokerUnavailable:
                stop.wait(0.2)

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        with listening(url, "mailer") as heard:
            for _time in range(2):
                wanted = len(confirmed) + 200, len(heard.bodies) + 200
                reached = lambda: len(confirmed) > wanted[0] and len(heard.bodies) > wanted[1]  # noqa: B023, E731
                wait_until(reached, timeout=30)
                own_rabbitmq.kill()
                own_rabbitmq.start()
            wanted = len(confirmed) + 200, len(heard.bodies) + 200
            wait_until(reached, timeout=30)
            stop.set()
            thread.join(10)
            wait_until(lambda: confirmed <= {body.decode() for body in heard.bodies}, timeout=20)
    finally:
        stop.set()
    assert list_dead(url, "mailer") == []
