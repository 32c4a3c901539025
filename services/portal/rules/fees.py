"""Late fees: from which day one is owed, how much it is, and its text."""

from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from services.portal.rules.money import CENT, ZERO, money_text, rounded

PERCENT, FIXED, NONE = "percent", "fixed", "none"
KINDS = (PERCENT, FIXED, NONE)
ONCE, MONTHLY = "once", "monthly"
REPEATS = (ONCE, MONTHLY)
ON_DOCUMENT, ON_NEXT_INVOICE = "document", "next_invoice"
CHARGED_ON = (ON_DOCUMENT, ON_NEXT_INVOICE)
PENDING, CHARGED, WAIVED = "pending", "charged", "waived"
STATES = (PENDING, CHARGED, WAIVED)
MOST_GRACE, MOST_PAY_WITHIN = 90, 90


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a rule says, as far as days and amounts go; `value` is per cent, or the amount."""

    kind: str
    value: Decimal
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    grace_days: int = 0
    repeats: str = ONCE


@dataclass(frozen=True)
class Computed:
    """A fee and how it came about. `ceiling` is the most that was allowed, None where no ceiling is set."""

    base: Decimal
    computed: Decimal
    ceiling: Decimal | None
    amount: Decimal


def fee_day(due_on: date, grace_days: int, period: int) -> date:
    """The day from which the fee of a period is owed: 0 is the first one, each following a month later.

    The due date is not counted among the days of grace. A day that a month does not have is its last one; the month
    after that has the first fee's day again.
    """
    first = due_on + timedelta(days=grace_days + 1)
    months = first.year * 12 + first.month - 1 + period
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(first.day, monthrange(year, month)[1]))


def fee_days(terms: Terms, due_on: date, free_until: date | None) -> Iterator[tuple[int, date]]:
    """The periods of a late invoice with the days from which they cost, in order; for `monthly` without an end.

    Days up to `free_until` cost nothing (it was in dispute till then, or was not issued yet). A fee that comes once is
    then owed after as many days of grace, counted from that day; one that comes monthly leaves those months out.
    """
    if terms.repeats == ONCE:
        first = fee_day(due_on, terms.grace_days, 0)
        again = fee_day(free_until, terms.grace_days, 0) if free_until and first <= free_until else first
        yield 0, again
        return
    period = 0
    while True:
        day = fee_day(due_on, terms.grace_days, period)
        if free_until is None or day > free_until:
            yield period, day
        period += 1


def owed_periods(
    terms: Terms, due_on: date, free_until: date | None, charged: Collection[int], today: date
) -> list[tuple[int, date]]:
    """The periods whose day has come and that were not charged yet."""
    found = []
    for period, day in fee_days(terms, due_on, free_until):
        if day > today:
            break
        if period not in charged:
            found.append((period, day))
    return found


def next_fee_day(
    terms: Terms, due_on: date, free_until: date | None, charged: Collection[int], today: date
) -> date | None:
    """The next day from which not having paid costs a fee; None where there is none to come."""
    days = fee_days(terms, due_on, free_until)
    return next((day for period, day in days if day > today and period not in charged), None)


def base_of(balance: Decimal, total: Decimal, noted: Decimal, fees: Decimal) -> Decimal:
    """What of an invoice is owed without fees that stand on it.

    `noted`: what credit notes took from it; `fees`: what of fees on it was not waived. Payments go to fees first
    (Código Civil of Colombia, article 1653: to the interest, then to the capital).
    """
    return max(ZERO, min(balance, total - noted - fees))


def compute(terms: Terms, base: Decimal, ceiling_rate: Decimal | None) -> Computed:
    """The fee for what is owed: the percentage or amount, then minimum, maximum, and last what the law allows.

    `ceiling_rate`: the most per cent of what is owed; a fraction of a cent beyond it is not charged.
    """
    computed = rounded(base * terms.value / 100) if terms.kind == PERCENT else terms.value
    amount = max(computed, terms.minimum) if terms.minimum is not None else computed
    amount = min(amount, terms.maximum) if terms.maximum is not None else amount
    ceiling = None
    if ceiling_rate is not None:
        ceiling = (base * ceiling_rate / 100).quantize(CENT, ROUND_DOWN)
        amount = min(amount, ceiling)
    return Computed(base, computed, ceiling, max(ZERO, amount) if base else ZERO)


def rate_text(rate: Decimal, language: str) -> str:
    """A rate as people read it: `2 %`, `1,5 %`."""
    number = f"{rate.normalize():f}" if rate else "0"
    return f"{number}%" if language == "en" else f"{number.replace('.', ',')}\u00a0%"


def concept_text(number: str, language: str) -> str:
    """What the fee for an invoice is called."""
    if language == "en":
        return f"Late fee for invoice {number}"
    return f"Multa por pago tardío de la factura {number}"


def line_text(number: str, terms: Terms, fee: Computed, currency: str, period: int, language: str) -> str:
    """A fee as a line of an invoice says it: what for, and how it was computed."""
    english = language == "en"
    parts = [f"month {period + 1}" if english else f"mes {period + 1}"] if period else []
    if terms.kind == PERCENT:
        base = money_text(fee.base, currency, language)
        parts.append(f"{rate_text(terms.value, language)} {'of' if english else 'de'} {base}")
    if limit := limit_of(terms, fee):
        parts.append(_LIMITS[limit][english])
    return concept_text(number, language) + (f" ({', '.join(parts)})" if parts else "")


MINIMUM, MAXIMUM, CEILING = "minimum", "maximum", "ceiling"
_LIMITS = {MINIMUM: ("mínimo", "minimum"), MAXIMUM: ("máximo", "maximum"), CEILING: ("tope legal", "legal ceiling")}


def limit_of(terms: Terms, fee: Computed) -> str:
    """Which limit made the fee what it is: MINIMUM, MAXIMUM or CEILING; "" where none did."""
    before = max(fee.computed, terms.minimum) if terms.minimum is not None else fee.computed
    before = min(before, terms.maximum) if terms.maximum is not None else before
    if fee.amount < before:
        return CEILING
    if fee.amount == fee.computed:
        return ""
    return MINIMUM if fee.amount > fee.computed else MAXIMUM
