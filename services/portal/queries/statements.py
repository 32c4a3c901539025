"""The account statement of a party, from the book in which every movement of money stands."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import LedgerEntry
from services.portal.rules.money import ZERO


@dataclass(frozen=True)
class Statement:
    """What a party owed before a period, what happened in it, and what is owed at its end.

    Balances are positive where the party owes, negative where it has credit. `entries` are movements, each with the
    balance after it.
    """

    currency: str
    start: date
    until: date
    opening: Decimal
    entries: list[tuple[LedgerEntry, Decimal]]
    closing: Decimal

    @property
    def charged(self) -> Decimal:
        """What was added to the debt in the period."""
        return sum((entry.amount for entry, _ in self.entries if entry.amount > 0), ZERO)

    @property
    def credited(self) -> Decimal:
        """What was taken off the debt in the period, as a positive amount."""
        return -sum((entry.amount for entry, _ in self.entries if entry.amount < 0), ZERO)


def statement_of(session: Session, party_id: uuid.UUID, currency: str, start: date, until: date) -> Statement:
    """The statement of a party in one currency; both days are inclusive."""
    own = LedgerEntry.party_id == party_id, LedgerEntry.currency == currency
    before = select(func.sum(LedgerEntry.amount)).where(*own, LedgerEntry.booked_on < start)
    within = select(LedgerEntry).where(*own, LedgerEntry.booked_on.between(start, until))
    opening = session.scalar(before) or ZERO
    entries = session.scalars(within.order_by(LedgerEntry.booked_on, LedgerEntry.id)).all()
    _, *running = accumulate((entry.amount for entry in entries), initial=opening)
    return Statement(
        currency, start, until, opening, list(zip(entries, running, strict=True)), running[-1] if running else opening
    )


def balances_of(session: Session, party_id: uuid.UUID) -> dict[str, Decimal]:
    """What a party owes after every movement so far, per currency; also zero where there was any."""
    statement = select(LedgerEntry.currency, func.sum(LedgerEntry.amount).label("total")).where(
        LedgerEntry.party_id == party_id
    )
    rows = session.execute(statement.group_by(LedgerEntry.currency).order_by(LedgerEntry.currency))
    return {row.currency: row.total for row in rows}
