"""A worker as a whole: what goes on while parts around it are away."""

import threading

from services.mailer.__main__ import SERVICE
from shared.db import Database
from shared.migrations import migrate
from shared.worker import Job, Worker
from tests.support.processes import free_port


def test_jobs_are_done_while_the_broker_is_away(sqlite_url: str) -> None:
    db = Database(sqlite_url.replace("{service}", SERVICE.name))
    migrate(SERVICE.name, db)
    worker = Worker(SERVICE.name, db, f"amqp://127.0.0.1:{free_port()}", SERVICE.hears(None))
    done = threading.Event()

    def work() -> bool:
        done.set()
        return False

    running = threading.Thread(target=worker.run, args=([Job("work", work, 60.0)],))
    running.start()
    try:
        assert done.wait(10)
    finally:
        worker.stop.set()
        worker.wakeups.signal_all()
        running.join(20)
    assert not running.is_alive()
