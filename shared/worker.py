"""A service's worker: one process with a thread for the bus, one for the outbox, and one for each job."""

import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from shared.bus import BrokerUnavailable, Consumer, declare_topology
from shared.correlation import correlated
from shared.db import Database
from shared.inbox import DEFERRED_TOPIC, Handlers, Inbox
from shared.outbox import Relay
from shared.wake import Wakeups

BATCH = 200  # events handled in one transaction, if so many are there: a backlog costs fewer commits

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Job:
    """Work that repeats: `run()` does one chunk and returns True while there is more to do at once.

    Otherwise it is called again when `topic` is woken, at the latest after `every` seconds. `finish()` is called once,
    when the worker stops.
    """

    name: str
    run: Callable[[], bool]
    every: float
    topic: str | None = None
    finish: Callable[[], None] | None = None


class Worker:
    """Runs the threads of one service until it is told to stop."""

    def __init__(
        self, service: str, db: Database, broker_url: str, handlers: Handlers, *, stop: threading.Event | None = None
    ) -> None:
        self.stop = stop or threading.Event()
        self.wakeups = Wakeups(db, self.stop)
        self._service, self._db, self._broker_url = service, db, broker_url
        self._inbox = Inbox(db, handlers)

    def run(self, jobs: Sequence[Job]) -> None:
        """Run until `stop` is set (SIGTERM and SIGINT set it), then let every thread finish what it has in hand."""
        plumbing = [
            Job("deferred", lambda: self._inbox.retry_deferred(self._broker_url, self._service), 1.0, DEFERRED_TOPIC),
            Job("forget_old", self._inbox.forget_old, 3600.0),
        ]
        jobs_at_work = [(job.name, partial(self._repeat, job)) for job in (*plumbing, *jobs)]
        on_the_bus: list[tuple[str, Callable[[], None]]] = [
            ("consumer", self._consume),
            ("relay", lambda: Relay(self._db, self._broker_url, self.wakeups).run(self.stop)),
        ]
        self.wakeups.start()
        threads = _started(jobs_at_work)  # they need no broker: letters go out while it is away
        self._declare()
        threads += _started(on_the_bus)
        log.info("worker_started", service=self._service)
        self.stop.wait()
        self.wakeups.signal_all()
        for thread in threads:
            thread.join()
        log.info("worker_stopped", service=self._service)

    def _declare(self) -> None:
        delay = 0.2
        while not self.stop.is_set():
            try:
                declare_topology(self._broker_url)
                return
            except BrokerUnavailable as error:
                log.warning("broker_unavailable", error=type(error).__name__, again_in=delay)
                self.stop.wait(delay)
                delay = min(delay * 2, 10)

    def _consume(self) -> None:
        Consumer(self._broker_url, self._service, batch=BATCH).run(self._inbox.handle, self.stop)

    def _repeat(self, job: Job) -> None:
        delay = 0.5
        while not self.stop.is_set():
            try:
                with correlated():
                    more = job.run()
                delay = 0.5
            except Exception:
                log.exception("job_failed", job=job.name, again_in=delay)
                self.stop.wait(delay)
                delay = min(delay * 2, 30)
                continue
            if more:
                continue
            if job.topic is None:  # not through the wakeups: on SQLite every commit wakes, also the job's own
                self.stop.wait(job.every)
            else:
                self.wakeups.wait(job.topic, job.every)
        if job.finish is not None:
            try:
                job.finish()
            except Exception:
                log.exception("job_not_finished", job=job.name)


def _started(loops: Sequence[tuple[str, Callable[[], None]]]) -> list[threading.Thread]:
    threads = [threading.Thread(target=loop, name=name) for name, loop in loops]
    for thread in threads:
        thread.start()
    return threads


def wait_for_database(db: Database, stop: threading.Event) -> None:
    """Return once the database answers, or at the stop: a worker that starts with it must not die of it."""
    delay = 0.2
    while not stop.is_set():
        try:
            with db.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
            return
        except OperationalError as error:
            log.warning("database_unavailable", error=type(error).__name__, again_in=delay)
            stop.wait(delay)
            delay = min(delay * 2, 5)


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGTERM and SIGINT set `stop`, so that work in hand is finished."""

    def end(*_: object) -> None:
        # Not here: the interrupted main thread may hold the very lock that `set` needs.
        threading.Thread(target=stop.set, name="stop").start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
