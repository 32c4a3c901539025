"""Which late fees must be charged, computed the plain way: day by day and in whole cents, by nothing of the product."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from tests.support.plain_reminders import DAY, PlainInvoice


@dataclass
class PlainRule:
    """A version of a rule. `whose`: a class or a client; money in cents, rates in hundredths of a per cent."""

    whose: uuid.UUID | str
    since: datetime
    kind: str
    value: int = 0
    least: int | None = None
    most: int | None = None
    grace: int = 0
    monthly: bool = False
    on_next: bool = False
    until: datetime | None = None
    is_off: bool = False


@dataclass
class PlainFee:
    """A fee: what is owed of it stands on a document, or waits."""

    invoice_id: uuid.UUID
    period: int
    day: date
    base: int
    amount: int
    on_next: bool
    waived: int = 0
    document: uuid.UUID | None = None

    @property
    def left(self) -> int:
        """What of it is to be paid."""
        return self.amount - self.waived

    @property
    def state(self) -> str:
        """As the portal calls it."""
        return "waived" if not self.left else "charged" if self.document else "pending"


class NewFee(NamedTuple):
    """What a run must charge."""

    invoice_id: uuid.UUID
    period: int
    day: date
    base: int
    amount: int
    on_next: bool


@dataclass
class FeeBook:
    """Everything that decides about fees. `issued`: when each invoice was; `free`: until when its days cost nothing."""

    rules: list[PlainRule] = field(default_factory=list)
    fees: dict[tuple[uuid.UUID, int], PlainFee] = field(default_factory=dict)
    issued: dict[uuid.UUID, datetime] = field(default_factory=dict)
    free: dict[uuid.UUID, date] = field(default_factory=dict)
    documents: set[uuid.UUID] = field(default_factory=set)
    """The documents of fees, which cost none."""
    ceiling: int | None = None
    waivers: int = 0

    def void(self, invoice: PlainInvoice, invoices: Mapping[uuid.UUID, PlainInvoice]) -> None:
        """What waits for having paid it late goes; what stands on it goes with its own document, or waits again."""
        for fee in self.fees.values():
            if fee.invoice_id == invoice.invoice_id and fee.state == "pending":
                fee.waived = fee.amount
            if fee.document == invoice.invoice_id and fee.state == "charged":
                if invoice.invoice_id in self.documents or invoices[fee.invoice_id].is_void:
                    fee.waived = fee.amount
                else:
                    fee.document = None

    def owed_fees(self, invoices: Iterable[PlainInvoice], today: date) -> Iterator[NewFee]:
        """What a run of today charges."""
        for invoice in invoices:
            if invoice.is_over or invoice.is_disputed or invoice.invoice_id in self.documents:
                continue
            rule = self.rule_of(invoice)
            if rule is None or rule.kind == "none" or rule.is_off:
                continue
            days = _days(rule, invoice.due_on, self.free[invoice.invoice_id], today)
            owed = [(period, day) for period, day in days if (invoice.invoice_id, period) not in self.fees]
            base = self.base_of(invoice) if owed else 0
            amount = self.amount_of(rule, base)
            for period, day in owed:
                if amount:
                    yield NewFee(invoice.invoice_id, period, day, base, amount, rule.on_next)

    def rule_of(self, invoice: PlainInvoice) -> PlainRule | None:
        """The version that was in force when it was issued: the client's own, else that of the class."""
        moment = self.issued[invoice.invoice_id]
        for whose in (invoice.client.client_id, invoice.role):
            for rule in self.rules:
                if rule.whose == whose and rule.since <= moment and not (rule.until and moment >= rule.until):
                    return rule
        return None

    def base_of(self, invoice: PlainInvoice) -> int:
        """What is owed of it without fees that stand on it; fees are paid before anything else."""
        standing = sum(fee.left for fee in self.fees.values() if fee.document == invoice.invoice_id)
        without = round(invoice.total * 100) - round(invoice.credited * 100) - standing
        return max(0, min(round(invoice.owed * 100), without))

    def amount_of(self, rule: PlainRule, base: int) -> int:
        """In cents."""
        amount = rule.value
        if rule.kind == "percent":
            whole, rest = divmod(base * rule.value, 10_000)
            amount = whole + (1 if rest >= 5_000 else 0)
        if rule.least is not None and amount < rule.least:
            amount = rule.least
        if rule.most is not None and amount > rule.most:
            amount = rule.most
        if self.ceiling is not None and amount > base * self.ceiling // 10_000:
            amount = base * self.ceiling // 10_000
        return amount if base else 0


def _days(rule: PlainRule, due_on: date, free: date, today: date) -> Iterator[tuple[int, date]]:
    """Every day of a fee until today, found by walking through the calendar."""
    first = _after_grace(due_on, rule.grace)
    if not rule.monthly:
        day = first if first > free else _after_grace(free, rule.grace)
        if day <= today:
            yield 0, day
        return
    period, day = 0, first
    while day <= today:
        is_last_of_month = (day + DAY).day == 1
        if day.day == first.day or (is_last_of_month and day.day < first.day):
            if day > free:
                yield period, day
            period += 1
        day += DAY


def _after_grace(day: date, grace: int) -> date:
    for _ in range(grace):
        day += DAY
    return day + DAY
