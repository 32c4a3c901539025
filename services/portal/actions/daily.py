"""The run of a day: what is to be done once for each day, in chunks, by any number of workers."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import DailyRun
from shared import clock
from shared.db import insert_into
from shared.wake import wake

REMINDERS, FEES = "reminders", "fees"
TOPIC = "daily_runs"
MADE_UP = timedelta(days=3)
"""So many missed days are made up for by the next run; what is older would only surprise people."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Chunk:
    """What one transaction of a run did. `cursor`: up to where it came; None: that was the last of it."""

    looked_at: int
    done: int
    cursor: uuid.UUID | None


Task = Callable[[Session, DailyRun, date], Chunk]
"""Does the next chunk after `run.cursor`, in the caller's transaction, which commits it together with its progress.

`run.since` is the last day that was run before: the days after it, up to today, are this run's. The row of the run is
locked meanwhile, so nobody else works on the same task; a chunk that fails leaves nothing behind and is done again.
"""


def work_on(session: Session, task: str, do_chunk: Task, today: date) -> DailyRun:
    """Do the next chunk of today's run of a task, if something is left of it; returns the run as it is then."""
    run = _locked_run(session, task, today)
    if run.finished_at:
        return run
    chunk = do_chunk(session, run, today)
    run.looked_at += chunk.looked_at
    run.done += chunk.done
    run.cursor = chunk.cursor
    if chunk.cursor is None:
        run.finished_at = clock.now()
        log.info("daily_run_finished", task=task, day=str(today), looked_at=run.looked_at, done=run.done)
    return run


def repeat_run(session: Session, task: str, today: date) -> bool:
    """Let today's run be done again from its beginning; False where it has not finished yet (or not begun).

    What it did before stays done: nobody is told or charged twice. New is what the rules, or invoices, say since.
    """
    run = session.get(DailyRun, (task, today), with_for_update=True, populate_existing=True)
    if run is None or run.finished_at is None:
        return False
    run.cursor, run.finished_at, run.looked_at = None, None, 0
    wake(session, TOPIC)
    return True


def last_day_before(session: Session, task: str, day: date) -> date:
    """The day whose run of a task counts as the last one before a day.

    The latest that finished, but at most MADE_UP missed days are made up for; before the first run of all none is.
    """
    finished = select(func.max(DailyRun.day)).where(
        DailyRun.task == task, DailyRun.day < day, DailyRun.finished_at.is_not(None)
    )
    yesterday = day - timedelta(days=1)
    return max(session.scalar(finished) or yesterday, yesterday - MADE_UP)


def _locked_run(session: Session, task: str, day: date) -> DailyRun:
    key = {"task": task, "day": day}
    found = session.get(DailyRun, key, with_for_update=True, populate_existing=True)
    if found is None:
        since = last_day_before(session, task, day)
        new = key | {"since": since, "looked_at": 0, "done": 0, "started_at": clock.now()}
        session.execute(insert_into(session, DailyRun).values(**new).on_conflict_do_nothing())
        found = session.get_one(DailyRun, key, with_for_update=True, populate_existing=True)
    return found
