"""What reminders say, and keeping letters that wait true when an invoice changes."""

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.actions.letter_words import InvoiceSaid
from services.portal.actions.notices import News, renew_notices, withdraw_notices
from services.portal.models import Invoice, Notice, Party
from services.portal.queries.reminders import Reminder
from services.portal.rules.invoices import OPEN_STATES
from services.portal.rules.notices import INVOICE_ISSUED, RAISED
from services.portal.rules.reminders import STEPS

PAID, VOIDED, DISPUTED = "paid", "voided", "disputed"
"""Why letters are taken back, as NoticeWithdrawn says it."""


def reminder_news(reminder: Reminder, until: datetime) -> News:
    """What whoever wants reminders about this client learns."""
    said = InvoiceSaid(reminder.number, reminder.balance, reminder.currency, reminder.due_on, reminder.concept)
    return _news(reminder.step, reminder.invoice_id, reminder.party_id, said, until)


def correct_letters(session: Session, invoice: Invoice) -> None:
    """Keep reminders that wait true after what is owed of an invoice changed; one statement where none waits.

    Where nothing is owed they are taken back, otherwise they say how much. An invoice that is owed again raises none by
    itself: the next step comes with its day.
    """
    if invoice.state not in OPEN_STATES:
        withdraw_notices(session, [invoice.id], STEPS, PAID)
        return
    waiting = select(Notice.kind, func.max(Notice.worth_until)).where(
        Notice.about == invoice.id, Notice.kind.in_(STEPS), Notice.state == RAISED
    )
    found = session.execute(waiting.group_by(Notice.kind)).all()
    for kind, until in found:
        party = session.get_one(Party, invoice.party_id)
        said = InvoiceSaid(invoice.number or "", invoice.balance, invoice.currency, invoice.due_on, invoice.concept)
        renew_notices(session, party, _news(kind, invoice.id, party.id, said, until))


def take_letters_back(session: Session, invoice_id: uuid.UUID, reason: str) -> None:
    """Nobody is to be reminded of this invoice; of one that was voided nobody is to be told at all."""
    kinds = (*STEPS, INVOICE_ISSUED) if reason == VOIDED else STEPS
    withdraw_notices(session, [invoice_id], kinds, reason)


def _news(kind: str, invoice_id: uuid.UUID, party_id: uuid.UUID, said: InvoiceSaid, until: datetime) -> News:
    return News(
        kind=kind,
        party_id=party_id,
        about=invoice_id,
        path=f"/customerarea/invoices/{invoice_id}",
        label=said.number,
        values_in=said,
        until=until,
    )
