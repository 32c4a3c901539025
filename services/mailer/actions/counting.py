"""Hours that are over are counted once, so that charts stay quick however many letters there are."""

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.models import LetterHour
from services.mailer.queries.figures import HOUR, KEPT_HOURS, Figures, count_hours, count_waiting, hour_of, last_counted
from shared import clock

SETTLED = timedelta(minutes=2)
"""An hour is counted when so much of the next has passed: what ended at its end has committed by then."""


def count_finished_hours(session: Session) -> int:
    """Write down the hours that are over and were not counted yet, at most the last KEPT_HOURS; returns how many."""
    now = clock.now()
    end = hour_of(now - SETTLED)
    counted = last_counted(session)
    begin = max(hour_of(now - KEPT_HOURS), counted + HOUR) if counted else hour_of(now - KEPT_HOURS)
    if begin >= end:
        return 0
    found = count_hours(session, begin, end)
    number = int((end - begin) / HOUR)
    rows = []
    for position in range(number):
        hour = begin + position * HOUR
        figures = found.get(hour, Figures())
        # How many waited is known only of the hour that just ended.
        waiting = count_waiting(session) if hour + HOUR == hour_of(now) else None
        told = {"sent": figures.sent, "failed": figures.failed, "bounced": figures.bounced, "waiting": waiting}
        rows.append({"hour": hour, **told})
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(LetterHour).on_conflict_do_nothing(), rows)
    session.execute(delete(LetterHour).where(LetterHour.hour < now - KEPT_HOURS))
    return number
