"""The outbox: a change and the event that tells of it commit in one transaction; a relay publishes afterwards.

Delivery is at least once: if the process dies between the broker's confirm and the removal of the row, the event goes
out again with the same id, and the receiver's inbox drops it.
"""

import threading
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Column, Connection, LargeBinary, String, Table, Uuid, delete, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared import clock
from shared.bus import BrokerUnavailable, Message, Publisher, open_publisher
from shared.correlation import correlation_id
from shared.db import Database, UtcDateTime, new_id, plumbing
from shared.events import encode, type_of
from shared.tracing import current_traceparent
from shared.wake import Wakeups, wake

TOPIC = "outbox"
BATCH = 1000
IDLE = 5.0
GATHER = 0.01  # seconds after a batch in which the next ones gather: the first event of a quiet time does not wait
LOCK_KEY = 7_305_001  # any number: it names the relay's advisory lock inside a service's own database

outbox = Table(
    "outbox",
    plumbing,
    Column("id", Uuid, primary_key=True),
    Column("routing_key", String(120), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

log = structlog.get_logger(__name__)


def publish(session: Session, *events: Any) -> None:
    """Write events to the outbox in the caller's transaction; they leave once it has committed."""
    if not events:
        return
    moment = clock.now()
    session.execute(insert(outbox), [_row(event, moment) for event in events])
    wake(session, TOPIC)


def _row(event: Any, moment: datetime) -> dict[str, Any]:
    identifier = new_id()
    correlation, trace = correlation_id(), current_traceparent()
    body = encode(event, id=identifier, time=moment, correlation_id=correlation, traceparent=trace)
    return {"id": identifier, "routing_key": type_of(type(event)), "body": body, "created_at": moment}


class Relay:
    """Moves events from the outbox to the bus. Of several workers of one service one relays, the others stand by."""

    def __init__(self, db: Database, broker_url: str, wakeups: Wakeups) -> None:
        self._db, self._broker_url, self._wakeups = db, broker_url, wakeups

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop` is set; a lost broker or database is tried again with growing delay."""
        delay = 0.2
        while not stop.is_set():
            try:
                with open_publisher(self._broker_url) as publisher, self.connect() as connection:
                    while not stop.is_set():
                        if not self._leads(connection) or not self.relay_once(connection, publisher):
                            self._wakeups.wait(TOPIC, IDLE)
                        else:
                            stop.wait(GATHER)
                        delay = 0.2
            except (BrokerUnavailable, DBAPIError) as error:
                log.warning("relay_interrupted", error=type(error).__name__, again_in=delay)
                stop.wait(delay)
                delay = min(delay * 2, 15)

    def connect(self) -> Connection:
        """The relay's own connection. Each of its transactions only reads or only writes, so SQLite needs no lock
        before the first write."""
        return self._db.engine.connect().execution_options(porteria_reading=True)

    def _leads(self, connection: Connection) -> bool:
        # The advisory lock lives as long as this connection: taking it again is cheap and tells whether we hold it.
        # Once is enough: it is re-entrant, and the connection's death releases every count of it.
        if self._db.is_sqlite or connection.info.get("porteria_leads"):
            return True
        with connection.begin():
            held = connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY})
        connection.info["porteria_leads"] = held
        return bool(held)

    def relay_once(self, connection: Connection, publisher: Publisher) -> bool:
        """Publish up to BATCH events in the order of their ids, remove those confirmed; False if there were none.

        There is no cursor to fall behind: what is in the table has not been confirmed yet, however late it committed.
        """
        with connection.begin():
            rows = connection.execute(select(outbox).order_by(outbox.c.id).limit(BATCH)).all()
        if not rows:
            return False
        confirmed = publisher.publish(
            [Message(id=str(row.id), routing_key=row.routing_key, body=bytes(row.body), headers={}) for row in rows]
        )
        self._remove(connection, [row.id for row in rows if str(row.id) in confirmed])
        if len(confirmed) < len(rows):
            raise BrokerUnavailable(f"{len(rows) - len(confirmed)} events were not confirmed")
        return True

    def _remove(self, connection: Connection, ids: Sequence[uuid.UUID]) -> None:
        with connection.begin():
            for start in range(0, len(ids), 500):
                connection.execute(delete(outbox).where(outbox.c.id.in_(ids[start : start + 500])))
