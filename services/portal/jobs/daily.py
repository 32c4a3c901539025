"""The run of each day: late fees first, then reminders, so that what they say is what is owed."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from services.portal.actions.daily import FEES, REMINDERS, Task, work_on
from services.portal.actions.fee_charging import fee_chunk
from services.portal.actions.reminders import remind_chunk
from services.portal.queries.agency import agency_of
from services.portal.queries.daily import finished_tasks
from shared import clock
from shared.db import Database

log = structlog.get_logger(__name__)


def daily_tasks(zone: str) -> dict[str, Task]:
    """What is done once for each day, in this order."""
    return {FEES: fee_chunk(zone), REMINDERS: remind_chunk(zone)}


class DailyRunner:
    """Does the runs of today, from the hour the agency chose. A chunk commits with its progress: it may die anywhere.

    A task begins when those before it are through for that day, or fail. Several workers take turns at the chunks.
    """

    def __init__(self, db: Database, tasks: Mapping[str, Task], zone: str) -> None:
        self._db, self._tasks, self._zone = db, tasks, ZoneInfo(zone)

    def run(self) -> bool:
        """Do one chunk of what is left of today; False: nothing is."""
        here = clock.now().astimezone(self._zone)
        today = here.date()
        with self._db.read() as session:
            if here.hour < agency_of(session).daily_hour:
                return False
            finished = finished_tasks(session, today)
        for name in (name for name in self._tasks if name not in finished):
            try:
                with self._db.write() as session:
                    work_on(session, name, self._tasks[name], today)
            except (OperationalError, InterfaceError):
                raise  # the database is away: that says nothing about the task
            except Exception:
                # What nobody foresaw in one task must not keep the next ones from being done.
                log.exception("daily_run_failed", task=name, day=str(today))
            else:
                return True
        return False
