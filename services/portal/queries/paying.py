"""Reading payments that clients began through a gateway."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from services.portal.models import Payment, PaymentIntent
from services.portal.rules.gateways import DECLINED, EXPIRED, FAILED, PAYABLE_FOR, PENDING, Order

ASKED_AFTER = (
    (timedelta(minutes=30), timedelta(minutes=2)),
    (timedelta(hours=6), timedelta(minutes=20)),
    (timedelta(days=3650), timedelta(hours=2)),
)
"""How often the gateway is asked about a payment that is younger than the first."""
LATE_MONEY, LATE_AGAIN = timedelta(hours=26), timedelta(hours=6)
"""For how long a payment that was declined is asked about still, and how often: somebody may have tried once more."""


def find_own_intent(session: Session, party_id: uuid.UUID, intent_id: uuid.UUID) -> PaymentIntent | None:
    """A payment that this party began."""
    own = PaymentIntent.id == intent_id, PaymentIntent.party_id == party_id
    return session.scalar(select(PaymentIntent).where(*own))


def find_own_reference(session: Session, party_id: uuid.UUID, gateway: str, reference: str) -> PaymentIntent | None:
    """Likewise, by what the gateway calls it."""
    own = PaymentIntent.reference == reference, PaymentIntent.party_id == party_id, PaymentIntent.gateway == gateway
    return session.scalar(select(PaymentIntent).where(*own))


def find_payment_of(session: Session, intent_id: uuid.UUID) -> Payment | None:
    """The money that came of it, which is its receipt, too."""
    return session.scalar(select(Payment).where(Payment.intent_id == intent_id))


def list_pending(session: Session, party_id: uuid.UUID, since: datetime) -> Sequence[PaymentIntent]:
    """What a party began since then and has not heard of yet, the newest first."""
    mine = PaymentIntent.party_id == party_id, PaymentIntent.state == PENDING, PaymentIntent.created_at >= since
    return session.scalars(select(PaymentIntent).where(*mine).order_by(PaymentIntent.id.desc()).limit(10)).all()


def list_to_ask(session: Session, now: datetime, limit: int) -> list[Order]:
    """The payments about which their gateways are to be asked now, those first that waited longest."""
    waiting = [_waits(now, younger, pause) for younger, pause in ASKED_AFTER]
    pending = select(PaymentIntent).where(PaymentIntent.state == PENDING, or_(*waiting))
    found = session.scalars(pending.order_by(PaymentIntent.checked_at).limit(limit)).all()
    if len(found) < limit:
        # By the id, which begins with the time: no index is needed for the few that are looked at.
        recent = PaymentIntent.id >= _first_id(now - LATE_MONEY), PaymentIntent.created_at < now - PAYABLE_FOR
        given_up = PaymentIntent.state.in_((DECLINED, FAILED, EXPIRED)), PaymentIntent.checked_at < now - LATE_AGAIN
        found = [*found, *session.scalars(select(PaymentIntent).where(*recent, *given_up).limit(limit - len(found)))]
    return [order_of(intent) for intent in found]


def order_of(intent: PaymentIntent, description: str = "") -> Order:
    """What the gateway is asked to collect."""
    return Order(
        intent_id=intent.id,
        gateway=intent.gateway,
        reference=intent.reference,
        amount=intent.amount,
        currency=intent.currency,
        created_at=intent.created_at,
        description=description,
        gateway_id=intent.gateway_id or "",
    )


def _waits(now: datetime, younger: timedelta, pause: timedelta) -> ColumnElement[bool]:
    return and_(PaymentIntent.created_at > now - younger, PaymentIntent.checked_at <= now - pause)


def _first_id(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
