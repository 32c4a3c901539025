"""Payments that clients report by hand, with proof, and what an agent makes of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.files import Staged, keep_file
from services.portal.actions.ledger import lock_party
from services.portal.actions.money import NewPayment, receive_payment
from services.portal.actions.notices import WORTH, News, tell
from services.portal.models import Party, Payment, PaymentReport
from services.portal.rules.files import PROOF
from services.portal.rules.money import money_text
from services.portal.rules.notices import REPORT_REJECTED
from shared import clock
from shared.audit import current_actor, record_act

WAITING, ACCEPTED, REJECTED = "waiting", "accepted", "rejected"
REPORT_STATES = (WAITING, ACCEPTED, REJECTED)
MOST_WAITING = 20
"""Of one client: more than these nobody means."""


class ReportUnknown(Exception):
    """There is no such reported payment."""


class ReportDecided(Exception):
    """Somebody accepted or rejected it before."""


class TooManyWaiting(Exception):
    """So many reported payments of this client wait already."""


@dataclass(frozen=True, kw_only=True)
class NewReport:
    """What a client says to have paid. `report_id` comes from the form: the same one again is the same report."""

    report_id: uuid.UUID
    party_id: uuid.UUID
    currency: str
    amount: Decimal
    paid_on: date
    method: str
    reference: str = ""
    note: str = ""
    wanted: Sequence[tuple[uuid.UUID, Decimal]] = ()


def submit_report(session: Session, new: NewReport, proofs: Sequence[Staged]) -> bool:
    """Put a reported payment before the agents; returns False if it is there already.

    Raises ReportUnknown (the id is another client's), TooManyWaiting.
    """
    lock_party(session, new.party_id)
    if known := session.get(PaymentReport, new.report_id):
        if known.party_id != new.party_id:
            raise ReportUnknown
        return False
    mine = select(PaymentReport.id).where(PaymentReport.party_id == new.party_id, PaymentReport.state == WAITING)
    if len(session.scalars(mine.limit(MOST_WAITING)).all()) == MOST_WAITING:
        raise TooManyWaiting
    report = PaymentReport(
        id=new.report_id,
        party_id=new.party_id,
        currency=new.currency,
        amount=new.amount,
        paid_on=new.paid_on,
        method=new.method,
        reference=new.reference,
        note=new.note,
        wanted=[{"invoice_id": str(invoice_id), "amount": str(amount)} for invoice_id, amount in new.wanted],
        state=WAITING,
        created_at=clock.now(),
    )
    session.add(report)
    session.flush()
    for proof in proofs:
        keep_file(session, proof, party_id=new.party_id, purpose=PROOF, report_id=report.id)
    _record(session, "report.submitted", report)
    return True


def accept_report(session: Session, report_id: uuid.UUID, amount: Decimal, received_on: date) -> Payment:
    """The money is there: it becomes a payment with its receipt, of the amount and day that the agent saw.

    Raises ReportUnknown, ReportDecided, TooMuch, SeriesExhausted.
    """
    report, _ = _find_waiting(session, report_id)
    _decide(report, ACCEPTED)
    payment = receive_payment(
        session,
        NewPayment(
            party_id=report.party_id,
            currency=report.currency,
            amount=amount,
            method=report.method,
            received_on=received_on,
            wanted=[(uuid.UUID(one["invoice_id"]), Decimal(one["amount"])) for one in report.wanted],
            reference=report.reference,
            report_id=report.id,
        ),
    )
    _record(session, "report.accepted", report)
    return payment


def reject_report(session: Session, report_id: uuid.UUID, reason: str) -> None:
    """The money is not there, or the proof shows something else; the client is told why.

    Raises ReportUnknown, ReportDecided.
    """
    report, party = _find_waiting(session, report_id)
    _decide(report, REJECTED, reason)
    news = News(
        kind=REPORT_REJECTED,
        party_id=party.id,
        about=report.id,
        path=f"/customerarea/reports/{report.id}",
        label=report.reference[:120],
        values_in=lambda to: {"amount": money_text(report.amount, report.currency, to), "reason": reason},
        until=clock.now() + WORTH,
    )
    tell(session, party, news)
    _record(session, "report.rejected", report, reason)


def _find_waiting(session: Session, report_id: uuid.UUID) -> tuple[PaymentReport, Party]:
    party_id = session.scalar(select(PaymentReport.party_id).where(PaymentReport.id == report_id))
    if party_id is None:
        raise ReportUnknown
    party = lock_party(session, party_id)
    report = session.get_one(PaymentReport, report_id, populate_existing=True)
    if report.state != WAITING:
        raise ReportDecided
    return report, party


def _decide(report: PaymentReport, state: str, reason: str = "") -> None:
    report.state, report.reason = state, reason
    report.decided_at, report.decided_by = clock.now(), current_actor().name


def _record(session: Session, act: str, report: PaymentReport, reason: str = "") -> None:
    details = {"amount": f"{report.amount} {report.currency}"} | ({"reason": reason} if reason else {})
    record_act(
        session,
        "portal",
        act,
        party_id=report.party_id,
        subject="report",
        subject_id=report.id,
        details=details,
    )
