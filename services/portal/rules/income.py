"""What a statement of income adds up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from services.portal.rules.money import ZERO

DRAFT, PUBLISHED, VOID = "draft", "published", "void"
MOST_LINES = 300


@dataclass(frozen=True)
class IncomeLine:
    """What a property brought in, or (negative) what was taken off."""

    property_name: str
    concept: str
    amount: Decimal


@dataclass(frozen=True)
class IncomeTotals:
    """What lines add up to; `deductions` is positive."""

    income: Decimal
    deductions: Decimal

    @property
    def net(self) -> Decimal:
        """What is paid out to the owner."""
        return self.income - self.deductions


def income_totals(lines: Sequence[IncomeLine]) -> IncomeTotals:
    """What lines add up to."""
    return IncomeTotals(
        sum((line.amount for line in lines if line.amount > 0), ZERO),
        -sum((line.amount for line in lines if line.amount < 0), ZERO),
    )


def dump_income(lines: Sequence[IncomeLine]) -> list[dict[str, Any]]:
    """As they are stored: decimals are strings."""
    return [{"property": one.property_name, "concept": one.concept, "amount": str(one.amount)} for one in lines]


def load_income(stored: Sequence[dict[str, Any]]) -> list[IncomeLine]:
    """What `dump_income` made."""
    return [IncomeLine(one.get("property", ""), one["concept"], Decimal(one["amount"])) for one in stored]
