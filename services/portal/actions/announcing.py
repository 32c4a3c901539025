"""Telling clients that an invoice was issued, with its documents where the agency wants that."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.letter_words import InvoiceSaid
from services.portal.actions.notices import WORTH, News, renew_notices, tell_all
from services.portal.models import Agency, Invoice, Notice, Party, StoredFile
from services.portal.queries.agency import agency_of
from services.portal.queries.readers import list_readers
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML, PDF, XML
from services.portal.rules.invoices import INVOICE
from services.portal.rules.notices import INVOICE_ISSUED, RAISED
from shared import clock
from shared.events.portal import NoticeAttachment

IS_NEWS = timedelta(days=7)
"""What was issued longer ago is a debt brought over from elsewhere: nobody is to be told that it is new."""
WAITING = "announcements"
"""Where a session keeps what is announced together."""


def announce_invoice(session: Session, invoice: Invoice) -> None:
    """Let whoever wants such letters know that an invoice was issued; within `announced_together` at its end."""
    today = clock.now().date()
    if invoice.kind != INVOICE or (invoice.issued_on or today) < today - IS_NEWS:
        return
    waiting: list[Invoice] | None = session.info.get(WAITING)
    if waiting is None:
        _announce(session, [invoice])
    else:
        waiting.append(invoice)


@contextmanager
def announced_together(session: Session) -> Iterator[None]:
    """For whoever issues many: a few statements at the end of the block, instead of some for each invoice."""
    waiting: list[Invoice] = []
    session.info[WAITING] = waiting
    try:
        yield
    finally:
        del session.info[WAITING]
    if waiting:
        _announce(session, waiting)


def renew_announcement(session: Session, invoice: Invoice, party: Party) -> None:
    """The documents of an invoice are others now: the letter that brings them, if it still waits, gets them."""
    agency = agency_of(session)
    if not agency.attach_documents:
        return
    waiting = select(Notice.id).where(Notice.about == invoice.id, Notice.kind == INVOICE_ISSUED, Notice.state == RAISED)
    if session.scalar(waiting.limit(1)):
        renew_notices(session, party, _news(invoice, _documents(session, agency, [invoice])))


def _announce(session: Session, invoices: Sequence[Invoice]) -> None:
    agency = agency_of(session)
    if not agency.announce_invoices:
        return
    parties = session.scalars(select(Party).where(Party.id.in_({invoice.party_id for invoice in invoices}))).all()
    documents = _documents(session, agency, invoices)
    tell_all(session, [_news(invoice, documents) for invoice in invoices], list_readers(session, parties))


def _news(invoice: Invoice, documents: dict[uuid.UUID, list[NoticeAttachment]]) -> News:
    number = invoice.number or ""
    return News(
        kind=INVOICE_ISSUED,
        party_id=invoice.party_id,
        about=invoice.id,
        path=f"/customerarea/invoices/{invoice.id}",
        label=number,
        values_in=InvoiceSaid(number, invoice.total, invoice.currency, invoice.due_on, invoice.concept),
        until=clock.now() + WORTH,
        attachments=documents.get(invoice.id, ()),
    )


def _documents(
    session: Session, agency: Agency, invoices: Sequence[Invoice]
) -> dict[uuid.UUID, list[NoticeAttachment]]:
    """The paper of each invoice, and the fiscal documents that it has; nothing where letters only bring the link."""
    if not agency.attach_documents:
        return {}
    found = {invoice.id: [_attachment(invoice, "pdf", PDF, f"{invoice.number}.pdf")] for invoice in invoices}
    of = {invoice.id: invoice for invoice in invoices}
    fiscal = select(StoredFile).where(StoredFile.invoice_id.in_(of), StoredFile.purpose.in_((FISCAL_XML, FISCAL_PDF)))
    for file in session.scalars(fiscal.order_by(StoredFile.purpose.desc(), StoredFile.id)):
        if file.invoice_id:
            part, media_type = ("xml", XML) if file.purpose == FISCAL_XML else ("fiscal-pdf", PDF)
            found[file.invoice_id].append(_attachment(of[file.invoice_id], part, media_type, file.name))
    return found


def _attachment(invoice: Invoice, part: str, media_type: str, name: str) -> NoticeAttachment:
    return NoticeAttachment(
        name=name.replace("/", "-"), media_type=media_type, path=f"/api/portal/v1/invoices/{invoice.id}/{part}"
    )
