"""What the agent's start page tells: money that came in, and what waits for somebody."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import Case, Invoice, Payment, PaymentIncident, PaymentReport
from services.portal.rules.invoices import DRAFT

SOON = timedelta(days=3)
"""A request whose deadline is so near, or past, is told."""


@dataclass(frozen=True)
class Waiting:
    """How much waits for an agent. `late_cases`: requests that should have been answered already."""

    proofs: int
    incidents: int
    drafts: int
    cases: int
    late_cases: int


def received_since(session: Session, first: date) -> dict[str, Decimal]:
    """What came in since a day, without what proved to be none, per currency."""
    rows = session.execute(
        select(Payment.currency, func.sum(Payment.amount))
        .where(Payment.id >= _first_id(first), Payment.received_on >= first, Payment.reversed_at.is_(None))
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    return dict(rows.all())


def _first_id(day: date) -> uuid.UUID:
    """A bound for ids: nothing is recorded before the day on which it was received, and ids begin with their moment.

    It saves reading all payments that ever were. A day is left for the difference of zones.
    """
    moment = datetime.combine(day - timedelta(days=1), time(), UTC)
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def waiting(session: Session, today: date) -> Waiting:
    """What waits for somebody now."""
    unanswered = select(func.count()).select_from(Case).where(Case.answered_at.is_(None), Case.closed_at.is_(None))
    counts = (
        select(func.count()).select_from(PaymentReport).where(PaymentReport.state == "waiting"),
        select(func.count()).select_from(PaymentIncident).where(PaymentIncident.resolved_at.is_(None)),
        select(func.count()).select_from(Invoice).where(Invoice.state == DRAFT),
        unanswered.where(Case.due_on <= today + SOON),
        unanswered.where(Case.due_on < today),
    )
    return Waiting(*(session.scalar(one) or 0 for one in counts))
