"""Periods of account statements."""

from datetime import date

from services.portal.rules.periods import MONTH, QUARTER, YEAR, period_start


def test_periods_begin_with_a_month():
    assert period_start(MONTH, date(2026, 11, 21)) == date(2026, 11, 1)
    assert period_start(QUARTER, date(2026, 11, 21)) == date(2026, 9, 1)
    assert period_start(QUARTER, date(2026, 1, 31)) == date(2025, 11, 1)
    assert period_start(QUARTER, date(2026, 2, 1)) == date(2025, 12, 1)
    assert period_start(YEAR, date(2026, 11, 21)) == date(2026, 1, 1)
