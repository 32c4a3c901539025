"""Reading the runs of the days."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import DailyRun


def finished_tasks(session: Session, day: date) -> set[str]:
    """The tasks whose run of a day is through."""
    finished = select(DailyRun.task).where(DailyRun.day == day, DailyRun.finished_at.is_not(None))
    return set(session.scalars(finished))


def list_runs(session: Session, task: str, limit: int) -> Sequence[DailyRun]:
    """The last runs of a task, the newest first."""
    return session.scalars(
        select(DailyRun).where(DailyRun.task == task).order_by(DailyRun.day.desc()).limit(limit)
    ).all()
