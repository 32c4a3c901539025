"""When a client is reminded of an invoice: the steps, and which of them a run of a day makes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.portal.rules.notices import (
    OVERDUE_FIRST,
    OVERDUE_SECOND,
    OVERDUE_THIRD,
    REMINDER_BEFORE,
    REMINDER_DUE,
    REMINDERS,
)

STEPS = REMINDERS
"""In their order. Each is a kind of letter, and goes once for an invoice and an address."""
OVERDUE_STEPS = (OVERDUE_FIRST, OVERDUE_SECOND, OVERDUE_THIRD)
LEAST_DAYS, MOST_DAYS = 1, 60
LAST_STEP_WORTH = timedelta(days=7)
"""For how long the letter of the last step is worth sending."""
DAY = timedelta(days=1)
ASKED_AGAIN = 1024
"""A run asks the same of very many invoices: few days, few different rules."""


@dataclass(frozen=True)
class Step:
    """A step as a rule has it. `days` before the due date or after it, by the kind; 0 on the day itself."""

    kind: str
    days: int

    def day(self, due_on: date) -> date:
        """The day of this step for an invoice."""
        return due_on + self._distance

    def due_on(self, day: date) -> date:
        """When an invoice is due whose day of this step is this one."""
        return day - self._distance

    @property
    def _distance(self) -> timedelta:
        if self.kind == REMINDER_DUE:
            return timedelta(0)
        return timedelta(days=-self.days if self.kind == REMINDER_BEFORE else self.days)


Schedule = tuple[Step, ...]
"""The steps that are switched on, in the order of STEPS."""


@dataclass(frozen=True)
class StepRule:
    """What is said about one step: after how many days, and whether it is made at all."""

    kind: str
    days: int
    enabled: bool


def schedule_of(of_class: Iterable[StepRule], of_client: Iterable[StepRule] = ()) -> Schedule:
    """The steps for a client: what is said about the client stands in the place of what is said about the class."""
    rules = {rule.kind: rule for rule in of_class} | {rule.kind: rule for rule in of_client}
    return tuple(Step(kind, rules[kind].days) for kind in STEPS if kind in rules and rules[kind].enabled)


@lru_cache(maxsize=ASKED_AGAIN)
def step_of_run(schedule: Schedule, due_on: date, since: date, today: date) -> Step | None:
    """The step of which a run tells: the latest one of the days after `since` up to today.

    Of two on one day it is the one that comes later in STEPS. What announces the due date says nothing true after it.
    """
    missed = [step for step in schedule if since < step.day(due_on) <= today]
    if not missed:
        return None
    latest = max(missed, key=lambda step: (step.day(due_on), STEPS.index(step.kind)))
    return None if latest.kind not in OVERDUE_STEPS and due_on < today else latest


@lru_cache(maxsize=ASKED_AGAIN)
def worth_before(schedule: Schedule, step: Step, due_on: date, today: date) -> date:
    """The day with whose beginning a letter of today is worth nothing any more.

    That is the day of the next step, which says more; after the last step its letter has some days. What announces the
    due date is worth nothing after it.
    """
    coming = [other.day(due_on) for other in schedule if other.day(due_on) > today]
    end = min(coming, default=today + LAST_STEP_WORTH)
    return end if step.kind in OVERDUE_STEPS else min(end, due_on + DAY)


def due_days(schedules: Iterable[Schedule], since: date, today: date) -> set[date]:
    """On which days invoices are due that have a step on one of the days after `since` up to today."""
    days = [today - number * DAY for number in range((today - since).days)]
    steps = {step for schedule in schedules for step in schedule}
    return {step.due_on(day) for step in steps for day in days}


def beginning_of(day: date, zone: str) -> datetime:
    """The moment at which a day begins in a zone."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def out_of_order(rules: Sequence[StepRule]) -> list[str]:
    """The overdue steps that are switched on and do not come after the ones before them."""
    wrong, last = [], 0
    by_kind: Mapping[str, StepRule] = {rule.kind: rule for rule in rules if rule.enabled}
    for kind in OVERDUE_STEPS:
        if kind in by_kind:
            if by_kind[kind].days <= last:
                wrong.append(kind)
            last = max(last, by_kind[kind].days)
    return wrong
