"""The embedded broker: a kombu transport over one SQLite file, for everything on one machine with nothing installed.

It stands on kombu's `virtual.Channel` rather than on its SQLAlchemy transport: that one marks a message as delivered
in the same breath as it hands it out, so what a killed process held is lost, and taking this away needs nearly every
method of it replaced. Here a delivered row stays, marked with its holder, until it is acknowledged.

The holder's claim is a file that it keeps locked (see leases.py): the kernel lets go of the lock when the process
dies, however it dies, so its messages come back at once, and never while it is merely slow. Settling a message names
the holder too, so one whose messages were taken back can no longer remove them.

The topology is data of the program (topology.py), every process declares all of it in its own memory.
"""

import json
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from queue import Empty
from types import TracebackType
from typing import Any, Self

from kombu.transport import virtual

from shared.bus import topology
from shared.bus.connection import errors_of, new_channel, new_connection
from shared.bus.leases import Lease
from shared.bus.messages import CONTENT_TYPE, BrokerUnavailable, Message
from shared.bus.storage import Storage

POLL = 0.02  # seconds between two looks at SQLite's data_version, which cost no query
CLAIM = 100  # rows taken at once
LOOK_FOR_DEAD = 1.0  # seconds between two looks for rows whose holder died


class Channel(virtual.Channel):
    """One user of the file: its own SQLite connection, and its own lease once it takes a message."""

    do_restore = False  # kombu would publish what is unacknowledged anew; the rows themselves come back instead

    def __init__(self, connection: Any, **options: Any) -> None:
        super().__init__(connection, **options)
        path = connection.client.transport_options["path"]
        self._storage = Storage(path)
        self._lease = Lease(path)
        self._tag = 0
        self._rows: dict[int, int] = {}  # delivery tag → row, in order of delivery, until settled
        self._claimed: deque[tuple[str, int, str, int]] = deque()  # taken from the file, not yet handed out
        self._looked_for_dead = float("-inf")
        self._version: int | None = None  # data_version at which the file had nothing for us
        topology.declare(self)

    # What virtual.Channel wants to know of its storage.

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:
        self._storage.add(queue, json.dumps(message))
        self._version = None  # our own commits do not change data_version for us

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002  kombu's
        rows = self._claim(queue, 1)
        if not rows:
            raise Empty
        return self._open(*rows[0])

    def _size(self, queue: str) -> int:
        return self._storage.count(queue)

    def _purge(self, queue: str) -> int:
        return self._storage.purge(queue)

    def _next_delivery_tag(self) -> str:
        return ""  # a tag belongs to a delivery, not to the stored message

    # Taking.

    def deliver(self) -> bool:
        """Hand the next message to its consumer; False if there is none, or the prefetch is used up."""
        if not self._consumers or not self.qos.can_consume():
            return False
        if not self._claimed:
            self._refill()
        if not self._claimed:
            return False
        queue, row, payload, deliveries = self._claimed.popleft()
        self.connection._deliver(self._open(row, payload, deliveries), queue)
        return True

    def _refill(self) -> None:
        now = time.monotonic()
        look_for_dead = now - self._looked_for_dead >= LOOK_FOR_DEAD
        version = self._storage.data_version()  # read before looking: what commits meanwhile is seen next time
        if version == self._version and not look_for_dead:
            return
        free = self.qos.can_consume_max_estimate()
        for queue in self._active_queues:
            if look_for_dead:
                self._take_back(queue)
            rows = self._claim(queue, CLAIM if free is None else min(CLAIM, free))
            self._claimed.extend((queue, *row) for row in rows)
        if look_for_dead:
            self._looked_for_dead = now
        self._version = version if not self._claimed else None

    def _claim(self, queue: str, limit: int) -> list[tuple[int, str, int]]:
        if not self._storage.has_ready(queue):  # only a look: no write lock while there is nothing
            return []
        return self._storage.claim(queue, self._lease.hold(), limit)

    def _take_back(self, queue: str) -> None:
        for holder in self._storage.holders(queue):
            if not self._lease.is_alive(holder):
                self._storage.release(holder)
                self._lease.bury(holder)

    def _open(self, row: int, payload: str, deliveries: int) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(payload)
        self._tag += 1
        self._rows[self._tag] = row
        message["properties"]["delivery_tag"] = self._tag
        if deliveries > 1:
            message["redelivered"] = True
        return message

    # Settling.

    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None:
        """Remove the message, with `multiple` also all that were delivered before it."""
        rows = self._settle(delivery_tag, multiple)
        self._storage.remove(rows, self._lease.holder)

    def basic_reject(self, delivery_tag: int, requeue: bool = False) -> None:
        """Make the message ready again, or remove it."""
        rows = self._settle(delivery_tag, multiple=False)
        if requeue:
            self._storage.release_rows(rows, self._lease.holder)
            self._version = None
        else:
            self._storage.remove(rows, self._lease.holder)

    def _settle(self, delivery_tag: int, multiple: bool) -> list[int]:
        tags = [tag for tag in self._rows if tag <= delivery_tag] if multiple else [delivery_tag]
        for tag in tags:
            self.qos.ack(tag)
        return [self._rows.pop(tag) for tag in tags if tag in self._rows]

    def transaction(self) -> Any:
        """Everything published inside the block is one commit."""
        return self._storage.transaction()

    def close(self) -> None:
        """Put back what is not acknowledged, and let go of the file."""
        if self.closed:
            return
        try:
            super().close()
            if self._lease.holder is not None:
                self._storage.release(self._lease.holder)
        except sqlite3.Error:
            pass  # whoever comes next takes the rows back: the lease ends below
        finally:
            self._lease.close()
            self._storage.close()


class Transport(virtual.Transport):
    """kombu's entry: `Connection(transport=Transport, transport_options={"path": …})`."""

    Channel = Channel
    driver_type = "sql"
    driver_name = "sqlite3"
    connection_errors: tuple[Any, ...] = (sqlite3.Error, OSError)

    def driver_version(self) -> str:
        """The version of SQLite."""
        return sqlite3.sqlite_version

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:  # type: ignore[override]  # noqa: ARG002
        """Deliver one message; waits for one at most `timeout` seconds, without it for ever. Raises TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not any(channel.deliver() for channel in self.channels):
            remaining = POLL if deadline is None else deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            time.sleep(min(POLL, remaining))


class EmbeddedPublisher:
    """Publishes to the file; a batch is one commit, and confirmed when that has reached the disk."""

    def __init__(self, broker_url: str) -> None:
        """Open the file. Raises BrokerUnavailable."""
        self._connection = new_connection(broker_url)
        try:
            self._channel = new_channel(self._connection)
        except errors_of(self._connection) as error:
            raise BrokerUnavailable(f"embedded broker: {error}") from error

    def publish(self, messages: Sequence[Message]) -> set[str]:
        """Publish to `porteria.events`. Raises BrokerUnavailable, then none of them was."""
        return self._publish(messages, topology.EXCHANGE, None)

    def publish_to_queue(self, queue: str, messages: Sequence[Message]) -> set[str]:
        """Publish into one queue. Raises BrokerUnavailable, then none of them was."""
        return self._publish(messages, "", queue)

    def _publish(self, messages: Sequence[Message], exchange: str, queue: str | None) -> set[str]:
        try:
            with self._channel.transaction():
                for message in messages:
                    prepared = self._channel.prepare_message(
                        message.body,
                        content_type=CONTENT_TYPE,
                        headers=message.headers,
                        properties={"message_id": message.id, "delivery_mode": 2},
                    )
                    self._channel.basic_publish(prepared, exchange, queue or message.routing_key)
        except (sqlite3.Error, OSError) as error:
            raise BrokerUnavailable(f"embedded broker: {error}") from error
        return {message.id for message in messages}

    def close(self) -> None:
        """Let go of the file."""
        self._connection.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
