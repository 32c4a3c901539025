"""Late fees and the documents on which they stand: what happens to fees when an invoice is issued or voided."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import FeeRule, Invoice, LateFee, Party
from services.portal.queries.fees import terms_of
from services.portal.rules.fees import CHARGED, PENDING, WAIVED, Computed, line_text
from services.portal.rules.invoices import INVOICE, VOID, Line, dump_lines, load_lines, make_line, totals_of
from shared import clock
from shared.audit import current_actor
from shared.events.portal import LateFeeCharged, LateFeeWaived
from shared.outbox import publish

LONGEST_LINE = 300


def add_pending_fees(session: Session, invoice: Invoice) -> Sequence[LateFee]:
    """Put the fees that wait for the party's next invoice on this one, which is about to be issued; returns them.

    Only on what is written here: what another system sent keeps its lines and total, and the fees wait on. A fee's
    document has only its own fee. `charge_on` follows once the invoice has its number.
    """
    if invoice.kind != INVOICE or invoice.is_late_fee or invoice.external_id is not None:
        return []
    fees = _pending(session, invoice)
    if fees:
        language = session.get_one(Party, invoice.party_id).language
        lines = [*load_lines(invoice.lines), *(fee_line(session, fee, language) for fee in fees)]
        totals = totals_of(lines)
        invoice.lines = dump_lines(lines)
        invoice.subtotal, invoice.total, invoice.balance = totals.subtotal, totals.total, totals.total
    return fees


def fee_line(session: Session, fee: LateFee, language: str) -> Line:
    """What of a fee is to be paid, as a line without taxes: it is interest for delay, no price of a service."""
    rule, late = session.get_one(FeeRule, fee.rule_id), session.get_one(Invoice, fee.invoice_id)
    made = Computed(fee.base, fee.computed, fee.ceiling, fee.amount)
    text = line_text(late.number or "", terms_of(rule), made, fee.currency, fee.period, language)
    return make_line(text[:LONGEST_LINE], Decimal(1), fee.amount - fee.waived)


def charge_on(session: Session, fees: Sequence[LateFee], document: Invoice) -> None:
    """The fees stand on a document that was just issued."""
    for fee in fees:
        fee.state, fee.charged_on_id = CHARGED, document.id
        late = session.get_one(Invoice, fee.invoice_id)
        facts = _facts(fee, late) | {"amount": fee.amount - fee.waived}
        publish(session, LateFeeCharged(**facts, charged_on_id=document.id))
    session.flush()


def waive(session: Session, fee: LateFee, amount: Decimal, reason: str) -> None:
    """So much of a fee need not be paid; whoever takes it off a document does that besides."""
    fee.waived += amount
    fee.waiver_reason, fee.waived_by, fee.waived_at = reason, current_actor().name, clock.now()
    if fee.waived == fee.amount:
        fee.state = WAIVED
    late = session.get_one(Invoice, fee.invoice_id)
    publish(session, LateFeeWaived(**_facts(fee, late), waived=amount, reason=reason))
    session.flush()


def release_fees(session: Session, invoice: Invoice, reason: str) -> None:
    """An invoice was voided: nothing is owed of it, so no fee waits any more for having paid it late.

    Fees that stand on other documents stay: people may have paid them, and an agent decides. A fee whose own document
    is void is waived. One that stood as a line on a voided invoice waits for the next one, unless its own invoice is
    void too.
    """
    fees = select(LateFee).where(LateFee.invoice_id == invoice.id, LateFee.state == PENDING)
    for fee in session.scalars(fees).all():
        waive(session, fee, fee.amount - fee.waived, reason)
    standing = select(LateFee).where(LateFee.charged_on_id == invoice.id, LateFee.state == CHARGED)
    for fee in session.scalars(standing).all():
        if invoice.is_late_fee or session.get_one(Invoice, fee.invoice_id).state == VOID:
            waive(session, fee, fee.amount - fee.waived, reason)
        else:
            fee.state, fee.charged_on_id = PENDING, None
    session.flush()


def _pending(session: Session, invoice: Invoice) -> Sequence[LateFee]:
    """Those of the same party, role and currency, in the order in which they came; the party is locked."""
    waiting = (
        select(LateFee)
        .join(Invoice, Invoice.id == LateFee.invoice_id)
        .where(LateFee.party_id == invoice.party_id, LateFee.state == PENDING, LateFee.currency == invoice.currency)
        .where(Invoice.role == invoice.role)
        .order_by(LateFee.id)
    )
    return session.scalars(waiting, execution_options={"populate_existing": True}).all()


def _facts(fee: LateFee, late: Invoice) -> dict[str, Any]:
    return {
        "fee_id": fee.id,
        "invoice_id": late.id,
        "number": late.number or "",
        "party_id": fee.party_id,
        "currency": fee.currency,
        "amount": fee.amount,
        "period": fee.period,
        "at": clock.now(),
    }
