"""Consuming a service's queue in batches: taken, handled, acknowledged, in this order."""

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, Self

import kombu
import structlog

from shared.bus import topology
from shared.bus.connection import new_channel, new_connection
from shared.bus.deadletters import delivery_from, publish_dead
from shared.bus.messages import DeadLetter, Delivery
from shared.bus.publisher import Publisher, open_publisher

Handle = Callable[[list[Delivery]], list[DeadLetter]]
"""Takes a batch for good and returns what must not be tried again; raises when all of it has to come again."""

IDLE = 0.5  # seconds after which a waiting consumer looks whether it shall stop
FIRST_DELAY, LONGEST_DELAY = 0.2, 30.0  # seconds until a batch is tried again
LONGEST_RECONNECT_DELAY = 5.0

log = structlog.get_logger(__name__)


class Consumer:
    """Hands the messages of one service to a function, at least once each and nearly in order."""

    def __init__(self, broker_url: str, service: str, *, prefetch: int = 500, batch: int = 50) -> None:
        """`prefetch` messages are asked for ahead, at most `batch` are handled at once."""
        self._broker_url, self._service = broker_url, service
        self._prefetch, self._batch = prefetch, batch

    def run(self, handle: Handle, stop: threading.Event) -> None:
        """Consume until `stop` is set. A lost broker is connected to again with growing delay."""
        delay = FIRST_DELAY
        while not stop.is_set():
            session = _Session(self._broker_url, self._service, self._prefetch, self._batch)
            try:
                with session:
                    session.consume(handle, stop)
            except Exception as error:  # noqa: BLE001 broken in whatever way, a new connection is the remedy
                delay = FIRST_DELAY if session.was_useful else min(delay * 2, LONGEST_RECONNECT_DELAY)
                log.warning("consumer_interrupted", error=f"{type(error).__name__}: {error}"[:300], again_in=delay)
                stop.wait(delay)


class _Session:
    """One connection's worth of consuming."""

    def __init__(self, broker_url: str, service: str, prefetch: int, batch: int) -> None:
        self._broker_url, self._service = broker_url, service
        self._prefetch, self._batch = prefetch, batch
        self._connection = new_connection(broker_url)
        self._pending: deque[tuple[int, Delivery]] = deque()  # with its delivery tag, in order of delivery
        self._last_tag = 0
        self._dead_letters: Publisher | None = None
        self.was_useful = False

    def consume(self, handle: Handle, stop: threading.Event) -> None:
        """Consume until `stop` is set; raises whatever the connection raises."""
        channel = new_channel(self._connection)
        topology.declare(channel)
        queue = kombu.Queue(topology.queue_of(self._service), no_declare=True)
        consumer = kombu.Consumer(channel, [queue], on_message=self._on_message, auto_declare=False)
        consumer.qos(prefetch_count=self._prefetch)
        consumer.consume()
        while not stop.is_set():
            try:
                self._collect()
            except ValueError as error:  # UnicodeDecodeError and its like, while taking a delivery apart
                self._refuse_unreadable(channel, error)
                raise
            if self._pending:
                self._handle(channel, handle, stop)

    def _refuse_unreadable(self, channel: Any, error: ValueError) -> None:
        """Have the broker dead-letter the delivery on which py-amqp choked, say a routing key that is not UTF-8.

        Otherwise it would come first again after each reconnection and block the queue until its delivery limit.
        Tags are consecutive, so we know which one it is though we can not read it.
        """
        log.warning("unreadable_message", error=f"{type(error).__name__}: {error}"[:300])
        channel.basic_reject(self._last_tag + 1, requeue=False)
        self.was_useful = True

    def _on_message(self, message: Any) -> None:
        self._last_tag = message.delivery_tag
        self._pending.append((message.delivery_tag, delivery_from(message)))

    def _collect(self) -> None:
        """Wait for a first message, then take what is there already, up to a batch."""
        wait = 0.0 if self._pending else IDLE
        while len(self._pending) < self._batch and self._drain(wait):
            wait = 0.0

    def _drain(self, timeout: float) -> bool:
        """Receive one message; False if none came in time."""
        try:
            self._connection.drain_events(timeout=timeout)
        except TimeoutError:
            if self._connection.supports_heartbeats:
                self._connection.heartbeat_check()
            return False
        return True

    def _handle(self, channel: Any, handle: Handle, stop: threading.Event) -> None:
        """Handle a batch, again and again until it succeeds.

        It is kept here meanwhile, not given back: each return counts towards the queue's delivery limit, so that a
        database that is away for an hour would end in a queue full of dead letters. A stop gives it back.
        """
        batch = list(islice(self._pending, self._batch))
        deliveries = [delivery for _, delivery in batch]
        delay = FIRST_DELAY
        while not stop.is_set():
            try:
                dead = handle(deliveries)
            except Exception as error:  # noqa: BLE001 the handler knows what it can not do now
                log.warning("batch_failed", error=type(error).__name__, messages=len(batch), again_in=delay)
                self._pause(delay, stop)
                delay = min(delay * 2, LONGEST_DELAY)
                continue
            self._bury(dead)
            channel.basic_ack(batch[-1][0], multiple=True)
            for _ in batch:
                self._pending.popleft()
            self.was_useful = True
            return

    def _pause(self, seconds: float, stop: threading.Event) -> None:
        """Wait, but keep the connection alive, which also brings further messages within the prefetch."""
        deadline = time.monotonic() + seconds
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            self._drain(min(left, IDLE))

    def _bury(self, letters: list[DeadLetter]) -> None:
        if letters:
            if self._dead_letters is None:
                self._dead_letters = open_publisher(self._broker_url)
            publish_dead(self._dead_letters, self._service, letters)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._dead_letters is not None:
            self._dead_letters.close()
        try:
            self._connection.release()  # what is not acknowledged goes back
        except Exception as error:  # noqa: BLE001 it was broken before
            log.info("consumer_closing_failed", error=type(error).__name__)
