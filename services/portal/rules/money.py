"""Money: two decimals, one rounding, and the currencies that the product knows."""

from decimal import ROUND_HALF_UP, Decimal

CURRENCIES = ("COP", "MXN", "USD", "EUR")
"""ISO 4217; all of them have two decimals."""
CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("999999999999.99")
"""What one amount may be at most, so that sums of very many still fit."""


def rounded(amount: Decimal) -> Decimal:
    """To cents, a half away from zero: how invoices are rounded in Colombia and Mexico."""
    return amount.quantize(CENT, ROUND_HALF_UP)


METHODS = {
    "wompi": ("Wompi", "Wompi"),
    "stripe": ("Stripe", "Stripe"),
    "sandbox": ("Pasarela de prueba", "Trial gateway"),
    "transfer": ("Transferencia", "Transfer"),
    "cash": ("Efectivo", "Cash"),
    "card": ("Tarjeta", "Card"),
    "cheque": ("Cheque", "Cheque"),
    "other": ("Otro", "Other"),
}
"""How money comes in: in Spanish and in English."""
HAND_METHODS = ("transfer", "cash", "card", "cheque", "other")
"""What an agent or a client may say."""


def method_text(method: str, language: str) -> str:
    """A method as people read it."""
    spanish, english = METHODS.get(method, (method, method))
    return english if language == "en" else spanish


COMMAS_AND_POINTS = str.maketrans(",.", ".,")


def money_text(amount: Decimal, currency: str, language: str) -> str:
    """An amount as people read it: with the sign and the name of its currency, always with cents.

    The name stands beside the sign, because `$` alone may be a Colombian, a Mexican or a US dollar.
    """
    number = f"{abs(amount):,.2f}"  # as Babel writes it, fifty times faster
    if language != "en" and currency != "MXN":
        number = number.translate(COMMAS_AND_POINTS)
    sign = "€" if currency == "EUR" else "$"
    return f"{'−' if amount < 0 else ''}{sign}\u00a0{number}\u00a0{currency}"
