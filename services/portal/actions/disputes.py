"""Invoices in dispute: while one is, nobody is reminded of it and it costs no late fee."""

import uuid
from datetime import date

from sqlalchemy.orm import Session

from services.portal.actions.ledger import lock_owner
from services.portal.actions.refusals import NotInDispute, NotOpen
from services.portal.actions.reminder_letters import DISPUTED, take_letters_back
from services.portal.models import Invoice
from services.portal.rules.invoices import INVOICE, OPEN_STATES
from shared import clock
from shared.audit import record_act


def dispute_invoice(session: Session, invoice_id: uuid.UUID, reason: str) -> Invoice:
    """The client and the agency do not agree about an invoice. Reminders that wait are taken back.

    Of one in dispute already only the reason changes. Raises InvoiceUnknown, NotOpen (nothing is to be paid of it).
    """
    _, invoice = lock_owner(session, invoice_id)
    if invoice.kind != INVOICE or invoice.state not in OPEN_STATES:
        raise NotOpen
    invoice.disputed_at, invoice.dispute_reason = invoice.disputed_at or clock.now(), reason
    take_letters_back(session, invoice_id, DISPUTED)
    _record(session, "invoice.disputed", invoice, reason)
    return invoice


def settle_dispute(session: Session, invoice_id: uuid.UUID, today: date) -> Invoice:
    """The dispute is over. What went by meanwhile is not made up for: the next reminder comes with its day.

    Days of late fees up to today cost nothing either. Raises InvoiceUnknown, NotInDispute.
    """
    _, invoice = lock_owner(session, invoice_id)
    if not invoice.disputed_at:
        raise NotInDispute
    _record(session, "invoice.undisputed", invoice, invoice.dispute_reason)
    invoice.disputed_at, invoice.dispute_reason, invoice.fees_after = None, "", today
    return invoice


def _record(session: Session, act: str, invoice: Invoice, reason: str) -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=invoice.party_id,
        subject="invoice",
        subject_id=invoice.id,
        details={"number": invoice.number or "", "reason": reason},
    )
