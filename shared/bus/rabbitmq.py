"""Publishing to RabbitMQ with a window of unconfirmed messages, each confirm matched to its message by delivery tag.

pika rather than py-amqp, which does not match them: there, after one confirm came late, it counts for the next
message. The connection lives in a thread of its own, so that heartbeats go on while nobody publishes for minutes.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import pika
from pika.exceptions import AMQPError

from shared.bus.connection import CONNECT_TIMEOUT, HEARTBEAT, declare_topology
from shared.bus.messages import CONTENT_TYPE, BrokerUnavailable, Message
from shared.bus.topology import EXCHANGE

WINDOW = 500  # unconfirmed messages; more brings nothing, fewer cost throughput
CLOSE_TIMEOUT = 2.0  # seconds to say goodbye to the broker
LOOK = 0.5  # seconds between two looks whether the connection still lives
CONFIRM_TIMEOUT = 30.0  # seconds without any confirm after which the broker counts as gone


class _Batch:
    """The messages of one call to publish, on their way."""

    def __init__(self, messages: Sequence[Message], exchange: str, queue: str | None) -> None:
        self.waiting = deque(messages)
        self.exchange, self.queue = exchange, queue
        self.unconfirmed: dict[int, str] = {}  # delivery tag → id, in the order of publishing
        self.confirmed: set[str] = set()
        self.settled = 0  # grows with every answer of the broker, so that a slow broker is told from a silent one
        self.done = threading.Event()

    def settle(self, tag: int, multiple: bool, accepted: bool) -> None:
        """Take the broker's answer for one message, or for all up to it (tag 0: for all)."""
        tags = [known for known in self.unconfirmed if not tag or known <= tag] if multiple else [tag]
        for known in tags:
            identifier = self.unconfirmed.pop(known, None)
            if identifier is not None and accepted:
                self.confirmed.add(identifier)
        self.settled += 1


class RabbitmqPublisher:
    """An open connection for publishing, used by one thread; after an error it is closed for good."""

    def __init__(self, broker_url: str) -> None:
        """Connect and declare the topology. Raises BrokerUnavailable."""
        declare_topology(broker_url)
        self._channel: Any = None
        self._tag = 0
        self._batch: _Batch | None = None
        self._failure: str | None = None
        self._closing = False
        self._ready = threading.Event()
        self._connection = pika.SelectConnection(
            _parameters(broker_url),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._on_channel),
            on_open_error_callback=lambda _, error: self._fail(error),
            on_close_callback=lambda _, error: self._fail(error),
        )
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()
        self._wait_ready()

    def publish(self, messages: Sequence[Message]) -> set[str]:
        """Publish to `porteria.events`; returns the ids that the broker confirmed. Raises BrokerUnavailable."""
        return self._publish(_Batch(messages, EXCHANGE, None))

    def publish_to_queue(self, queue: str, messages: Sequence[Message]) -> set[str]:
        """The same straight into one queue."""
        return self._publish(_Batch(messages, "", queue))

    def close(self) -> None:
        """Close the connection and end its thread."""
        self._failure = self._failure or "closed"
        if not self._closing:
            self._closing = True
            self._in_thread(self._close)
            self._thread.join(CLOSE_TIMEOUT)
            if not self._thread.is_alive():
                self._connection.ioloop.close()

    def _publish(self, batch: _Batch) -> set[str]:
        if self._failure:
            self._give_up(self._failure)
        if batch.waiting:
            self._in_thread(lambda: self._begin(batch))
            self._wait(batch)
        return batch.confirmed

    def _wait_ready(self) -> None:
        if not self._ready.wait(3 * CONNECT_TIMEOUT):
            self._give_up("connecting took too long")
        if self._failure:
            self._give_up(self._failure)

    def _wait(self, batch: _Batch) -> None:
        settled, silent_since = 0, time.monotonic()
        while not batch.done.wait(LOOK):
            if self._failure or not self._thread.is_alive():
                break
            if batch.settled != settled:
                settled, silent_since = batch.settled, time.monotonic()
            elif time.monotonic() - silent_since > CONFIRM_TIMEOUT:
                self._give_up(f"no confirm within {CONFIRM_TIMEOUT:g} s")
        if self._failure or not batch.done.is_set():
            self._give_up(self._failure or "the connection has ended")

    def _give_up(self, reason: str) -> None:
        self.close()
        raise BrokerUnavailable(f"RabbitMQ: {reason}")

    def _in_thread(self, call: Callable[[], None]) -> None:
        try:
            self._connection.ioloop.add_callback_threadsafe(call)
        except (AMQPError, RuntimeError, OSError):  # the loop has ended already
            self._failure = self._failure or "the connection is closed"

    # From here on everything runs in the connection's thread.

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:  # noqa: BLE001 whatever ends this thread must reach who waits for it
            self._fail(error)
        finally:
            self._fail("the connection has ended")

    def _on_channel(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(lambda _, error: self._fail(error))
        channel.confirm_delivery(ack_nack_callback=self._on_answer, callback=lambda _: self._ready.set())

    def _begin(self, batch: _Batch) -> None:
        if self._failure:
            batch.done.set()
            return
        self._batch = batch
        self._fill_window(batch)

    def _fill_window(self, batch: _Batch) -> None:
        while batch.waiting and len(batch.unconfirmed) < WINDOW:
            message = batch.waiting.popleft()
            self._tag += 1
            batch.unconfirmed[self._tag] = message.id
            properties = pika.BasicProperties(
                content_type=CONTENT_TYPE,
                message_id=message.id,
                delivery_mode=pika.DeliveryMode.Persistent.value,
                headers=dict(message.headers) or None,
            )
            self._channel.basic_publish(
                batch.exchange, batch.queue or message.routing_key, message.body, properties, mandatory=False
            )
        if not batch.waiting and not batch.unconfirmed:
            self._batch = None
            batch.done.set()

    def _on_answer(self, frame: Any) -> None:
        batch, answer = self._batch, frame.method
        if batch is not None:
            batch.settle(answer.delivery_tag, answer.multiple, isinstance(answer, pika.spec.Basic.Ack))
            self._fill_window(batch)

    def _fail(self, error: BaseException | str) -> None:
        self._failure = self._failure or (error if isinstance(error, str) else f"{type(error).__name__}: {error}")
        self._ready.set()
        batch, self._batch = self._batch, None
        if batch is not None:
            batch.done.set()
        self._close()

    def _close(self) -> None:
        if self._connection.is_open:
            self._connection.close()
        elif self._connection.is_closed:
            self._connection.ioloop.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _parameters(broker_url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(broker_url)
    parameters.heartbeat = HEARTBEAT
    parameters.connection_attempts = 1  # trying again is the caller's, who knows when to stop
    parameters.socket_timeout = CONNECT_TIMEOUT
    parameters.stack_timeout = 2 * CONNECT_TIMEOUT
    return parameters
