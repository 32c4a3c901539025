"""Labels, days and amounts as one reader expects them on paper."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from babel.dates import format_date
from babel.numbers import format_decimal

from services.portal.rules.money import method_text, money_text
from services.portal.rules.words import amount_in_words
from shared.i18n import catalog

_CATALOGS = Path(__file__).parents[1] / "translations"


@dataclass(frozen=True)
class Pen:
    """Writes for one reader in one currency: Mexican pesos are 1,234.56 where Colombian ones are 1.234,56."""

    language: str
    currency: str

    @property
    def _locale(self) -> str:
        if self.language == "en":
            return "en_US"
        return "es_MX" if self.currency == "MXN" else "es_CO"

    def gettext(self, message: str) -> str:
        """A label in the reader's language."""
        return str(catalog(self.language, _CATALOGS).gettext(message))

    def number(self, amount: Decimal) -> str:
        """An amount for a column: two decimals, no currency."""
        return format_decimal(amount, "#,##0.00;−#,##0.00", self._locale)

    def money(self, amount: Decimal) -> str:
        """An amount that stands alone."""
        return money_text(amount, self.currency, self.language)

    def words(self, amount: Decimal) -> str:
        """An amount in words."""
        return amount_in_words(amount, self.currency, self.language)

    def method(self, method: str) -> str:
        """A way of paying."""
        return method_text(method, self.language)

    def quantity(self, quantity: Decimal) -> str:
        """A number of things or a rate: decimals only where there are some."""
        return format_decimal(quantity, "#,##0.######", self._locale)

    def day(self, day: date | None) -> str:
        """A day in words, "" for none."""
        return format_date(day, "long", self._locale) if day else ""

    def short_day(self, day: date) -> str:
        """A day for a column."""
        return format_date(day, "dd/MM/yyyy" if self.language == "es" else "dd MMM yyyy", self._locale)

    def month(self, period: str) -> str:
        """`2026-11` as `noviembre de 2026`; anything else as it is."""
        try:
            first = date.fromisoformat(f"{period}-01")
        except ValueError:
            return period
        return format_date(first, "MMMM 'de' y" if self.language == "es" else "MMMM y", self._locale)
