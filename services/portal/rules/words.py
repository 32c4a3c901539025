"""Amounts in words, as receipts and invoices have them: `un millón de pesos con cincuenta centavos`."""

import re
from dataclasses import dataclass
from decimal import Decimal

from num2words import num2words

from services.portal.rules.money import rounded


@dataclass(frozen=True)
class _Names:
    """A currency and its hundredth, for one and for several."""

    one: str
    many: str
    cent: str
    cents: str


_NAMES = {
    "es": {
        "COP": _Names("peso", "pesos", "centavo", "centavos"),
        "MXN": _Names("peso mexicano", "pesos mexicanos", "centavo", "centavos"),
        "USD": _Names("dólar", "dólares", "centavo", "centavos"),
        "EUR": _Names("euro", "euros", "céntimo", "céntimos"),
    },
    "en": {
        "COP": _Names("Colombian peso", "Colombian pesos", "centavo", "centavos"),
        "MXN": _Names("Mexican peso", "Mexican pesos", "centavo", "centavos"),
        "USD": _Names("US dollar", "US dollars", "cent", "cents"),
        "EUR": _Names("euro", "euros", "cent", "cents"),
    },
}
_WHOLE_MILLIONS = re.compile(r"mill(?:ón|ones)$")


def amount_in_words(amount: Decimal, currency: str, language: str) -> str:
    """An amount of one of CURRENCIES in `es` or `en`, beginning with a capital; cents only where there are some."""
    names = _NAMES[language][currency]
    whole, cents = divmod(int(rounded(abs(amount)) * 100), 100)
    words = _counted(whole, names.one, names.many, language)
    if cents:
        joint = "con" if language == "es" else "and"
        words = f"{words} {joint} {_counted(cents, names.cent, names.cents, language)}"
    if amount < 0:
        words = f"{'menos' if language == 'es' else 'minus'} {words}"
    return words[:1].upper() + words[1:]


def _counted(number: int, one: str, many: str, language: str) -> str:
    words = num2words(number, lang=language)
    if language == "es":
        words = _before_noun(words)
    return f"{words} {one if number == 1 else many}"


def _before_noun(words: str) -> str:
    """A Spanish number before a masculine noun: `veintiún mil`, `treinta y un pesos`, `un millón de pesos`."""
    words = re.sub(r"\bveintiuno\b", "veintiún", words)
    words = re.sub(r"\buno\b", "un", words)
    return f"{words} de" if _WHOLE_MILLIONS.search(words) else words
