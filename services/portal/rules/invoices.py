"""What an invoice adds up to, and in which state it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from services.portal.rules.money import ZERO, rounded

DRAFT, ISSUED, PARTLY_PAID, PAID, CREDITED, VOID = "draft", "issued", "partly_paid", "paid", "credited", "void"
OVERDUE = "overdue"
"""Shown, never stored: open after the due day."""
STATES = (DRAFT, ISSUED, PARTLY_PAID, PAID, CREDITED, VOID)
SHOWN_STATES = (*STATES, OVERDUE)
OPEN_STATES = (ISSUED, PARTLY_PAID)
ENDED_STATES = (PAID, CREDITED, VOID)
INVOICE, CREDIT_NOTE = "invoice", "credit_note"
ROLES = ("tenant", "owner")
MOST_LINES = 500


@dataclass(frozen=True)
class Tax:
    """A tax or a withholding of a line. `rate` is in per cent."""

    name: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Line:
    """A line of an invoice. `amount` is quantity times unit price, the base of its taxes and withholdings."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    taxes: tuple[Tax, ...] = ()
    withholdings: tuple[Tax, ...] = ()


@dataclass(frozen=True)
class Totals:
    """What lines add up to. `total` = subtotal + taxes − withholdings, what is to be paid."""

    subtotal: Decimal
    tax_total: Decimal
    withholding_total: Decimal
    total: Decimal


def make_line(
    description: str,
    quantity: Decimal,
    unit_price: Decimal,
    taxes: Sequence[tuple[str, Decimal]] = (),
    withholdings: Sequence[tuple[str, Decimal]] = (),
) -> Line:
    """A line with everything computed; `taxes` and `withholdings` are names with rates in per cent.

    Each is rounded by itself to cents, as fiscal documents have them (Anexo técnico de la DIAN 1.9, CFDI 4.0).
    """
    amount = rounded(quantity * unit_price)
    return Line(description, quantity, unit_price, amount, _applied(amount, taxes), _applied(amount, withholdings))


def _applied(base: Decimal, rates: Sequence[tuple[str, Decimal]]) -> tuple[Tax, ...]:
    return tuple(Tax(name, rate, rounded(base * rate / 100)) for name, rate in rates)


def totals_of(lines: Sequence[Line]) -> Totals:
    """What lines add up to."""
    subtotal = sum((line.amount for line in lines), ZERO)
    taxes = sum((tax.amount for line in lines for tax in line.taxes), ZERO)
    withheld = sum((tax.amount for line in lines for tax in line.withholdings), ZERO)
    return Totals(subtotal, taxes, withheld, subtotal + taxes - withheld)


def dump_lines(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """As they are stored and sent: decimals are strings."""
    return [
        {
            "description": line.description,
            "quantity": str(line.quantity),
            "unit_price": str(line.unit_price),
            "amount": str(line.amount),
            "taxes": [_dump_tax(tax) for tax in line.taxes],
            "withholdings": [_dump_tax(tax) for tax in line.withholdings],
        }
        for line in lines
    ]


def _dump_tax(tax: Tax) -> dict[str, str]:
    return {"name": tax.name, "rate": str(tax.rate), "amount": str(tax.amount)}


def load_lines(stored: Sequence[dict[str, Any]]) -> list[Line]:
    """What `dump_lines` made."""
    return [
        Line(
            line["description"],
            Decimal(line["quantity"]),
            Decimal(line["unit_price"]),
            Decimal(line["amount"]),
            tuple(map(_load_tax, line["taxes"])),
            tuple(map(_load_tax, line["withholdings"])),
        )
        for line in stored
    ]


def _load_tax(stored: dict[str, str]) -> Tax:
    return Tax(stored["name"], Decimal(stored["rate"]), Decimal(stored["amount"]))


def shown_state(state: str, due_on: date | None, today: date) -> str:
    """The state as people see it: one of SHOWN_STATES."""
    return OVERDUE if state in OPEN_STATES and due_on is not None and due_on < today else state
