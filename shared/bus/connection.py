"""A kombu connection to either broker: for consuming and for looking after the queues."""

import sqlite3
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import kombu
from kombu.exceptions import ChannelError, KombuError

from shared.bus import topology
from shared.bus.messages import BrokerUnavailable

HEARTBEAT = 60  # seconds; a peer that says nothing for twice as long is gone
CONNECT_TIMEOUT = 5.0


def new_connection(broker_url: str) -> Any:
    """A kombu connection that is not open yet."""
    if broker_url.startswith("embedded:"):
        from shared.bus.embedded import Transport

        path = broker_url.removeprefix("embedded://")
        return kombu.Connection("embedded", transport=Transport, transport_options={"path": path})
    secure = broker_url.startswith("amqps:")
    tls = {"server_hostname": urlsplit(broker_url).hostname, "cert_reqs": ssl.CERT_REQUIRED} if secure else False
    return kombu.Connection(broker_url, heartbeat=HEARTBEAT, connect_timeout=CONNECT_TIMEOUT, ssl=tls)


def new_channel(connection: Any) -> Any:
    """Connect, unless it is connected already, and open a channel; raises what `errors_of` names."""
    # Tried once: kombu by itself would wait two seconds and try again, but how long to wait is the caller's to decide.
    connection.ensure_connection(max_retries=0)
    return connection.channel()


def errors_of(connection: Any) -> tuple[type[Exception], ...]:
    """What this connection raises when the broker or the way to it fails."""
    known = (*connection.connection_errors, *connection.channel_errors)
    return (*known, KombuError, OSError, sqlite3.Error)


@contextmanager
def open_channel(broker_url: str) -> Iterator[Any]:
    """A kombu channel for the time of the block. Every failure of the broker becomes BrokerUnavailable."""
    connection = new_connection(broker_url)
    failures = errors_of(connection)
    try:
        yield new_channel(connection)
    except UnicodeDecodeError as error:
        raise BrokerUnavailable(f"a message in the way can not be read, remove it at the broker: {error}") from error
    except failures as error:
        raise BrokerUnavailable(f"{type(error).__name__}: {error}") from error
    finally:
        with suppress(*failures):  # what was done is done, whatever goes wrong with the farewell
            connection.release()


def declare_topology(broker_url: str) -> None:
    """Make sure that exchange, queues, bindings and dead-letter queues exist. Raises BrokerUnavailable."""
    with open_channel(broker_url) as channel:
        topology.declare(channel)


def queue_depth(broker_url: str, service: str) -> int:
    """How many messages wait for a service and are not in the hands of a consumer. Raises BrokerUnavailable."""
    return count_waiting(broker_url, topology.queue_of(service))


def count_waiting(broker_url: str, queue: str) -> int:
    """How many messages are ready in a queue; none in one that does not exist. Raises BrokerUnavailable."""
    with open_channel(broker_url) as channel:
        try:
            return int(channel.queue_declare(queue=queue, passive=True).message_count)
        except ChannelError as error:
            if error.reply_code == 404:
                return 0
            raise
