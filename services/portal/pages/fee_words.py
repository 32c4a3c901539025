"""Late fees in words: what a rule says, and how a fee was computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask_babel import format_date, gettext, ngettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from services.portal.models import FeeRule, Invoice
from services.portal.queries.fees import Fee, NextFee, list_fees_of, list_fees_standing_on, next_fee, terms_of
from services.portal.rules.fees import (
    CEILING,
    CHARGED,
    FIXED,
    MAXIMUM,
    MINIMUM,
    MONTHLY,
    NONE,
    ON_NEXT_INVOICE,
    PENDING,
    PERCENT,
    WAIVED,
    Computed,
    limit_of,
    rate_text,
)
from services.portal.rules.money import money_text
from shared import clock
from shared.i18n import language
from shared.web import current
from shared.web.look import State

ROLE_NAMES = {"tenant": _l("Tenants"), "owner": _l("Owners")}
KIND_NAMES = {
    PERCENT: _l("A percentage of what is still owed"),
    FIXED: _l("A fixed amount"),
    NONE: _l("Pays no late fee"),
}
REPEAT_NAMES = {"once": _l("Once"), MONTHLY: _l("Every month, until it is paid")}
PLACE_NAMES = {
    "document": _l("On a document of its own, at once"),
    ON_NEXT_INVOICE: _l("As a line of the client's next invoice"),
}
FEE_STATES: dict[str, State] = {
    PENDING: (_l("Waits for the next invoice"), "waiting", "hourglass-split"),
    CHARGED: (_l("Charged"), "info", "receipt"),
    WAIVED: (_l("Waived"), "off", "arrow-counterclockwise"),
}


def rule_words(rule: FeeRule) -> list[str]:
    """What a rule says, one plain sentence each."""
    if rule.kind == NONE:
        return [gettext("This client pays no late fee.")]
    said = [_amount_words(rule)]
    if rule.minimum is not None:
        said.append(gettext("At least %(amount)s.", amount=_money(rule.minimum, rule.currency)))
    if rule.maximum is not None:
        said.append(gettext("At most %(amount)s.", amount=_money(rule.maximum, rule.currency)))
    said.append(grace_words(rule.grace_days))
    said.append(f"{REPEAT_NAMES[rule.repeats]}.")
    if rule.charged_on == ON_NEXT_INVOICE:
        said.append(gettext("It comes as a line of the client's next invoice."))
    else:
        said.append(
            ngettext(
                "It comes on a document of its own, to be paid within %(num)d day.",
                "It comes on a document of its own, to be paid within %(num)d days.",
                rule.pay_within_days,
            )
        )
    return said


def grace_words(days: int) -> str:
    """From when a late invoice costs a fee."""
    if not days:
        return gettext("From the day after the due date.")
    return ngettext(
        "After %(num)d day of grace; the due date is not counted.",
        "After %(num)d days of grace; the due date is not counted.",
        days,
    )


def fee_facts(one: Fee) -> list[tuple[str, str]]:
    """How a fee was computed: labels with what stands beside them, for clients and agents alike."""
    fee, rule = one.fee, one.rule
    currency = fee.currency
    facts = [(gettext("Owed of the invoice on %(day)s", day=_day(fee.assessed_on)), _money(fee.base, currency))]
    if rule.kind == PERCENT:
        share = rate_text(rule.value, language())
        facts.append((gettext("%(rate)s of it", rate=share), _money(fee.computed, currency)))
    else:
        facts.append((gettext("Fixed amount"), _money(fee.computed, currency)))
    limit = limit_of(terms_of(rule), Computed(fee.base, fee.computed, fee.ceiling, fee.amount))
    if limit == MINIMUM:
        facts.append((gettext("It is at least"), _money(fee.amount, currency)))
    elif limit == MAXIMUM:
        facts.append((gettext("It is at most"), _money(fee.amount, currency)))
    elif limit == CEILING:
        facts.append((gettext("The law allows at most"), _money(fee.amount, currency)))
    facts.append((gettext("Owed from"), f"{_day(fee.fee_day)}. {grace_words(rule.grace_days)}"))
    facts.append((gettext("Late fee"), _money(fee.amount, currency)))
    if fee.waived:
        facts.append((gettext("Waived of it"), f"{_money(fee.waived, currency)}. {fee.waiver_reason}"))
    return facts


@dataclass(frozen=True)
class LateFees:
    """What pages tell about an invoice and late fees: those for it, those that stand on it, the next one."""

    of_it: Sequence[Fee]
    on_it: Sequence[Fee]
    next_one: NextFee | None


def late_fees(session: Session, invoice: Invoice) -> LateFees:
    """All of it for one invoice."""
    zone = current().settings.timezone
    return LateFees(
        list_fees_of(session, invoice.id),
        list_fees_standing_on(session, invoice.id),
        next_fee(session, invoice, clock.today(zone), zone),
    )


def _amount_words(rule: FeeRule) -> str:
    if rule.kind == PERCENT:
        return gettext("%(rate)s of what is still owed of the invoice.", rate=rate_text(rule.value, language()))
    return gettext("%(amount)s for each late invoice.", amount=_money(rule.value, rule.currency))


def _money(amount: Decimal, currency: str) -> str:
    return money_text(amount, currency, language())


def _day(day: object) -> str:
    return str(format_date(day, "long"))
