"""Beginning a payment through a gateway, and giving it up."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.portal.actions.ledger import lock_party
from services.portal.models import Invoice, PaymentIntent
from services.portal.queries.agency import agency_of
from services.portal.rules.gateways import EXPIRED, PENDING, SAME_FOR, new_reference
from services.portal.rules.invoices import INVOICE, OPEN_STATES
from services.portal.rules.money import LARGEST
from shared import clock
from shared.audit import record_act

MOST_INVOICES = 100
"""In one payment."""
MOST_BEGUN = 20

Wanted = Sequence[tuple[uuid.UUID, Decimal | None]]
"""Which invoices, and how much of each; None: all that is still to be paid."""


class NothingChosen(Exception):
    """No invoice was chosen."""


class TooManyChosen(Exception):
    """More than MOST_INVOICES, or more money than a payment can be."""


class TooManyBegun(Exception):
    """MOST_BEGUN payments were begun within SAME_FOR and have no answer yet: nobody means that."""


class DifferentCurrencies(Exception):
    """The invoices that were chosen are in several currencies; a payment has one."""


class CurrencyNotTaken(Exception):
    """The gateway does not collect in this currency."""


class AmountRefused(Exception):
    """An amount cannot be paid. `reason`: not_open, too_little, too_much (than `most`) or only_whole (exactly `most`).

    An invoice that is not the party's own is not_open, too: nothing is told about it.
    """

    def __init__(self, invoice_id: uuid.UUID, reason: str, most: Decimal = Decimal(0)) -> None:
        super().__init__(reason)
        self.invoice_id, self.reason, self.most = invoice_id, reason, most


def start_payment(
    session: Session, party_id: uuid.UUID, wanted: Wanted, gateway: str, currencies: Sequence[str]
) -> PaymentIntent:
    """Write down what a client wants to pay, before they are sent to the gateway, which collects in `currencies`.

    Who wants the very same again within SAME_FOR, in another tab or after going back, goes on with the first: the
    gateway takes a reference once, so it is not paid twice. What overlaps only in part is begun anew; should both be
    paid, the second fits no open invoice and becomes credit.

    Raises NothingChosen, TooManyChosen, TooManyBegun, DifferentCurrencies, CurrencyNotTaken, AmountRefused,
    PartyUnknown.
    """
    lock_party(session, party_id)
    currency, amounts = _amounts(session, party_id, dict(wanted))
    if currency not in currencies:
        raise CurrencyNotTaken
    total = sum((amount for _, amount in amounts), Decimal(0))
    if total > LARGEST:
        raise TooManyChosen
    stored = [{"invoice_id": str(invoice_id), "amount": str(amount)} for invoice_id, amount in amounts]
    now = clock.now()
    begun = _begun_before(session, party_id, now)
    wish = (gateway, currency, stored)
    if same := next((one for one in begun if (one.gateway, one.currency, one.wanted) == wish), None):
        return same
    if len(begun) >= MOST_BEGUN:
        raise TooManyBegun
    intent = PaymentIntent(
        reference=new_reference(),
        party_id=party_id,
        gateway=gateway,
        currency=currency,
        amount=total,
        wanted=stored,
        state=PENDING,
        created_at=now,
        checked_at=now,
    )
    session.add(intent)
    session.flush()
    record_act(
        session,
        "portal",
        "payment.started",
        party_id=party_id,
        subject="payment_intent",
        subject_id=intent.id,
        details={"amount": f"{total} {currency}"},
    )
    return intent


def keep_gateway_id(session: Session, intent_id: uuid.UUID, gateway_id: str) -> None:
    """What the gateway calls a payment that it was just told of. What a notification said meanwhile stays."""
    unknown = PaymentIntent.id == intent_id, PaymentIntent.gateway_id.is_(None)
    session.execute(update(PaymentIntent).where(*unknown).values(gateway_id=gateway_id))


def claim_to_ask(session: Session, intent_ids: Sequence[uuid.UUID], before: datetime, now: datetime) -> set[uuid.UUID]:
    """Note that the gateways are asked about these now; of two who do, each gets those that the other has not."""
    free = PaymentIntent.id.in_(intent_ids), PaymentIntent.checked_at < before
    claimed = update(PaymentIntent).where(*free).values(checked_at=now).returning(PaymentIntent.id)
    return set(session.scalars(claimed))


def expire_payment(session: Session, intent_id: uuid.UUID) -> bool:
    """Nobody paid, and nobody will: returns whether it was still pending. Money that comes after all counts."""
    pending = PaymentIntent.id == intent_id, PaymentIntent.state == PENDING
    ended = update(PaymentIntent).where(*pending).values(state=EXPIRED, ended_at=clock.now())
    return session.scalar(ended.returning(PaymentIntent.id)) is not None


def _amounts(
    session: Session, party_id: uuid.UUID, wanted: dict[uuid.UUID, Decimal | None]
) -> tuple[str, list[tuple[uuid.UUID, Decimal]]]:
    if not wanted:
        raise NothingChosen
    if len(wanted) > MOST_INVOICES:
        raise TooManyChosen
    mine = Invoice.party_id == party_id, Invoice.kind == INVOICE, Invoice.state.in_(OPEN_STATES)
    found = session.scalars(select(Invoice).where(Invoice.id.in_(wanted), *mine).order_by(Invoice.due_on, Invoice.id))
    invoices = {one.id: one for one in found}
    if missing := [invoice_id for invoice_id in wanted if invoice_id not in invoices]:
        raise AmountRefused(missing[0], "not_open")
    if len({one.currency for one in invoices.values()}) > 1:
        raise DifferentCurrencies
    partial = agency_of(session).allow_partial
    amounts = [(one.id, _amount(one, wanted[one.id], partial=partial)) for one in invoices.values()]
    return next(iter(invoices.values())).currency, amounts


def _amount(invoice: Invoice, wanted: Decimal | None, *, partial: bool) -> Decimal:
    if wanted is None or wanted == invoice.balance:
        return invoice.balance
    if wanted > invoice.balance:
        raise AmountRefused(invoice.id, "too_much", invoice.balance)
    if wanted <= 0:
        raise AmountRefused(invoice.id, "too_little", invoice.balance)
    if not partial:
        raise AmountRefused(invoice.id, "only_whole", invoice.balance)
    return wanted


def _begun_before(session: Session, party_id: uuid.UUID, now: datetime) -> Sequence[PaymentIntent]:
    fresh = PaymentIntent.state == PENDING, PaymentIntent.created_at > now - SAME_FOR
    mine = select(PaymentIntent).where(PaymentIntent.party_id == party_id, *fresh)
    return session.scalars(mine.order_by(PaymentIntent.id.desc()).limit(MOST_BEGUN)).all()
