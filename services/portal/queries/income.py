"""Reading statements of income, as their owner sees them: only published ones."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from services.portal.models import IncomeStatement
from services.portal.rules.income import PUBLISHED
from services.portal.rules.money import ZERO
from shared.web.paging import Page, paginate


@dataclass(frozen=True)
class Income:
    """What an owner gets in one currency: what waits to be paid out, and what was paid out since a day."""

    currency: str
    waiting: Decimal
    paid_out: Decimal


def find_own_income(session: Session, party_id: uuid.UUID, statement_id: uuid.UUID) -> IncomeStatement | None:
    """A published statement of this party, with the party."""
    wanted = _own(party_id).where(IncomeStatement.id == statement_id)
    return session.scalar(wanted.options(joinedload(IncomeStatement.party, innerjoin=True)))


def list_own_income(
    session: Session, party_id: uuid.UUID, *, cursor: str | None = None, limit: int = 24
) -> Page[IncomeStatement]:
    """The published statements of a party, the newest first. Raises BadCursor."""
    return paginate(session, _own(party_id), [(IncomeStatement.id, True)], cursor=cursor, limit=limit)


def income_of(session: Session, party_id: uuid.UUID, since: date) -> Sequence[Income]:
    """What a party gets, per currency in which it ever got anything."""
    waiting = func.sum(IncomeStatement.net).filter(IncomeStatement.paid_on.is_(None))
    paid = func.sum(IncomeStatement.net).filter(IncomeStatement.paid_on >= since)
    wanted = select(IncomeStatement.currency, waiting, paid).where(
        IncomeStatement.party_id == party_id, IncomeStatement.state == PUBLISHED
    )
    rows = session.execute(wanted.group_by(IncomeStatement.currency).order_by(IncomeStatement.currency))
    return [Income(currency, not_yet or ZERO, out or ZERO) for currency, not_yet, out in rows]


def _own(party_id: uuid.UUID) -> Select[IncomeStatement]:
    return select(IncomeStatement).where(IncomeStatement.party_id == party_id, IncomeStatement.state == PUBLISHED)
