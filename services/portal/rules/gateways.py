"""What gateways tell of payments, and what that means for a payment that the portal waits for."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

PAID, PENDING, DECLINED, FAILED, REFUNDED, EXPIRED = "paid", "pending", "declined", "failed", "refunded", "expired"
NOTICE_STATES = (PAID, PENDING, DECLINED, FAILED, REFUNDED)

NOTHING_NEW, REPEATED = "nothing_new", "repeated"
UNKNOWN_REFERENCE, WRONG_AMOUNT, WRONG_CURRENCY = "unknown_reference", "wrong_amount", "wrong_currency"
BAD_SIGNATURE, UNREADABLE, NOT_APPLIED = "bad_signature", "unreadable", "not_applied"
INCIDENTS = (UNKNOWN_REFERENCE, WRONG_AMOUNT, WRONG_CURRENCY, BAD_SIGNATURE, UNREADABLE, REFUNDED, NOT_APPLIED)
"""What an agent has to look at."""
FORGED = (BAD_SIGNATURE, UNREADABLE)
"""Of these anybody can make as many as they like."""

PAYABLE_FOR = timedelta(hours=2)
"""For how long the gateway takes a payment that was begun."""
SAME_FOR = timedelta(minutes=30)
"""Who begins the very same payment once more within this time goes on with the first."""
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No two of them are mistaken for each other when somebody reads a reference over the phone."""
LONGEST_REFERENCE, LONGEST_ID, LONGEST_MESSAGE = 60, 200, 300


class BadSignature(Exception):
    """A notification that the gateway did not sign."""


class Unreadable(Exception):
    """A notification that is not as the gateway's documentation says."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a gateway is asked to collect. The same one is always asked for in the same words.

    reference: what both sides call it. description: what it is for, as the payer reads it at the gateway. gateway_id:
    what the gateway calls it, "" as long as that is not known.
    """

    intent_id: uuid.UUID
    gateway: str
    reference: str
    amount: Decimal
    currency: str
    created_at: datetime
    description: str = ""
    gateway_id: str = ""

    @property
    def payable_until(self) -> datetime:
        """When the gateway stops taking it."""
        return self.created_at + PAYABLE_FOR

    @property
    def cents(self) -> int:
        """The amount in hundredths, as gateways count."""
        return int(self.amount.scaleb(2))


@dataclass(frozen=True, kw_only=True)
class Notice:
    """What a gateway says of a payment, proven to be from it.

    notice_id: the same for the same news, however often it comes. state: one of NOTICE_STATES. message: for the payer.
    Raises Unreadable for what cannot be stored.
    """

    gateway: str
    notice_id: str
    reference: str
    gateway_id: str
    state: str
    amount: Decimal
    currency: str
    at: datetime
    message: str = ""

    def __post_init__(self) -> None:
        texts = ((self.notice_id, LONGEST_ID), (self.gateway_id, LONGEST_ID), (self.reference, LONGEST_REFERENCE))
        if not all(_is_storable(text) and len(text) <= most for text, most in (*texts, (self.currency, 3))):
            raise Unreadable("a text that cannot be stored")
        if not _is_storable(self.message):
            raise Unreadable("a text that cannot be stored")


def _is_storable(text: str) -> bool:
    """Whether databases take it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and text.encode(errors="replace").decode() == text


def new_reference() -> str:
    """What a payment is called towards a gateway: short, of letters and digits only, never given twice."""
    return "PR" + "".join(secrets.choice(ALPHABET) for _ in range(14))


def verdict_on(order: Order, state: str, notice: Notice, *, asked: bool = False) -> str:
    """What a notice means for an order that is in `state`: PAID, PENDING, DECLINED, FAILED, NOTHING_NEW or an incident.

    asked: the gateway was asked about all it knows of the reference, so this is no echo of an earlier attempt.
    """
    if notice.state == REFUNDED:
        return REFUNDED
    if notice.currency != order.currency:
        return WRONG_CURRENCY
    if notice.amount != order.amount:
        return WRONG_AMOUNT
    if notice.state == PAID:
        return _verdict_on_money(order, state, notice)
    if state == PAID:
        return NOTHING_NEW
    another = bool(order.gateway_id) and order.gateway_id != notice.gateway_id
    if notice.state == PENDING:
        # Late news of an attempt that is over already; but a fresh attempt may begin after one was declined.
        return PENDING if state == PENDING or another else NOTHING_NEW
    # Of two attempts under one reference the end of one says nothing about the other, which may still be paid.
    return notice.state if state == PENDING and (asked or not another) else NOTHING_NEW


def _verdict_on_money(order: Order, state: str, notice: Notice) -> str:
    """Money is money: it counts also after the portal had given it up. But it counts once."""
    if state != PAID:
        return PAID
    return NOTHING_NEW if notice.gateway_id == order.gateway_id else NOT_APPLIED
