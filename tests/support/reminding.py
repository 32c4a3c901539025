"""Reminders as tests make and read them: rules switched on, the run of a day, and what was told."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select, update

from services.portal.actions.daily import REMINDERS
from services.portal.actions.reminders import remind_chunk
from services.portal.jobs.daily import DailyRunner
from services.portal.models import Agency, Notice, ReminderRule
from shared.db import Database
from shared.events import decode
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from shared.outbox import outbox
from tests.support.billing import ZONE
from tests.support.sixty_days import at

USUAL = {"reminder_before": 5, "reminder_due": 0, "overdue_first": 1, "overdue_second": 8, "overdue_third": 15}


class Said(NamedTuple):
    """A reminder as the bus has it."""

    kind: str
    number: str
    address: str
    amount: str


def switch_on(db: Database, days: Mapping[str, int] = USUAL) -> None:
    """Every class is reminded so; new invoices are not announced, for that is another matter."""
    with db.write() as session:
        session.get_one(Agency, 1).announce_invoices = False
        for step, number in days.items():
            rule = update(ReminderRule).where(ReminderRule.step == step, ReminderRule.party_id.is_(None))
            session.execute(rule.values(days=number, enabled=True))


def runner(db: Database, clients: int = 2) -> DailyRunner:
    """What a worker repeats, with small chunks."""
    return DailyRunner(db, {REMINDERS: remind_chunk(ZONE, clients)}, ZONE)


def run_day(db: Database, day: date, clients: int = 2) -> None:
    """The run of a day, in the morning."""
    with at(day, 9):
        working = runner(db, clients)
        while working.run():
            pass


def said(db: Database) -> list[Said]:
    """Every reminder that was ever raised, also in other words, in order."""
    found = []
    for event in _events(db):
        if isinstance(event, NoticeRaised) and event.kind in USUAL:
            values = {value.name: value.value for value in event.values}
            found.append(Said(event.kind, values["number"], event.reader.address, values["amount"]))
    return found


def taken_back(db: Database) -> list[tuple[str, str]]:
    """Kind and reason of what was taken back, in order."""
    events = _events(db)
    kinds = {event.notice_id: event.kind for event in events if isinstance(event, NoticeRaised)}
    return [(kinds[event.notice_id], event.reason) for event in events if isinstance(event, NoticeWithdrawn)]


def states(db: Database) -> dict[str, str]:
    """What became of each kind of notice."""
    with db.read() as session:
        return {row.kind: row.state for row in session.execute(select(Notice.kind, Notice.state))}


def days_from(day: date, number: int) -> date:
    """Some days later, or before."""
    return day + timedelta(days=number)


def _events(db: Database) -> list[object]:
    with db.read() as session:
        rows = session.execute(select(outbox.c.body).order_by(outbox.c.id)).all()
    return [decode(bytes(row.body)).event for row in rows]
