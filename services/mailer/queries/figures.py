"""What happened to letters by the hour and by the day: counted once when an hour is over, and live since then."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from services.mailer.models import Letter, LetterHour
from services.mailer.rules.states import BOUNCED, FAILED, SENT, WAITING_STATES
from shared import clock
from shared.db import UtcDateTime

HOUR = timedelta(hours=1)
KEPT_HOURS = timedelta(days=32)
COUNTED = (SENT, FAILED, BOUNCED)


@dataclass
class Figures:
    """What happened within an hour or a day. `waiting`: how many waited at its end, None where nobody counted."""

    sent: int = 0
    failed: int = 0
    bounced: int = 0
    waiting: int | None = None


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def count_hours(session: Session, since: datetime, before: datetime) -> dict[datetime, Figures]:
    """How letters ended in each hour of a span, from the letters themselves."""
    hour: ColumnElement[Any]
    if session.get_bind().dialect.name == "postgresql":
        hour = func.date_trunc("hour", Letter.ended_at)
    else:
        hour = func.strftime("%Y-%m-%d %H:00:00", cast(Letter.ended_at, Text))
    ended = (Letter.ended_at >= since, Letter.ended_at < before, Letter.state.in_(COUNTED))
    first = func.min(Letter.ended_at, type_=UtcDateTime())
    rows = session.execute(select(first, Letter.state, func.count()).where(*ended).group_by(hour, Letter.state))
    found: dict[datetime, Figures] = {}
    for moment, state, number in rows:
        if moment is not None:  # never: what is counted has ended
            setattr(found.setdefault(hour_of(moment), Figures()), state, int(number))
    return found


def last_counted(session: Session) -> datetime | None:
    """The last hour that was counted for good."""
    return session.scalar(select(func.max(LetterHour.hour, type_=UtcDateTime())))


def count_waiting(session: Session) -> int:
    """How many letters wait or are being sent."""
    return session.scalar(select(func.count()).select_from(Letter).where(Letter.state.in_(WAITING_STATES))) or 0


def list_hours(session: Session, since: datetime) -> dict[datetime, Figures]:
    """Every hour from `since` to the present one, which is not over yet."""
    now = clock.now()
    first, present = hour_of(since), hour_of(now)
    rows = session.scalars(select(LetterHour).where(LetterHour.hour >= first))
    found = {row.hour: Figures(row.sent, row.failed, row.bounced, row.waiting) for row in rows}
    counted = last_counted(session)
    live_from = max(first, counted + HOUR) if counted else first
    found |= count_hours(session, live_from, now + HOUR)
    hours = (first + number * HOUR for number in range(int((present - first) / HOUR) + 1))
    filled = {hour: found.get(hour, Figures()) for hour in hours}
    filled[present].waiting = count_waiting(session)
    return filled


def by_day(hours: dict[datetime, Figures], zone: ZoneInfo, days: Iterable[date]) -> dict[date, Figures]:
    """The same by days of the agency's zone; what waited is that of the day's last hour."""
    found = {day: Figures() for day in days}
    for hour, figures in sorted(hours.items()):
        day = found.get(hour.astimezone(zone).date())
        if day is None:
            continue
        day.sent += figures.sent
        day.failed += figures.failed
        day.bounced += figures.bounced
        day.waiting = figures.waiting if figures.waiting is not None else day.waiting
    return found
