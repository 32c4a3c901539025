"""What is wrong with an amount, a day or a text that somebody wrote into a form, as a sentence."""

from datetime import date
from decimal import Decimal

from flask_babel import gettext

from services.portal.rules.amounts import NotAnAmount, parse_amount, parse_rate

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)
"""A year of two digits, or of five, is a slip."""


class Wrong(Exception):
    """What somebody wrote cannot be meant; the text says why in the reader's language."""


def amount_of(text: str, country: str, *, decimals: int = 2) -> Decimal:
    """The amount in a field. Raises Wrong."""
    try:
        return parse_amount(text, country, decimals=decimals)
    except NotAnAmount as error:
        raise Wrong(amount_text(error.reason, country)) from None


def rate_of(text: str) -> Decimal:
    """The rate in a field. Raises Wrong."""
    try:
        return parse_rate(text)
    except NotAnAmount as error:
        if error.reason == "empty":
            raise Wrong(gettext("Write the rate in per cent.")) from None
        raise Wrong(gettext("This is no rate: write a number from 0 to 100, such as 3,5.")) from None


def day_of(text: str) -> date:
    """The day in a field of a date. Raises Wrong."""
    if not text.strip():
        raise Wrong(gettext("Choose a day."))
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise Wrong(gettext("This is no day. Write year, month and day, such as 2026-11-05.")) from None
    if not EARLIEST <= day <= LATEST:
        raise Wrong(gettext("The year of this day cannot be right."))
    return day


def text_of(text: str, most: int, *, needed: str = "") -> str:
    """The text in a field, without needless blanks; `needed` is what to say where it is empty. Raises Wrong."""
    plain = text.strip()
    if not plain and needed:
        raise Wrong(needed)
    if len(plain) > most:
        raise Wrong(gettext("At most %(most)s characters.", most=most))
    return plain


def amount_text(reason: str, country: str) -> str:
    """What is wrong with an amount, by the reason of NotAnAmount."""
    example = "1,850,000.50" if country == "MX" else "1.850.000,50"
    match reason:
        case "empty":
            return gettext("Write an amount.")
        case "too_precise":
            return gettext("Too many decimals. An amount has two, such as %(example)s.", example=example)
        case "too_large":
            return gettext("This amount is too large.")
    return gettext("This is no amount. Write it such as %(example)s.", example=example)
