"""What a client's home page shows: money out and money in, kept apart."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from services.portal.models import IncomeStatement, Invoice
from services.portal.queries.income import Income, income_of, list_own_income
from services.portal.queries.invoices import Owed, list_open_invoices, list_own_invoices, owed
from services.portal.queries.payments import credit_of
from services.portal.rules.invoices import ROLES
from services.portal.rules.money import ZERO
from services.portal.rules.parties import Profile

NEWEST, NEWEST_OF_EACH = 4, 2
"""So many invoices are shown, and so many of each role to whom is both tenant and owner."""


@dataclass(frozen=True)
class Due:
    """What is to be paid in one currency, over all roles; `parts` says how much of it in which role."""

    currency: str
    total: Decimal
    overdue: Decimal
    next_due_on: date | None
    """Until when, of what is not overdue."""
    count: int
    parts: Sequence[Owed]


@dataclass(frozen=True)
class MoneyOut:
    """What a client pays. `shown`: per role in which they get invoices, those that matter most now."""

    due: Sequence[Due]
    shown: dict[str, Sequence[Invoice]]
    credit: dict[str, Decimal]


@dataclass(frozen=True)
class MoneyIn:
    """What an owner receives: per currency, and the newest statements of income."""

    income: Sequence[Income]
    newest: Sequence[IncomeStatement]


def money_out(
    session: Session, party_id: uuid.UUID, profile: Profile, today: date, *, invoices: bool = True, credit: bool = True
) -> MoneyOut:
    """What a party pays. Who is no tenant any more still sees what is owed as one.

    Without `invoices` none is listed, without `credit` what is left of payments is not told: for whom they are not.
    """
    owes = owed(session, party_id, today)
    held = {"tenant": profile.is_tenant, "owner": profile.is_owner}
    roles = [role for role in ROLES if held[role] or any(one.role == role for one in owes)]
    some = NEWEST if len(roles) == 1 else NEWEST_OF_EACH
    shown = {role: _first(session, party_id, role, today, some) if invoices else () for role in roles}
    return MoneyOut(dues_of(owes), shown, credit_of(session, party_id) if credit else {})


def _first(session: Session, party_id: uuid.UUID, role: str, today: date, some: int) -> Sequence[Invoice]:
    """What is to be paid, the most urgent first; where that is little, the newest of the others besides."""
    shown = list(list_open_invoices(session, party_id, role=role, limit=some))
    if len(shown) < some:
        known = {invoice.id for invoice in shown}
        newest = list_own_invoices(session, party_id, role=role, today=today, limit=some).items
        shown += [invoice for invoice in newest if invoice.id not in known]
    return shown[:some]


def money_in(session: Session, party_id: uuid.UUID, today: date) -> MoneyIn:
    """What a party receives; `income` counts what was paid out since the beginning of the year."""
    year = today.replace(month=1, day=1)
    return MoneyIn(income_of(session, party_id, year), list_own_income(session, party_id, limit=NEWEST).items)


def dues_of(owes: Iterable[Owed]) -> list[Due]:
    """One for each currency, over all roles."""
    by_currency: dict[str, list[Owed]] = {}
    for one in owes:
        by_currency.setdefault(one.currency, []).append(one)
    return [_due(currency, parts) for currency, parts in sorted(by_currency.items())]


def _due(currency: str, parts: Sequence[Owed]) -> Due:
    return Due(
        currency,
        sum((one.open_total for one in parts), ZERO),
        sum((one.overdue_total for one in parts), ZERO),
        min((one.next_due_on for one in parts if one.next_due_on), default=None),
        sum(one.count for one in parts),
        parts,
    )
