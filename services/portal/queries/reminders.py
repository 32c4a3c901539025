"""Of which invoices a day reminds, and what the rules for it say."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from services.portal.models import Invoice, ReminderRule
from services.portal.rules.invoices import INVOICE, OPEN_STATES
from services.portal.rules.reminders import (
    STEPS,
    Schedule,
    Step,
    StepRule,
    due_days,
    schedule_of,
    step_of_run,
    worth_before,
)


@dataclass(frozen=True)
class Reminder:
    """An invoice of which its client is to be reminded today, and in which step."""

    invoice_id: uuid.UUID
    party_id: uuid.UUID
    role: str
    number: str
    currency: str
    balance: Decimal
    due_on: date
    concept: str
    step: str
    worth_before: date
    """The day with whose beginning the letter is worth nothing."""


@dataclass(frozen=True)
class Rules:
    """The rules of the classes, and on which days invoices are due that any rule, also of a client, is about today."""

    of_class: dict[str, list[StepRule]]
    due_days: set[date]


def class_rules(session: Session) -> dict[str, list[StepRule]]:
    """What is said about each class, by class, in the order of STEPS."""
    found: dict[str, list[StepRule]] = {}
    for rule in session.scalars(select(ReminderRule).where(ReminderRule.party_id.is_(None))):
        found.setdefault(rule.role or "", []).append(StepRule(rule.step, rule.days, rule.enabled))
    return {role: sorted(rules, key=lambda rule: STEPS.index(rule.kind)) for role, rules in found.items()}


def client_rules(session: Session, party_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[StepRule]]:
    """What is said about some clients in place of what is said about their class, by client."""
    found: dict[uuid.UUID, list[StepRule]] = {}
    for rule in session.scalars(select(ReminderRule).where(ReminderRule.party_id.in_(party_ids))):
        if rule.party_id:
            found.setdefault(rule.party_id, []).append(StepRule(rule.step, rule.days, rule.enabled))
    return found


def count_own_rules(session: Session) -> int:
    """How many clients have a rule of their own for some step."""
    own = select(func.count(ReminderRule.party_id.distinct())).where(ReminderRule.party_id.is_not(None))
    return session.scalar(own) or 0


def rules_for(session: Session, since: date, today: date) -> Rules:
    """What the days after `since` up to today are about."""
    of_class = class_rules(session)
    own = select(ReminderRule.step, ReminderRule.days).where(
        ReminderRule.party_id.is_not(None), ReminderRule.enabled.is_(True)
    )
    own_steps = [(Step(kind, days),) for kind, days in session.execute(own.distinct())]
    return Rules(of_class, due_days([*map(schedule_of, of_class.values()), *own_steps], since, today))


def list_party_ids(
    session: Session, days: Collection[date], after: uuid.UUID | None, limit: int
) -> Sequence[uuid.UUID]:
    """The next clients by id who have an open invoice that is due on one of these days."""
    wanted = select(Invoice.party_id).where(*_open(), Invoice.due_on.in_(days)).distinct()
    if after:
        wanted = wanted.where(Invoice.party_id > after)
    return session.scalars(wanted.order_by(Invoice.party_id).limit(limit)).all()


def list_reminders(
    session: Session, party_ids: Collection[uuid.UUID], rules: Rules, since: date, today: date
) -> tuple[list[Reminder], int]:
    """Of which invoices of these clients they are reminded today; and how many were looked at."""
    if not party_ids:
        return [], 0
    # No whole invoices: their lines are long, and nobody asks for them here.
    columns = Invoice.id, Invoice.party_id, Invoice.role, Invoice.number, Invoice.currency, Invoice.balance
    wanted = select(*columns, Invoice.due_on, Invoice.concept).where(
        # `party_ids` are neighbours: nobody between them has such an invoice, unless since a moment ago.
        Invoice.party_id.between(min(party_ids), max(party_ids)),
        *_open(),
        Invoice.kind == INVOICE,
        Invoice.disputed_at.is_(None),
        Invoice.due_on.in_(rules.due_days),
    )
    there = session.execute(wanted.order_by(Invoice.party_id, Invoice.due_on, Invoice.id))
    known = set(party_ids)
    found = [row for row in there if row.party_id in known]
    schedules = _schedules(session, {row.party_id for row in found}, rules)
    reminders = []
    for invoice_id, party_id, role, number, currency, balance, due_on, concept in found:
        schedule = schedules(party_id, role)
        step = step_of_run(schedule, due_on, since, today) if due_on else None
        if step and due_on:
            said = number or "", currency, balance, due_on, concept
            end = worth_before(schedule, step, due_on, today)
            reminders.append(Reminder(invoice_id, party_id, role, *said, step.kind, end))
    return reminders, len(found)


def _schedules(session: Session, party_ids: Iterable[uuid.UUID], rules: Rules) -> Callable[[uuid.UUID, str], Schedule]:
    own = client_rules(session, list(party_ids))
    usual = {role: schedule_of(of_class) for role, of_class in rules.of_class.items()}

    def of(party_id: uuid.UUID, role: str) -> Schedule:
        return schedule_of(rules.of_class[role], own[party_id]) if party_id in own else usual[role]

    return of


def _open() -> list[ColumnElement[bool]]:
    """Written out, not bound: databases see only then that the partial indexes have them."""
    states: BindParameter[Any] = bindparam("open_states", OPEN_STATES, expanding=True, literal_execute=True)
    return [Invoice.state.in_(states)]
