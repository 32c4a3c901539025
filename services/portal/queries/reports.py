"""Reading payments that clients reported, with their proofs."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, joinedload

from services.portal.models import Invoice, Payment, PaymentReport, StoredFile
from services.portal.queries.searching import found_by
from shared.web.paging import Page, paginate

NEAR = timedelta(days=5)
"""A payment of the same amount within so many days may be the same money."""


def find_report(session: Session, report_id: uuid.UUID) -> PaymentReport | None:
    """A reported payment of anybody, with its party."""
    return session.scalar(_with_party().where(PaymentReport.id == report_id))


def find_own_report(session: Session, party_id: uuid.UUID, report_id: uuid.UUID) -> PaymentReport | None:
    """A reported payment of this party."""
    return session.scalar(_with_party().where(PaymentReport.id == report_id, PaymentReport.party_id == party_id))


def list_own_reports(session: Session, party_id: uuid.UUID, *, cursor: str | None = None) -> Page[PaymentReport]:
    """What a party reported, the newest first. Raises BadCursor."""
    own = _with_party().where(PaymentReport.party_id == party_id)
    return paginate(session, own, [(PaymentReport.id, True)], cursor=cursor)


def list_reports(session: Session, *, state: str, text: str = "", cursor: str | None = None) -> Page[PaymentReport]:
    """Reported payments with their parties; those that wait from the oldest, others from the newest. Raises BadCursor.

    `text` is looked for as in the list of payments.
    """
    statement = _with_party()
    if state:
        statement = statement.where(PaymentReport.state == state)
    if text := text.strip():
        statement = statement.where(found_by(session, text, PaymentReport, PaymentReport.reference == text))
    return paginate(session, statement, [(PaymentReport.id, state != "waiting")], cursor=cursor)


def count_waiting_reports(session: Session) -> int:
    """How many reported payments nobody has decided about."""
    waiting = select(func.count()).select_from(PaymentReport).where(PaymentReport.state == "waiting")
    return session.scalar(waiting) or 0


def list_proofs(session: Session, report_id: uuid.UUID) -> Sequence[StoredFile]:
    """The files of a reported payment, in the order in which they were sent."""
    return session.scalars(select(StoredFile).where(StoredFile.report_id == report_id).order_by(StoredFile.id)).all()


def find_proof(session: Session, report_id: uuid.UUID, file_id: uuid.UUID) -> StoredFile | None:
    """One file of a reported payment."""
    return session.scalar(select(StoredFile).where(StoredFile.id == file_id, StoredFile.report_id == report_id))


def find_own_proof(
    session: Session, party_id: uuid.UUID, report_id: uuid.UUID, file_id: uuid.UUID
) -> StoredFile | None:
    """The same, if it is this party's."""
    own = (StoredFile.id == file_id, StoredFile.report_id == report_id, StoredFile.party_id == party_id)
    return session.scalar(select(StoredFile).where(*own))


def find_payment_of_report(session: Session, report_id: uuid.UUID) -> Payment | None:
    """What an accepted one became."""
    return session.scalar(select(Payment).where(Payment.report_id == report_id))


def list_similar_payments(session: Session, report: PaymentReport) -> Sequence[Payment]:
    """Payments of the same party that may be the same money: the same reference, or the amount at about that day."""
    same: ColumnElement[bool] = and_(
        Payment.amount == report.amount,
        Payment.received_on.between(report.paid_on - NEAR, report.paid_on + NEAR),
    )
    reference = Payment.reference == report.reference if report.reference else false()
    mine = (Payment.party_id == report.party_id, Payment.currency == report.currency, Payment.reversed_at.is_(None))
    not_itself = or_(Payment.report_id.is_(None), Payment.report_id != report.id)
    found = select(Payment).where(*mine, not_itself, or_(same, reference))
    return session.scalars(found.order_by(Payment.id.desc()).limit(5)).all()


def list_wanted_invoices(session: Session, report: PaymentReport) -> Sequence[Invoice]:
    """The invoices that a reported payment is for."""
    ids = [uuid.UUID(one["invoice_id"]) for one in report.wanted]
    mine = (Invoice.id.in_(ids), Invoice.party_id == report.party_id)
    return session.scalars(select(Invoice).where(*mine).order_by(Invoice.due_on, Invoice.id)).all()


def _with_party() -> Select[PaymentReport]:
    return select(PaymentReport).options(joinedload(PaymentReport.party, innerjoin=True))
