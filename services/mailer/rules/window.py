"""When letters may go out: hours of the day in the agency's zone, on the weekdays on which they begin.

What people wait for at this moment (a forgotten password, an invitation of the staff) goes out at any hour.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.mailer.rules.states import CREDENTIAL, CREDENTIAL_LINK, GENERAL, KINDS, NOTICES, WITHOUT_DELAY

DAY = 24 * 60
EVERY_DAY = "1234567"
CAN_WAIT = (CREDENTIAL, CREDENTIAL_LINK, GENERAL, *(kind for kind in NOTICES if kind not in WITHOUT_DELAY))
URGENT_KINDS = tuple(kind for kind in KINDS if kind not in CAN_WAIT)
"""Kinds that the window does not hold up."""


@dataclass(frozen=True)
class Window:
    """From minute `start` of the day up to minute `end`, which may lie after midnight; the same one twice is 24 hours.

    `days` are ISO weekdays (1 is Monday) on which it begins.
    """

    start: int
    end: int
    days: str
    zone: ZoneInfo

    def is_open(self, moment: datetime) -> bool:
        """Whether letters may go out at this moment: as the clocks on the wall show it."""
        local = moment.astimezone(self.zone)
        minute, today = local.hour * 60 + local.minute, local.isoweekday()
        yesterday = (today - 2) % 7 + 1
        if self.start < self.end:
            return str(today) in self.days and self.start <= minute < self.end
        after_midnight = str(yesterday) in self.days and minute < self.end
        return after_midnight or (str(today) in self.days and minute >= self.start)

    def opens_at(self, moment: datetime) -> datetime:
        """The first moment from this one on at which letters may go out, in UTC."""
        if self.is_open(moment):
            return moment
        first = moment.astimezone(self.zone).date() - timedelta(days=1)
        starts = (one for days in range(10) for one in self._starts(first + timedelta(days=days)))
        return min(one for one in starts if one >= moment and self.is_open(one))

    def _starts(self, day: date) -> list[datetime]:
        """Moments of a day at which the window may open: twice where an hour is repeated, and when the clocks jump."""
        walls = [
            datetime(day.year, day.month, day.day, minute // 60, minute % 60, fold=fold, tzinfo=self.zone)
            for minute in (self.start, 0)
            for fold in (0, 1)
        ]
        begin = walls[-2].astimezone(UTC)
        return [*(wall.astimezone(UTC) for wall in walls), _jump(begin, begin + timedelta(hours=26), self.zone)]


def minute_of(text: str) -> int:
    """`08:30` → 510; raises ValueError."""
    hours, _, minutes = text.partition(":")
    minute = int(hours) * 60 + int(minutes)
    if not 0 <= minute < DAY or not 0 <= int(minutes) < 60:
        raise ValueError("not a time of the day")
    return minute


def clock_text(minute: int) -> str:
    """510 → `08:30`."""
    return f"{minute // 60:02}:{minute % 60:02}"


def window_of(start: int | None, end: int | None, days: str | None, zone: str) -> Window | None:
    """The window as it is kept; None is always."""
    if start is None or end is None:
        return None
    return Window(start, end, days or EVERY_DAY, ZoneInfo(zone))


def _jump(early: datetime, late: datetime, zone: ZoneInfo) -> datetime:
    """The moment between two at which the clocks are put forward or back; the later one if they are not."""
    after = late.astimezone(zone).utcoffset()
    if early.astimezone(zone).utcoffset() == after:
        return late
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == after:
            late = middle
        else:
            early = middle
    return late
