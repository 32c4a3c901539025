"""The inbox: each event has its effect exactly once, however often it is delivered.

The handlers' work and the row that remembers the event commit together, then the broker gets its ack. What can never
be accepted is dead-lettered at once. A handler that fails is tried again later from the table `deferred`, with growing
delay and without holding up the queue, and dead-lettered in the end. While the database is away nothing is taken.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import structlog
from opentelemetry.trace import SpanKind
from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text, Uuid, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from shared import clock
from shared.bus import DeadLetter, Delivery, send_dead
from shared.correlation import correlated
from shared.db import Database, UtcDateTime, new_id, plumbing
from shared.events import Envelope, InvalidEvent, decode
from shared.tracing import span
from shared.wake import wake

KEEP = timedelta(days=8)  # longer than the seven days after which nobody delivers an event again
DELAYS = (1, 2, 5, 15, 60, 300, 900)  # seconds before each further try of a deferred message
DEFERRED_TOPIC = "deferred"

Handlers = Mapping[type, Callable[[Session, list[Any]], None]]
"""Event class → function that takes events of this class, in order, inside the inbox's transaction."""

inbox = Table(
    "inbox",
    plumbing,
    Column("source", String(200), primary_key=True),
    Column("event_id", String(200), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, index=True),
)

deferred = Table(
    "deferred",
    plumbing,
    Column("id", Uuid, primary_key=True),
    Column("routing_key", String(200), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("next_at", UtcDateTime, nullable=False, index=True),
)

_handled: ContextVar[Sequence[Envelope]] = ContextVar("porteria_handled", default=())

log = structlog.get_logger(__name__)


def handled_envelopes() -> Sequence[Envelope]:
    """For a handler: the envelopes of the events that it was just given, in the same order."""
    return _handled.get()


@dataclass(frozen=True)
class _Received:
    delivery: Delivery
    envelope: Envelope


class Inbox:
    """Handles batches of deliveries for one service."""

    def __init__(self, db: Database, handlers: Handlers) -> None:
        self._db, self._handlers = db, handlers

    def handle(self, deliveries: list[Delivery]) -> list[DeadLetter]:
        """Apply a batch; returns what must go to the dead letters. Raises if the database is away: deliver again."""
        dead: list[DeadLetter] = []
        received: list[_Received] = []
        for delivery in deliveries:
            try:
                received.append(_Received(delivery, self._accept(delivery)))
            except InvalidEvent as error:
                dead.append(DeadLetter(delivery, str(error)))
        try:
            self._apply(received)
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # noqa: BLE001 whatever it was: the culprit is found by taking them one by one
            for item in received:
                dead += self._apply_alone(item)
        for letter in dead:
            log.warning("event_refused", reason=letter.reason, routing_key=letter.delivery.routing_key)
        return dead

    def _accept(self, delivery: Delivery) -> Envelope:
        envelope = decode(delivery.body)
        if type(envelope.event) not in self._handlers:
            raise InvalidEvent(f"this service does not handle {envelope.type}")
        return envelope

    def _apply_alone(self, item: _Received) -> list[DeadLetter]:
        try:
            self._apply([item])
        except InvalidEvent as error:
            return [DeadLetter(item.delivery, str(error))]
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("handler_failed", type=item.envelope.type, event_id=item.envelope.id)
            self._defer(item.delivery, error)
        return []

    def _apply(self, received: list[_Received]) -> None:
        """One transaction: remember the events, drop those already known, hand the rest to their handlers in order."""
        if not received:
            return
        with self._db.write() as session:
            fresh = _remember(session, [item.envelope for item in received])
            for (cls, correlation), group in groupby(fresh, key=lambda e: (type(e.event), e.correlation_id)):
                envelopes = list(group)
                with correlated(correlation), _handling(envelopes):
                    self._handlers[cls](session, [envelope.event for envelope in envelopes])

    def _defer(self, delivery: Delivery, error: Exception) -> None:
        with self._db.write() as session:
            session.execute(
                insert(deferred).values(
                    id=new_id(),
                    routing_key=delivery.routing_key,
                    body=delivery.body,
                    attempts=1,
                    error=type(error).__name__,
                    next_at=clock.now() + timedelta(seconds=DELAYS[0]),
                )
            )
            wake(session, DEFERRED_TOPIC)

    def retry_deferred(self, broker_url: str, service: str) -> bool:
        """Try the deferred messages that are due; True if there may be more. The last failure dead-letters."""
        with self._db.read() as session:
            due = select(deferred).where(deferred.c.next_at <= clock.now()).order_by(deferred.c.next_at).limit(50)
            rows = session.execute(due).all()
        for row in rows:
            delivery = Delivery(body=bytes(row.body), routing_key=row.routing_key, headers={}, content_type=None)
            reason = self._retry(delivery)
            if reason and row.attempts < len(DELAYS):
                self._postpone(row.id, row.attempts, reason)
                continue
            if reason:
                send_dead(broker_url, service, [DeadLetter(delivery, f"failed {row.attempts + 1} times: {reason}")])
            with self._db.write() as session:
                session.execute(delete(deferred).where(deferred.c.id == row.id))
        return len(rows) == 50

    def _retry(self, delivery: Delivery) -> str | None:
        """Why it failed again, or None."""
        try:
            self._apply([_Received(delivery, self._accept(delivery))])
        except (OperationalError, InterfaceError):
            raise
        except InvalidEvent as error:
            return str(error)
        except Exception as error:
            log.exception("handler_failed_again", routing_key=delivery.routing_key)
            return type(error).__name__
        return None

    def _postpone(self, identifier: Any, attempts: int, reason: str) -> None:
        again = clock.now() + timedelta(seconds=DELAYS[attempts])
        with self._db.write() as session:
            change = update(deferred).where(deferred.c.id == identifier)
            session.execute(change.values(attempts=attempts + 1, next_at=again, error=reason))

    def forget_old(self) -> bool:
        """Remove inbox rows that are older than KEEP."""
        with self._db.write() as session:
            session.execute(delete(inbox).where(inbox.c.received_at < clock.now() - KEEP))
        return False


@contextmanager
def _handling(envelopes: list[Envelope]) -> Iterator[None]:
    """The span of a handler: it goes on with the trace of the first event, and is linked to those of the others."""
    first, *others = dict.fromkeys(envelope.traceparent for envelope in envelopes)
    name, count = envelopes[0].type, {"messaging.batch.message_count": len(envelopes)}
    token = _handled.set(envelopes)
    try:
        with span(f"process {name}", SpanKind.CONSUMER, parent=first, links=others, attributes=count):
            yield
    finally:
        _handled.reset(token)


def _remember(session: Session, envelopes: list[Envelope]) -> list[Envelope]:
    """Insert the inbox rows; returns the events that were not known yet, in order, each once."""
    first: dict[tuple[str, str], Envelope] = {}
    for envelope in envelopes:
        first.setdefault((envelope.source, envelope.id), envelope)
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    moment = clock.now()
    rows = [{"source": source, "event_id": event_id, "received_at": moment} for source, event_id in sorted(first)]
    statement = dialect.insert(inbox).on_conflict_do_nothing().returning(inbox.c.source, inbox.c.event_id)
    new = {(row.source, row.event_id) for row in session.execute(statement, rows)}
    return [envelope for key, envelope in first.items() if key in new]
