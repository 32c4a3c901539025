"""Waking a sleeping thread as soon as there is something for it in the database, whoever put it there.

PostgreSQL: `NOTIFY` inside the transaction, `LISTEN` here. SQLite: `PRAGMA data_version` changes when another
connection committed; looking at it costs no query. A wait always has a timeout too, so a lost signal costs only time.
"""

import sqlite3
import threading
from collections import defaultdict

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import Database

CHANNEL = "porteria"
SQLITE_INTERVAL = 0.02
RECONNECT_AFTER = 1.0

log = structlog.get_logger(__name__)


def wake(session: Session, topic: str) -> None:
    """Wake whoever waits for `topic` once this transaction commits."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_notify(:channel, :topic)"), {"channel": CHANNEL, "topic": topic})


class Wakeups:
    """The listening side, one per process: threads wait on topics, one thread hears the database."""

    def __init__(self, db: Database, stop: threading.Event) -> None:
        self._db, self._stop = db, stop
        self._topics: dict[str, threading.Event] = defaultdict(threading.Event)
        listen = self._watch_sqlite if db.is_sqlite else self._listen_postgresql
        self._thread = threading.Thread(target=listen, name="wakeups", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def wait(self, topic: str, timeout: float) -> None:
        """Return when `topic` was signalled (also if before this call), after `timeout` seconds, or at the stop."""
        event = self._topics[topic]
        if not self._stop.is_set():
            event.wait(timeout)
        event.clear()

    def signal(self, topic: str) -> None:
        """Wake a topic from inside this process."""
        self._topics[topic].set()

    def signal_all(self) -> None:
        """Wake everybody, because something may have been missed or the process ends."""
        for event in list(self._topics.values()):
            event.set()

    def _watch_sqlite(self) -> None:
        connection = sqlite3.connect(self._db.url.removeprefix("sqlite:///"), timeout=30)
        seen = None
        while not self._stop.wait(SQLITE_INTERVAL):
            (version,) = connection.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                self.signal_all()
        connection.close()

    def _listen_postgresql(self) -> None:
        address = self._db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stop.is_set():
            try:
                with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.signal_all()
                    while not self._stop.is_set():
                        for notice in connection.notifies(timeout=1.0):
                            self.signal(notice.payload)
            except psycopg.Error as error:
                log.warning("listening_interrupted", error=type(error).__name__)
                self._stop.wait(RECONNECT_AFTER)
