"""Money: two decimals, one rounding, and the currencies that the product knows."""

from decimal import ROUND_HALF_UP, Decimal

CURRENCIES = ("COP", "MXN", "USD", "EUR")
"""ISO 4217; all of them have two decimals."""
CENT = Decimal("0.01")
LARGEST = Decimal("999999999999.99")
"""What one amount may be at most, so that sums of very many still fit."""


def rounded(amount: Decimal) -> Decimal:
    """To cents, a half away from zero: how invoices are rounded in Colombia and Mexico."""
    return amount.quantize(CENT, ROUND_HALF_UP)
