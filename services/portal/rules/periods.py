"""Periods of account statements."""

from datetime import date

MONTH, QUARTER, YEAR, OWN = "month", "quarter", "year", "own"
PERIODS = (MONTH, QUARTER, YEAR, OWN)
FIRST_DAY = date(2000, 1, 1)
"""Nobody asks for what was before."""


def period_start(period: str, today: date) -> date:
    """The first day of the present month or year, or of the month two before (the last three months)."""
    if period == YEAR:
        return today.replace(month=1, day=1)
    if period == QUARTER:
        months = today.year * 12 + today.month - 1 - 2
        return date(months // 12, months % 12 + 1, 1)
    return today.replace(day=1)
