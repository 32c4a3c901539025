"""What gateways tell: one payment and one receipt, or nothing and an entry for the agent."""

import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.portal.actions.money import NewPayment, receive_payment
from services.portal.actions.refusals import PartyUnknown, SeriesExhausted, TooMuch
from services.portal.models import GatewayNotice, PaymentIncident, PaymentIntent
from services.portal.queries.paying import order_of
from services.portal.rules.gateways import (
    DECLINED,
    FAILED,
    FORGED,
    INCIDENTS,
    LONGEST_MESSAGE,
    NOT_APPLIED,
    PAID,
    PENDING,
    REFUNDED,
    REPEATED,
    UNKNOWN_REFERENCE,
    Notice,
    verdict_on,
)
from shared import clock
from shared.db import insert_into, new_id

LATER = "later"
"""The money is there, but no receipt can be written now: the gateway is to tell again."""
MOST_TIMES = 1000
"""So often the same is counted in a day; after that a flood costs no write any more."""


def take_notice(session: Session, notice: Notice, today: date, *, asked: bool = False) -> str:
    """Let a genuine notice have its effect, which is once; returns the verdict.

    Everything is one transaction: the notice is remembered, the payment recorded and the order ended together, or
    nothing of it. asked: it is the answer to our own question, about all that the gateway knows of the reference.
    Verdicts are those of `verdict_on`, REPEATED, UNKNOWN_REFERENCE and LATER.
    """
    remembered = _remember(session, notice, asked=asked)
    if remembered is None:
        return REPEATED
    known = PaymentIntent.gateway == notice.gateway, PaymentIntent.reference == notice.reference
    locked = select(PaymentIntent).where(*known).with_for_update()
    intent = session.scalar(locked, execution_options={"populate_existing": True})
    if intent is None:
        verdict = REFUNDED if notice.state == REFUNDED else UNKNOWN_REFERENCE
    else:
        verdict = verdict_on(order_of(intent), intent.state, notice, asked=asked)
        if verdict == PAID and not _receive(session, intent, notice, today):
            session.execute(delete(GatewayNotice).where(GatewayNotice.id == remembered))
            return LATER
        _follow(intent, notice, verdict)
    if verdict in INCIDENTS:
        _note_about(session, verdict, notice, intent, today)
    session.execute(update(GatewayNotice).where(GatewayNotice.id == remembered).values(verdict=verdict))
    return verdict


def note_incident(
    session: Session,
    gateway: str,
    kind: str,
    today: date,
    *,
    reference: str = "",
    details: Mapping[str, str] | None = None,
    party_id: uuid.UUID | None = None,
) -> None:
    """Put something before the agents; the same again on that day only counts up.

    Of what anybody can forge nothing that was sent is kept, so no flood of it fills the disk.
    """
    now = clock.now()
    statement = insert_into(session, PaymentIncident).values(
        id=new_id(),
        gateway=gateway,
        kind=kind,
        reference=reference,
        day=today,
        times=1,
        details=dict(details or {}),
        party_id=party_id,
        first_at=now,
        last_at=now,
    )
    again = {"times": PaymentIncident.times + 1, "last_at": now}
    if kind not in FORGED:  # news about money opens what was settled
        again["resolved_at"] = None
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["gateway", "kind", "reference", "day"],
            set_=again,
            where=PaymentIncident.times < MOST_TIMES,
        )
    )


def is_counted_out(session: Session, gateway: str, kind: str, today: date) -> bool:
    """Whether so many forged notifications came today that one more need not be counted."""
    same = PaymentIncident.gateway == gateway, PaymentIncident.kind == kind, PaymentIncident.day == today
    times = session.scalar(select(PaymentIncident.times).where(*same, PaymentIncident.reference == ""))
    return times is not None and times >= MOST_TIMES


def _remember(session: Session, notice: Notice, *, asked: bool) -> uuid.UUID | None:
    """Whoever comes second with the same news waits here for the first, and gets None."""
    statement = insert_into(session, GatewayNotice).values(
        id=new_id(),
        gateway=notice.gateway,
        # An answer is not the same as an earlier notification that came while another attempt was under way.
        notice_id=f"asked:{notice.notice_id}"[-200:] if asked else notice.notice_id,
        reference=notice.reference,
        said=_said(notice),
        verdict="",
        received_at=clock.now(),
    )
    known = statement.on_conflict_do_nothing(index_elements=["gateway", "notice_id"])
    remembered: uuid.UUID | None = session.scalar(known.returning(GatewayNotice.id))
    return remembered


def _receive(session: Session, intent: PaymentIntent, notice: Notice, today: date) -> bool:
    """Record the money; where that cannot be done now, an agent learns why."""
    new = NewPayment(
        party_id=intent.party_id,
        currency=intent.currency,
        amount=intent.amount,
        method=intent.gateway,
        received_on=today,
        wanted=[(uuid.UUID(one["invoice_id"]), Decimal(one["amount"])) for one in intent.wanted],
        reference=notice.gateway_id,
        intent_id=intent.id,
    )
    try:
        with session.begin_nested():
            receive_payment(session, new)
    except (SeriesExhausted, TooMuch, PartyUnknown) as error:
        _note_about(session, NOT_APPLIED, notice, intent, today, why=type(error).__name__)
        return False
    return True


def _follow(intent: PaymentIntent, notice: Notice, verdict: str) -> None:
    """Bring the order to what was said."""
    if verdict == REFUNDED and intent.state == PENDING:
        verdict = DECLINED  # given back before it counted: nothing will come of it
    if verdict not in (PAID, PENDING, DECLINED, FAILED):
        return
    intent.state, intent.gateway_id = verdict, notice.gateway_id
    intent.message = notice.message[:LONGEST_MESSAGE]
    intent.ended_at = None if verdict == PENDING else clock.now()


def _note_about(
    session: Session, kind: str, notice: Notice, intent: PaymentIntent | None, today: date, why: str = ""
) -> None:
    details = _said(notice) | ({"why": why} if why else {})
    if intent is not None:
        details |= {"expected": str(intent.amount), "expected_currency": intent.currency}
    note_incident(
        session,
        notice.gateway,
        kind,
        today,
        reference=notice.reference,
        details=details,
        party_id=intent.party_id if intent else None,
    )


def _said(notice: Notice) -> dict[str, str]:
    return {
        "state": notice.state,
        "amount": str(notice.amount),
        "currency": notice.currency,
        "gateway_id": notice.gateway_id,
    }
