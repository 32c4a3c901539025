"""Which reminders must be raised, computed the plain way: day by day and step by step, by nothing of the product.

It is slow and simple on purpose. `until` is the beginning of a day in Bogotá, which is always five hours behind UTC.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

KINDS = ("reminder_before", "reminder_due", "overdue_first", "overdue_second", "overdue_third")
CHOSEN_BY = dict.fromkeys(KINDS[:2], "reminder") | dict.fromkeys(KINDS[2:], "overdue")
DAY = timedelta(days=1)
NBSP = "\u00a0"

Rules = dict[str, tuple[int, bool]]
"""Of a class, or of a client: kind → days, and whether it is on."""


@dataclass
class PlainContact:
    """Somebody who gets letters about a client."""

    contact_id: uuid.UUID
    address: str
    language: str
    wants: set[str]
    instead: set[str]


@dataclass
class PlainClient:
    """Who owes."""

    client_id: uuid.UUID
    address: str
    language: str
    choice: set[str] | None = None
    contacts: list[PlainContact] = field(default_factory=list)
    rules: Rules = field(default_factory=dict)


@dataclass
class PlainInvoice:
    """What is owed."""

    invoice_id: uuid.UUID
    client: PlainClient
    role: str
    number: str
    due_on: date
    owed: Decimal
    total: Decimal
    is_over: bool = False
    """Paid, credited or void."""
    is_void: bool = False
    is_disputed: bool = False
    credited: Decimal = Decimal(0)


class Letter(NamedTuple):
    """What one address is told."""

    invoice_id: uuid.UUID
    kind: str
    address: str
    language: str
    amount: str
    until: datetime
    is_new: bool
    """Not in the place of one that said something else."""


def letters_of(invoices: Iterable[PlainInvoice], rules: dict[str, Rules], since: date, today: date) -> Iterator[Letter]:
    """What a run of today tells, when the last one was that of `since`; also what was told before."""
    for invoice in invoices:
        if invoice.is_over or invoice.is_disputed:
            continue
        of_client = {kind: invoice.client.rules.get(kind, rules[invoice.role][kind]) for kind in KINDS}
        kind = _step_of(of_client, invoice.due_on, since, today)
        announces = kind in KINDS[:2]
        if not kind or (announces and today > invoice.due_on):
            continue
        end = _worth_before(of_client, invoice.due_on, today)
        if announces and end > invoice.due_on + DAY:
            end = invoice.due_on + DAY
        for address, language in readers_of(invoice.client, CHOSEN_BY[kind]):
            amount = amount_text(invoice.owed, language)
            yield Letter(invoice.invoice_id, kind, address, language, amount, _beginning(end), True)


def _step_of(rules: Rules, due_on: date, since: date, today: date) -> str:
    """The last step of the days in between, the later one of two on one day; "" where there is none."""
    found = ""
    day = since + DAY
    while day <= today:
        for kind in KINDS:
            if day == day_of(kind, rules, due_on):
                found = kind
        day += DAY
    return found


def _worth_before(rules: Rules, due_on: date, today: date) -> date:
    """The day of the next step, however far; a week where none comes."""
    for number in range(1, 100):
        if any(today + number * DAY == day_of(kind, rules, due_on) for kind in KINDS):
            return today + number * DAY
    return today + 7 * DAY


def day_of(kind: str, rules: Rules, due_on: date) -> date | None:
    """On which day a step is; None where it is off."""
    days, is_on = rules[kind]
    if not is_on:
        return None
    if kind == "reminder_due":
        return due_on
    return due_on - days * DAY if kind == "reminder_before" else due_on + days * DAY


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(5), UTC)


def readers_of(client: PlainClient, wish: str) -> list[tuple[str, str]]:
    """Who is told of what is chosen by this word, each address once: in the client's spelling, then the contacts'."""
    found: dict[str, tuple[str, str]] = {}
    wanting = set()
    taken = any(wish in contact.wants and wish in contact.instead for contact in client.contacts)
    found[client.address.lower()] = (client.address, client.language)
    if (client.choice is None or wish in client.choice) and not taken:
        wanting.add(client.address.lower())
    for contact in client.contacts:
        found.setdefault(contact.address.lower(), (contact.address, contact.language))
        if wish in contact.wants:
            wanting.add(contact.address.lower())
    return [found[key] for key in sorted(wanting)]


def amount_text(amount: Decimal | int, language: str) -> str:
    """Colombian pesos as people read them."""
    text = f"{amount:,.2f}"
    if language == "es":
        text = text.replace(",", "x").replace(".", ",").replace("x", ".")
    return f"${NBSP}{text}{NBSP}COP"
