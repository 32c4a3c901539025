"""What other systems bill: their figures are checked against ours before an invoice is believed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from services.portal.rules.invoices import Line, Tax, make_line, totals_of

TOLERANCE = Decimal("1.00")
"""By how much a tax may differ from its rate: others round per unit, per invoice or to whole pesos."""


class Disagreement(Exception):
    """A field that cannot be right beside the others. `reason`: tax, total or due; `expected`: what would be right."""

    def __init__(self, field: str, reason: str, expected: Decimal | date) -> None:
        super().__init__(f"{field}: {reason}, expected {expected}")
        self.field, self.reason, self.expected = field, reason, expected


@dataclass(frozen=True)
class SentTax:
    """A tax or withholding as another system sent it, perhaps with the amount that it computed."""

    name: str
    rate: Decimal
    amount: Decimal | None = None


@dataclass(frozen=True)
class SentLine:
    """A line as another system sent it."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    taxes: Sequence[SentTax] = ()
    withholdings: Sequence[SentTax] = ()


def billed_lines(sent: Sequence[SentLine], total: Decimal | None) -> list[Line]:
    """The lines with everything computed; amounts of taxes are kept as they were sent, because they are in the books.

    Raises Disagreement: an amount is not what its rate gives, or the lines do not add up to `total` to the cent.
    """
    lines = [_billed_line(line, f"lines.{position}") for position, line in enumerate(sent)]
    computed = totals_of(lines).total
    if total is not None and total != computed:
        raise Disagreement("total", "total", computed)
    return lines


def check_days(issued_on: date, due_on: date) -> None:
    """Nothing is due before it is issued. Raises Disagreement."""
    if due_on < issued_on:
        raise Disagreement("due_on", "due", issued_on)


def _billed_line(sent: SentLine, place: str) -> Line:
    rates = [[(tax.name, tax.rate) for tax in taxes] for taxes in (sent.taxes, sent.withholdings)]
    line = make_line(sent.description, sent.quantity, sent.unit_price, *rates)
    return replace(
        line,
        taxes=_as_sent(line.taxes, sent.taxes, f"{place}.taxes"),
        withholdings=_as_sent(line.withholdings, sent.withholdings, f"{place}.withholdings"),
    )


def _as_sent(computed: Sequence[Tax], sent: Sequence[SentTax], place: str) -> tuple[Tax, ...]:
    taxes = []
    for position, (ours, theirs) in enumerate(zip(computed, sent, strict=True)):
        amount = ours.amount if theirs.amount is None else theirs.amount
        if abs(amount - ours.amount) > TOLERANCE:
            raise Disagreement(f"{place}.{position}.amount", "tax", ours.amount)
        taxes.append(replace(ours, amount=amount))
    return tuple(taxes)
