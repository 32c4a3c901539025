"""Late fees: days and amounts against a plain computation in whole cents, and the words of a line."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.rules.fees import (
    CEILING,
    FIXED,
    MAXIMUM,
    MINIMUM,
    MONTHLY,
    ONCE,
    PERCENT,
    Terms,
    base_of,
    compute,
    fee_day,
    limit_of,
    line_text,
    next_fee_day,
    owed_periods,
)

days = st.dates(date(2024, 1, 1), date(2029, 12, 31))
cents = st.integers(1, 10**13)
rates = st.integers(0, 10_000)
limits = st.none() | st.integers(0, 10**9)


def money(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def terms(repeats: str = MONTHLY, grace: int = 0, kind: str = PERCENT, value: str = "2", **more: Decimal) -> Terms:
    return Terms(kind=kind, value=Decimal(value), grace_days=grace, repeats=repeats, **more)


@given(cents, rates, limits, limits, st.none() | rates)
def test_an_amount_is_what_whole_cents_give(base, rate, least, most, ceiling):
    made = compute(
        Terms(
            kind=PERCENT,
            value=money(rate),
            minimum=None if least is None else money(least),
            maximum=None if most is None else money(most),
        ),
        money(base),
        None if ceiling is None else money(ceiling),
    )
    plain = (base * rate * 2 + 10_000) // 20_000  # a half up: base × rate / 10,000
    if least is not None and plain < least:
        plain = least
    if most is not None and plain > most:
        plain = most
    if ceiling is not None and plain > base * ceiling // 10_000:
        plain = base * ceiling // 10_000
    assert int(made.amount * 100) == plain


@given(days, st.integers(0, 90), st.integers(0, 30))
def test_a_fee_day_is_the_same_day_of_a_later_month_or_its_last(due_on, grace, period):
    first = due_on + timedelta(days=1 + grace)
    month = first.replace(day=1)
    for _ in range(period):
        month = (month + timedelta(days=32)).replace(day=1)
    last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    assert fee_day(due_on, grace, period) == month.replace(day=min(first.day, last.day))


@pytest.mark.parametrize(
    ("due", "grace", "expected"),
    [
        ("2026-01-30", 0, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("2028-01-30", 0, ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]),
        ("2026-11-05", 5, ["2026-11-11", "2026-12-11", "2027-01-11", "2027-02-11"]),
    ],
)
def test_months_go_on_from_the_first_day_not_from_a_short_one(due, grace, expected):
    found = owed_periods(terms(grace=grace), date.fromisoformat(due), None, (), date.fromisoformat(expected[-1]))
    assert [str(day) for _, day in found] == expected


def test_the_due_day_and_the_days_of_grace_cost_nothing_and_the_next_one_does():
    once, due = terms(ONCE, grace=3), date(2026, 11, 5)
    assert not owed_periods(once, due, None, (), date(2026, 11, 8))
    assert owed_periods(once, due, None, (), date(2026, 11, 9)) == [(0, date(2026, 11, 9))]
    assert not owed_periods(once, due, None, {0}, date(2027, 11, 9)), "once is once"
    assert next_fee_day(once, due, None, (), date(2026, 11, 8)) == date(2026, 11, 9)
    assert next_fee_day(once, due, None, (), date(2026, 11, 9)) is None


def test_days_of_a_dispute_cost_nothing_and_grace_begins_again_after_it():
    due, settled = date(2026, 11, 5), date(2026, 12, 20)
    assert owed_periods(terms(ONCE, grace=3), due, settled, (), date(2026, 12, 24)) == [(0, date(2026, 12, 24))]
    assert owed_periods(terms(grace=3), due, settled, (), date(2027, 1, 9)) == [(2, date(2027, 1, 9))]


def test_credit_notes_that_took_the_rent_away_leave_no_base_in_the_fee_that_stands_beside_it():
    total, fee = Decimal("1020000.00"), Decimal("20000.00")
    assert base_of(total, total, Decimal(0), fee) == Decimal("1000000.00")
    assert base_of(Decimal("500000.00"), total, Decimal(0), fee) == Decimal("500000.00"), "fees are paid first"
    assert base_of(fee, total, Decimal("1000000.00"), fee) == 0, "what is left is the fee alone"


def test_which_limit_made_the_fee_is_told():
    base = Decimal("100000.00")
    cases = {
        "": terms(),
        MINIMUM: terms(minimum=Decimal("5000.00")),
        MAXIMUM: terms(maximum=Decimal("1000.00")),
        CEILING: terms(value="10"),
    }
    for expected, one in cases.items():
        assert limit_of(one, compute(one, base, Decimal(6))) == expected
    both = terms(minimum=Decimal("9000.00"))
    assert compute(both, base, Decimal(6)).amount == Decimal("6000.00"), "the law is above the minimum"
    assert limit_of(both, compute(both, base, Decimal(6))) == CEILING


def test_a_line_says_what_for_and_how_much_of_what():
    percent = terms(value="1.5")
    made = compute(percent, Decimal("1000000.00"), None)
    assert line_text("FV-000123", percent, made, "COP", 0, "es") == (
        "Multa por pago tardío de la factura FV-000123 (1,5\u00a0% de $\u00a01.000.000,00\u00a0COP)"
    )
    assert line_text("FV-000123", percent, made, "COP", 1, "en").endswith(
        "(month 2, 1.5% of $\u00a01,000,000.00\u00a0COP)"
    )
    fixed = terms(kind=FIXED, value="30000.00")
    flat = compute(fixed, Decimal("1000000.00"), None)
    assert line_text("FV-1", fixed, flat, "COP", 0, "es") == "Multa por pago tardío de la factura FV-1"
