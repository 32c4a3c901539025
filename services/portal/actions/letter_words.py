"""What letters say, as people read it in their language: days, amounts, what an invoice is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date, format_interval

from services.portal.rules.money import money_text
from shared.i18n import LANGUAGES


@dataclass(frozen=True)
class InvoiceSaid:
    """What a letter about an invoice says; `amount` is what there is to be paid of it. Called with a language."""

    number: str
    amount: Decimal
    currency: str
    due_on: date | None
    concept: str

    def __call__(self, language: str) -> Mapping[str, str]:
        return {
            "number": self.number,
            "amount": money_text(self.amount, self.currency, language),
            "due": day_text(self.due_on, language) if self.due_on else "",
            "concept": self.concept,
        }


@lru_cache(maxsize=512)
def day_text(day: date, language: str) -> str:
    """A day in words, in a language; in the first of ours where we do not know it."""
    return format_date(day, "long", locale=_known(language))


@lru_cache(maxsize=512)
def days_text(first: date, last: date, language: str) -> str:
    """A span of days in words."""
    return str(format_interval(first, last, "yMMMMd", locale=_known(language)))


def _known(language: str) -> str:
    return language if language in LANGUAGES else LANGUAGES[0]
