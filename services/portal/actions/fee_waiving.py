"""Waiving late fees, in whole or in part, with a reason that the client reads."""

import uuid
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.fee_lines import waive
from services.portal.actions.invoicing import issue_credit_note
from services.portal.actions.ledger import lock_party
from services.portal.actions.refusals import FeeChanged, FeeUnknown, TooMuch
from services.portal.models import Invoice, LateFee
from services.portal.rules.fees import CHARGED
from services.portal.rules.invoices import make_line
from shared.audit import record_act


def waive_fee(
    session: Session, fee_id: uuid.UUID, amount: Decimal, reason: str, today: date, *, waived_before: Decimal
) -> LateFee:
    """So much of a fee need not be paid. What stands on a document already is taken off it by a credit note.

    `waived_before`: what of it was waived when whoever decides looked at it: the same decision sent twice counts once.
    Raises FeeUnknown, FeeChanged (somebody waived it meanwhile), TooMuch, NotOpen.
    """
    party_id = session.scalar(select(LateFee.party_id).where(LateFee.id == fee_id))
    if party_id is None:
        raise FeeUnknown
    lock_party(session, party_id)
    fee = session.get_one(LateFee, fee_id, populate_existing=True)
    if fee.waived != waived_before:
        raise FeeChanged
    if not 0 < amount <= fee.amount - fee.waived:
        raise TooMuch
    if fee.state == CHARGED and fee.charged_on_id:
        issue_credit_note(session, fee.charged_on_id, amount, reason, today, [make_line(reason, Decimal(1), amount)])
    waive(session, fee, amount, reason)
    late = session.get_one(Invoice, fee.invoice_id)
    record_act(
        session,
        "portal",
        "fee.waived",
        party_id=party_id,
        subject="late_fee",
        subject_id=fee.id,
        details={"number": late.number or "", "amount": f"{amount} {fee.currency}", "reason": reason},
    )
    return fee
