"""The form of an invoice: what it holds, what was sent with it, and where something is wrong."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from services.portal.actions.invoicing import NewInvoice
from services.portal.models import Invoice
from services.portal.pages.written import Written
from services.portal.rules.amounts import written_amount
from services.portal.rules.charges import Charge
from services.portal.rules.invoices import MOST_LINES, ROLES, Line, Tax, load_lines, make_line, totals_of
from services.portal.rules.money import CURRENCIES, LARGEST
from services.portal.schemas.fields import Wrong, amount_of, day_of, rate_of, text_of

TAX_PLACES, WITHHOLDING_PLACES, MOST_CHARGES = 1, 3, 12
FIELDS = ("role", "currency", "issued_on", "due_on", "period", "concept", "property_name", "notes", "series_id")
LABELS = {
    "role": _l("Kind of invoice"),
    "currency": _l("Currency"),
    "issued_on": _l("Issue date"),
    "due_on": _l("Due date"),
    "period": _l("Month it is for"),
    "concept": _l("Concept"),
    "property_name": _l("Property"),
    "notes": _l("Notes on the invoice"),
    "series_id": _l("Series of numbers"),
    "lines": _l("Lines"),
    "description": _l("Description"),
    "quantity": _l("Quantity"),
    "unit_price": _l("Unit price"),
    "tax": _l("Tax"),
    "withholding": _l("Withholding"),
    "rate": _l("Rate in per cent"),
    "other_rate": _l("Other rate (per cent)"),
}
_PERIOD = re.compile(r"2\d{3}-(0[1-9]|1[0-2])")


@dataclass
class ChargeRow:
    """A tax or withholding of a line: which one, as `Charge.code`, and the rate that was written beside it."""

    code: str = ""
    rate: str = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.code.partition("|")[0]


@dataclass
class LineRow:
    """A line of the form as it was written."""

    description: str = ""
    quantity: str = "1"
    unit_price: str = ""
    taxes: list[ChargeRow] = field(default_factory=list)
    withholdings: list[ChargeRow] = field(default_factory=list)

    def __post_init__(self) -> None:
        """There is always room for a tax and for some withholdings."""
        self.taxes += [ChargeRow() for _ in range(TAX_PLACES - len(self.taxes))]
        self.withholdings += [ChargeRow() for _ in range(WITHHOLDING_PLACES - len(self.withholdings))]

    @property
    def is_empty(self) -> bool:
        """An empty line is left out."""
        return not self.description.strip() and not self.unit_price.strip()


@dataclass(kw_only=True)
class InvoiceForm(Written):
    """Everything that the page shows in its fields."""

    lines: list[LineRow]

    def add_line(self) -> None:
        """One more empty line."""
        if len(self.lines) < MOST_LINES:
            self.lines.append(LineRow())

    def label(self, name: str) -> str:
        """What a field is called."""
        return _label(name)


def _label(name: str) -> str:
    """`line-2-unit_price` → `Line 3, Unit price`."""
    if not name.startswith("line-"):
        return str(LABELS.get(name, ""))
    _, number, rest = name.split("-", 2)
    kind = rest.rpartition("-")[2] if rest.endswith("rate") else rest.partition("-")[0]
    return gettext("Line %(number)s, %(field)s", number=int(number) + 1, field=str(LABELS.get(kind, "")))


def empty_form(role: str, currency: str, issued_on: date) -> InvoiceForm:
    """A form for a new invoice."""
    values = dict.fromkeys(FIELDS, "")
    return InvoiceForm(values | {"role": role, "currency": currency, "issued_on": str(issued_on)}, lines=[LineRow()])


def form_of(invoice: Invoice, country: str) -> InvoiceForm:
    """A form that holds a draft as it is."""
    values = {name: str(value) if (value := getattr(invoice, name)) is not None else "" for name in FIELDS}
    return InvoiceForm(values, lines=[_row_of(line, country) for line in load_lines(invoice.lines)])


def _row_of(line: Line, country: str) -> LineRow:
    def row(tax: Tax) -> ChargeRow:
        return ChargeRow(Charge(tax.name, tax.rate.normalize()).code if tax.rate else f"{tax.name}|0")

    return LineRow(
        line.description,
        written_amount(line.quantity, country),
        written_amount(line.unit_price, country),
        [row(tax) for tax in line.taxes],
        [row(tax) for tax in line.withholdings],
    )


def sent_form(sent: "MultiDict[str, str]") -> InvoiceForm:
    """A form that holds what somebody sent."""
    numbers = sorted({int(found[1]) for name in sent if (found := re.fullmatch(r"line-(\d{1,3})-description", name))})
    rows = [_sent_row(sent, f"line-{number}") for number in numbers[:MOST_LINES]]
    return InvoiceForm({name: sent.get(name, "") for name in FIELDS}, lines=rows or [LineRow()])


def _sent_row(sent: "MultiDict[str, str]", prefix: str) -> LineRow:
    def charges(kind: str) -> list[ChargeRow]:
        names = [f"{prefix}-{kind}-{place}" for place in range(MOST_CHARGES) if f"{prefix}-{kind}-{place}" in sent]
        return [ChargeRow(sent[name], sent.get(f"{name}-rate", "")) for name in names]

    return LineRow(
        sent.get(f"{prefix}-description", ""),
        sent.get(f"{prefix}-quantity", ""),
        sent.get(f"{prefix}-unit_price", ""),
        charges("tax"),
        charges("withholding"),
    )


def read_form(form: InvoiceForm, party_id: uuid.UUID, country: str) -> NewInvoice | None:
    """What a sent form asks for; None where something is wrong, which then stands in its errors."""
    values = form.values
    issued_on: date | None = form.check("issued_on", lambda: day_of(values["issued_on"]))
    due_on: date | None = form.check("due_on", lambda: day_of(values["due_on"]))
    if issued_on and due_on and due_on < issued_on:
        form.errors["due_on"] = gettext("It cannot be due before it is issued.")
    if values["role"] not in ROLES:
        form.errors["role"] = gettext("Choose one.")
    if values["currency"] not in CURRENCIES:
        form.errors["currency"] = gettext("Choose one.")
    if values["period"] and not _PERIOD.fullmatch(values["period"]):
        form.errors["period"] = gettext("Write year and month, such as 2026-11.")
    needed = gettext("Say in one line what the invoice is for.")
    texts: Mapping[str, Any] = {
        "concept": form.check("concept", lambda: text_of(values["concept"], 300, needed=needed)),
        "property_name": form.check("property_name", lambda: text_of(values["property_name"], 300)),
        "notes": form.check("notes", lambda: text_of(values["notes"], 2000)),
    }
    series_id = form.check("series_id", lambda: _series_of(values["series_id"]))
    lines = read_lines(form, country)
    if form.errors or issued_on is None or due_on is None:
        return None
    return NewInvoice(
        party_id=party_id,
        role=values["role"],
        currency=values["currency"],
        lines=lines,
        issued_on=issued_on,
        due_on=due_on,
        period=values["period"],
        series_id=series_id,
        **texts,
    )


def _series_of(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise Wrong(gettext("Choose one.")) from None


def read_lines(form: InvoiceForm, country: str) -> list[Line]:
    """The lines of a form; what is wrong with them stands in its errors."""
    lines = [
        line
        for number, row in enumerate(form.lines)
        if not row.is_empty and (line := _read_line(form, f"line-{number}", row, country))
    ]
    if all(row.is_empty for row in form.lines):
        form.errors["line-0-description"] = gettext("An invoice has at least one line.")
    elif not form.errors and not 0 < totals_of(lines).total <= LARGEST:
        form.errors["line-0-unit_price"] = gettext("The lines add up to nothing to be paid, or to too much.")
    return lines


def _read_line(form: InvoiceForm, prefix: str, row: LineRow, country: str) -> Line | None:
    needed = gettext("Say what is charged.")
    description = form.check(f"{prefix}-description", lambda: text_of(row.description, 300, needed=needed))
    quantity: Decimal | None = form.check(
        f"{prefix}-quantity", lambda: amount_of(row.quantity or "1", country, decimals=6)
    )
    price: Decimal | None = form.check(f"{prefix}-unit_price", lambda: amount_of(row.unit_price, country))
    if quantity is not None and quantity <= 0:
        form.errors[f"{prefix}-quantity"] = gettext("More than nothing, please.")
    if price is not None and price < 0:
        form.errors[f"{prefix}-unit_price"] = gettext("Not less than nothing: what is taken off is a credit note.")
    taxes = _read_charges(form, f"{prefix}-tax", row.taxes)
    withholdings = _read_charges(form, f"{prefix}-withholding", row.withholdings)
    if description is None or quantity is None or price is None or abs(quantity * price) > LARGEST:
        if price is not None and quantity is not None:
            form.errors.setdefault(f"{prefix}-unit_price", gettext("This amount is too large."))
        return None
    return make_line(description, quantity, price, taxes, withholdings)


def _read_charges(form: InvoiceForm, prefix: str, rows: list[ChargeRow]) -> list[tuple[str, Decimal]]:
    found = []
    for place, row in enumerate(rows):
        name, _, usual = row.code.partition("|")
        rate = row.rate.strip() or usual
        if not name:
            if row.rate.strip():
                form.errors[f"{prefix}-{place}"] = gettext("Choose what this rate is of.")
            continue
        value = form.check(f"{prefix}-{place}-rate", lambda rate=rate: rate_of(rate))  # type: ignore[misc]
        if value is not None:
            found.append((name[:40], value))
    return found
