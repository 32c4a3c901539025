"""The form of a rule for late fees, as an administrator writes it."""

from dataclasses import dataclass
from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from services.portal.actions.fees import NewRule
from services.portal.models import FeeRule, Party
from services.portal.pages.written import Written
from services.portal.rules.amounts import written_amount
from services.portal.rules.fees import (
    CHARGED_ON,
    FIXED,
    KINDS,
    MOST_GRACE,
    MOST_PAY_WITHIN,
    NONE,
    ON_DOCUMENT,
    ONCE,
    PERCENT,
    REPEATS,
)
from services.portal.rules.money import CURRENCIES, ZERO
from services.portal.schemas.fields import Wrong, amount_of, rate_of

LABELS = {
    "currency": _l("Currency"),
    "kind": _l("How much"),
    "rate": _l("Percentage"),
    "value": _l("Fixed amount"),
    "minimum": _l("At least"),
    "maximum": _l("At most"),
    "grace_days": _l("Days of grace"),
    "repeats": _l("How often"),
    "charged_on": _l("Where it is charged"),
    "pay_within_days": _l("Days to pay it"),
}


@dataclass(kw_only=True)
class FeeRuleForm(Written):
    """What was written. The rule is of a class, or of one client."""

    country: str
    role: str | None
    party: Party | None

    @classmethod
    def of_rule(
        cls, rule: FeeRule | None, country: str, role: str | None, party: Party | None, currency: str
    ) -> "FeeRuleForm":
        """As the rule in force says, or what is usual."""
        values = {
            "currency": currency,
            "kind": PERCENT,
            "grace_days": "3",
            "repeats": ONCE,
            "charged_on": ON_DOCUMENT,
            "pay_within_days": "5",
        }
        if rule:
            values |= {
                "kind": rule.kind,
                "grace_days": str(rule.grace_days),
                "repeats": rule.repeats,
                "charged_on": rule.charged_on,
                "pay_within_days": str(rule.pay_within_days),
            }
            limits = {"minimum": rule.minimum, "maximum": rule.maximum, _value_of(rule.kind): rule.value}
            values |= {name: written_amount(one, country) for name, one in limits.items() if one is not None}
        return cls(values=values, country=country, role=role, party=party)

    def label(self, name: str) -> str:
        """What a field is called."""
        return str(LABELS.get(name, ""))

    def rule(self) -> NewRule | None:
        """The rule that is meant; None where something is wrong."""
        currency, kind = self._one_of("currency", CURRENCIES), self._one_of("kind", KINDS)
        if kind == NONE and self.party is None:
            self.errors.setdefault("kind", gettext("Choose one of these."))
        if kind == NONE:
            return None if self.errors else self._new(currency=currency, kind=NONE)
        minimum, maximum = (self._limit(name) if kind == PERCENT else None for name in ("minimum", "maximum"))
        if minimum is not None and maximum is not None and minimum > maximum:
            self.errors.setdefault("maximum", gettext("It cannot be less than the least."))
        new = {
            "currency": currency,
            "kind": kind,
            "value": self._value(kind),
            "minimum": minimum,
            "maximum": maximum,
            "grace_days": self.read("grace_days", lambda text: _days(text, MOST_GRACE)),
            "repeats": self._one_of("repeats", REPEATS),
            "charged_on": self._one_of("charged_on", CHARGED_ON),
            "pay_within_days": self.read("pay_within_days", lambda text: _days(text, MOST_PAY_WITHIN)),
        }
        return None if self.errors else self._new(**new)

    def _new(self, **values: object) -> NewRule:
        scope = {"party_id": self.party.id} if self.party else {"role": self.role}
        return NewRule(**scope, **values)  # type: ignore[arg-type]

    def _one_of(self, name: str, known: tuple[str, ...]) -> str:
        if self.value(name) not in known:
            self.errors.setdefault(name, gettext("Choose one of these."))
        return self.value(name)

    def _value(self, kind: str) -> Decimal:
        if kind == PERCENT:
            return self.read("rate", _rate) or ZERO
        return self.read("value", lambda text: _positive(text, self.country)) or ZERO

    def _limit(self, name: str) -> Decimal | None:
        return self.read(name, lambda text: _positive(text, self.country)) if self.value(name).strip() else None


def _value_of(kind: str) -> str:
    return {PERCENT: "rate", FIXED: "value"}.get(kind, "")


def _rate(text: str) -> Decimal:
    rate = rate_of(text)
    if not 0 < rate <= 100 or rate != round(rate, 2):
        raise Wrong(gettext("Write a percentage above 0 and up to 100, with at most two decimals, such as 1,5."))
    return rate


def rate_or_none(text: str) -> Decimal | None:
    """A percentage, or None where nothing was written. Raises Wrong."""
    return _rate(text) if text.strip() else None


def _positive(text: str, country: str) -> Decimal:
    amount = amount_of(text, country)
    if amount <= 0:
        raise Wrong(gettext("More than nothing, please."))
    return amount


def _days(text: str, most: int) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 4 and int(plain) <= most):
        raise Wrong(gettext("Write a number from 0 to %(most)s.", most=most))
    return int(plain)
