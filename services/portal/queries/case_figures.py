"""How many requests were answered in time, by the month in which they came and by kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, String, and_, case, cast, column, func, select, values
from sqlalchemy.orm import Session

from services.portal.models import Case
from shared.db import UtcDateTime


@dataclass
class Punctuality:
    """How the requests of a month fared. `late`: answered after the deadline, or unanswered and past it."""

    in_time: int = 0
    late: int = 0
    running: int = 0
    unanswered: int = 0
    """Closed for a reason that needs no answer."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.in_time + self.late + self.running + self.unanswered

    @property
    def percentage(self) -> int | None:
        """In time, of those that were to be answered by now; None where there were none."""
        due = self.in_time + self.late
        return 100 * self.in_time // due if due else None


def punctuality(session: Session, first: date, today: date, zone: ZoneInfo) -> dict[tuple[str, str], Punctuality]:
    """Of the requests received since `first`: (month as `2026-11`, kind) → how they fared."""
    since = Case.opened_on >= first
    days = session.scalars(select(Case.due_on).where(since).distinct()).all()
    if not days:
        return {}
    ends = _ends(days, zone)
    outcome = case(
        (and_(Case.answered_at.is_not(None), Case.answered_at < ends.c.ends_at), "in_time"),
        (Case.answered_at.is_not(None), "late"),
        (Case.closed_at.is_not(None), "unanswered"),
        (Case.due_on < today, "late"),
        else_="running",
    )
    month = func.substr(cast(Case.opened_on, String(10)), 1, 7)
    counted = (
        select(month, Case.kind, outcome, func.count())
        .join(ends, ends.c.due_on == Case.due_on)
        .where(since)
        .group_by(month, Case.kind, outcome)
    )
    found: dict[tuple[str, str], Punctuality] = {}
    for name, kind, how, number in session.execute(counted):
        figures = found.setdefault((name, kind), Punctuality())
        setattr(figures, how, getattr(figures, how) + number)
    return found


def _ends(days: Iterable[date], zone: ZoneInfo) -> Any:
    """The moment at which each of these days ends at the agency: databases do not agree about zones."""
    columns: tuple[ColumnElement[Any], ...] = (column("due_on", Date), column("ends_at", UtcDateTime()))
    rows = [(day, _end_of(day, zone)) for day in days]
    return values(*columns, name="day_ends").data(rows).cte("ends")


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
