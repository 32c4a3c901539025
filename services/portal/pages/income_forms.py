"""The form of a statement of income: what it holds, what was sent with it, and where something is wrong."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from services.portal.actions.income import NewIncome
from services.portal.models import IncomeStatement, Invoice
from services.portal.pages.written import Written
from services.portal.rules.amounts import written_amount
from services.portal.rules.income import MOST_LINES, IncomeLine, load_income
from services.portal.rules.money import CURRENCIES
from services.portal.schemas.fields import amount_of, day_of, text_of

INCOME, DEDUCTION = "income", "deduction"
LABELS = {
    "currency": _l("Currency"),
    "period_from": _l("From"),
    "period_until": _l("Until"),
    "property": _l("Property"),
    "concept": _l("Concept"),
    "kind": _l("Income or deduction"),
    "amount": _l("Amount"),
}
KINDS = ((INCOME, _l("Income")), (DEDUCTION, _l("Deduction")))


@dataclass
class IncomeRow:
    """A line of the form as it was written; `kind` is income or deduction."""

    property_name: str = ""
    concept: str = ""
    kind: str = INCOME
    amount: str = ""

    @property
    def is_empty(self) -> bool:
        """An empty line is left out."""
        return not self.concept.strip() and not self.amount.strip()


@dataclass(kw_only=True)
class IncomeForm(Written):
    """Everything that the page shows in its fields."""

    rows: list[IncomeRow]

    def take_commissions(self, invoices: Sequence[Invoice], country: str) -> int:
        """Add these invoices as deductions, each once; returns how many were new."""
        named = {row.concept for row in self.rows}
        found = [
            IncomeRow(one.property_name, f"{one.number} · {one.concept}"[:300], DEDUCTION, amount)
            for one in invoices
            if (amount := written_amount(one.total, country))
        ]
        fresh = [row for row in found if row.concept not in named]
        self.rows = [row for row in self.rows if not row.is_empty] + fresh
        return len(fresh)

    def label(self, name: str) -> str:
        """What a field is called."""
        return _label(name)


def _label(name: str) -> str:
    if not name.startswith("line-"):
        return str(LABELS.get(name, ""))
    _, number, rest = name.split("-", 2)
    return gettext("Line %(number)s, %(field)s", number=int(number) + 1, field=str(LABELS.get(rest, "")))


def empty_form(currency: str, first: date, last: date) -> IncomeForm:
    """A form for a new statement."""
    return IncomeForm({"currency": currency, "period_from": str(first), "period_until": str(last)}, rows=[IncomeRow()])


def form_of(statement: IncomeStatement, country: str) -> IncomeForm:
    """A form that holds a draft as it is."""
    values = {name: str(getattr(statement, name)) for name in ("currency", "period_from", "period_until")}
    rows = [
        IncomeRow(
            line.property_name,
            line.concept,
            DEDUCTION if line.amount < 0 else INCOME,
            written_amount(abs(line.amount), country),
        )
        for line in load_income(statement.lines)
    ]
    return IncomeForm(values, rows=rows or [IncomeRow()])


def sent_form(sent: "MultiDict[str, str]") -> IncomeForm:
    """A form that holds what somebody sent."""
    numbers = sorted({int(found[1]) for name in sent if (found := re.fullmatch(r"line-(\d{1,3})-concept", name))})
    rows = [
        IncomeRow(*(sent.get(f"line-{number}-{name}", "") for name in ("property", "concept", "kind", "amount")))
        for number in numbers[:MOST_LINES]
    ]
    values = {name: sent.get(name, "") for name in ("currency", "period_from", "period_until")}
    return IncomeForm(values, rows=rows or [IncomeRow()])


def read_period(form: IncomeForm) -> tuple[date, date] | None:
    """The period of a form; what is wrong with it stands in its errors."""
    first: date | None = form.check("period_from", lambda: day_of(form.values["period_from"]))
    last: date | None = form.check("period_until", lambda: day_of(form.values["period_until"]))
    if first and last and last < first:
        form.errors["period_until"] = gettext("The period cannot end before it begins.")
    if form.values["currency"] not in CURRENCIES:
        form.errors["currency"] = gettext("Choose one.")
    return (first, last) if first and last and not form.errors else None


def read_form(form: IncomeForm, party_id: uuid.UUID, country: str) -> NewIncome | None:
    """What a sent form asks for; None where something is wrong, which then stands in its errors."""
    period = read_period(form)
    lines = [
        line
        for number, row in enumerate(form.rows)
        if not row.is_empty and (line := _read_row(form, f"line-{number}", row, country))
    ]
    if all(row.is_empty for row in form.rows):
        form.errors["line-0-concept"] = gettext("A statement has at least one line.")
    if form.errors or period is None:
        return None
    return NewIncome(
        party_id=party_id,
        currency=form.values["currency"],
        period_from=period[0],
        period_until=period[1],
        lines=lines,
    )


def _read_row(form: IncomeForm, prefix: str, row: IncomeRow, country: str) -> IncomeLine | None:
    name = form.check(f"{prefix}-property", lambda: text_of(row.property_name, 300))
    needed = gettext("Say what it is.")
    concept = form.check(f"{prefix}-concept", lambda: text_of(row.concept, 300, needed=needed))
    amount: Decimal | None = form.check(f"{prefix}-amount", lambda: amount_of(row.amount, country))
    if amount is not None and amount <= 0:
        form.errors[f"{prefix}-amount"] = gettext("More than nothing, please: a deduction is chosen beside it.")
    if name is None or concept is None or amount is None:
        return None
    return IncomeLine(name, concept, -amount if row.kind == DEDUCTION else amount)
