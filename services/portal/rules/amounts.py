"""Amounts as people type them: `1.850.000`, `1,850,000.50`, `1850000,5`, `$ 1.850.000 COP`."""

import re
from decimal import Decimal

from services.portal.rules.money import CURRENCIES, LARGEST

MOST_DECIMALS = 6
DECIMAL_SIGNS = {"CO": ",", "MX": "."}
"""What parts the decimals in a country; it decides where a text by itself could mean two amounts."""
_AROUND = re.compile(rf"(?:\$|€|{'|'.join(CURRENCIES)}|[\s'’])+", re.IGNORECASE)
_SHAPE = re.compile(r"[+\-−]?\d[\d.,]*|[+\-−]?[.,]\d+")
_GROUPS = re.compile(r"[1-9]\d{0,2}(?:[.,]\d{3})+")


class NotAnAmount(Exception):
    """A text that is no amount. `reason`: `empty`, `not_a_number`, `too_precise` or `too_large`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_amount(text: str, country: str, *, decimals: int = 2) -> Decimal:
    """The amount that a text means, with at most so many decimals.

    With both signs the last one parts the decimals. A single one with three digits behind it (`1.850`) is read as in
    `country`; a sign that does not form groups of three parts decimals wherever it stands. Raises NotAnAmount.
    """
    return _checked(_plain(text, DECIMAL_SIGNS.get(country, ",")), decimals)


def parse_rate(text: str) -> Decimal:
    """A rate in per cent: `19`, `19 %`, `0,966`. No rate has groups of thousands, so either sign parts the decimals.

    Raises NotAnAmount.
    """
    written = text.strip().removesuffix("%").strip()
    if not written:
        raise NotAnAmount("empty")
    rate = _checked(_number(written.replace(",", ".")), 4)
    if not 0 <= rate <= 100:
        raise NotAnAmount("too_large" if rate > 100 else "not_a_number")
    return rate


def _plain(text: str, decimal_sign: str) -> Decimal:
    written = _AROUND.sub("", text)
    if not written:
        raise NotAnAmount("empty")
    if not _SHAPE.fullmatch(written):
        raise NotAnAmount("not_a_number")
    negative = written[0] in "-−"
    number = _unsigned(written.lstrip("+-−"), decimal_sign)
    return -number if negative else number


def _unsigned(written: str, decimal_sign: str) -> Decimal:
    last = max(written.rfind("."), written.rfind(","))
    if last < 0:
        return _number(written)
    sign, other = written[last], "," if written[last] == "." else "."
    if other in written:
        whole, fraction = written[:last], written[last + 1 :]
        if sign in whole or not _GROUPS.fullmatch(whole):
            raise NotAnAmount("not_a_number")
        return _number(f"{whole.replace(other, '')}.{fraction}")
    if _GROUPS.fullmatch(written) and (written.count(sign) > 1 or sign != decimal_sign):
        return _number(written.replace(sign, ""))
    if written.count(sign) > 1:
        raise NotAnAmount("not_a_number")
    return _number(written.replace(sign, "."))


def _number(written: str) -> Decimal:
    if not re.fullmatch(r"(?=[\d.]*\d)\d*\.?\d*", written, re.ASCII):
        raise NotAnAmount("not_a_number")
    return Decimal(written)


def _checked(number: Decimal, decimals: int) -> Decimal:
    if abs(number) > LARGEST:
        raise NotAnAmount("too_large")
    if number != round(number, decimals):
        raise NotAnAmount("too_precise")
    return round(number, decimals) if decimals == 2 else _trimmed(number)


def _trimmed(number: Decimal) -> Decimal:
    """Without zeros at its end: a quantity of 1 is no 1.000000."""
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize()


def written_amount(number: Decimal, country: str) -> str:
    """A number as the country writes it, for a field that is read again by `parse_amount`; no needless zeros."""
    sign = DECIMAL_SIGNS.get(country, ",")
    whole, _, fraction = f"{abs(number):,f}".partition(".")
    fraction = fraction.rstrip("0")
    # Three digits behind the sign of decimals would be as good as a group where the other country reads them.
    fraction = fraction.ljust(2, "0") if fraction else ""
    grouped = whole.replace(",", "." if sign == "," else ",")
    return f"{'-' if number < 0 else ''}{grouped}{sign + fraction if fraction else ''}"
