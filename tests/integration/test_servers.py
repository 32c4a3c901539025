"""The servers that other tests stand on: they answer, and what was committed outlives their death."""

from collections.abc import Iterator

import pika
import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.support import postgres, servers
from tests.support.rabbitmq import LocalRabbitmq
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def own_rabbitmq() -> Iterator[servers.RabbitmqServer]:
    """One that only these tests kill."""
    try:
        with servers.running_rabbitmq() as server:
            yield server
    except servers.Unavailable as error:
        servers.lacking(error)


def _kill(server: servers.Server) -> None:
    if not isinstance(server, servers.Killable):
        pytest.skip("a server that is given to us is not killed")
    server.kill()


def test_every_service_gets_an_empty_database_of_its_own(database_url):
    for service in postgres.SERVICES:
        engine = create_engine(database_url.format(service=service))
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE things (name text)"))
            connection.execute(text("INSERT INTO things VALUES (:name)"), {"name": service})
        with engine.begin() as connection:
            assert connection.execute(text("SELECT name FROM things")).scalars().all() == [service]
        engine.dispose()


def test_a_killed_postgresql_keeps_what_was_committed(postgres_server, postgres_url):
    url = postgres.plain(postgres_url.format(service="mailer"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE letters (number int)")
        connection.execute("INSERT INTO letters SELECT generate_series(1, 1000)")
        _kill(postgres_server)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")

    postgres_server.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM letters").fetchone() == (1000,)


def test_a_killed_rabbitmq_keeps_what_was_confirmed(own_rabbitmq):
    url = own_rabbitmq.new_vhost()
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.queue_declare("letters", durable=True, arguments={"x-queue-type": "quorum"})
        channel.confirm_delivery()
        for number in range(20):
            channel.basic_publish(
                "", "letters", b"%d" % number, pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)
            )
        if isinstance(own_rabbitmq, LocalRabbitmq):
            wait_until(lambda: own_rabbitmq.is_on_disk("letters"))
    _kill(own_rabbitmq)
    with pytest.raises((pika.exceptions.AMQPError, OSError)):
        pika.BlockingConnection(pika.URLParameters(url))

    own_rabbitmq.start()

    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        bodies = []
        for _method, _properties, body in channel.consume("letters", auto_ack=True, inactivity_timeout=10):
            bodies.append(body)
            if body is None or len(bodies) == 20:
                break
    assert bodies == [b"%d" % number for number in range(20)]


def test_a_virtual_host_is_empty_for_every_test(rabbitmq_server):
    for _test in range(2):
        url = rabbitmq_server.new_vhost()
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
                connection.channel().queue_declare("porteria.mailer", passive=True)
            connection.channel().queue_declare("porteria.mailer", durable=True)
        rabbitmq_server.release_vhost(url)
