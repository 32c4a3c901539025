"""Stripe: a Checkout Session for each order, signed webhooks, and sessions looked up by their id.

After https://docs.stripe.com/checkout/fulfillment and https://docs.stripe.com/webhooks.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import stripe

from services.portal.clients.gateways import Checkout, GatewayRefused, GatewayUnavailable
from services.portal.rules.gateways import (
    DECLINED,
    LONGEST_MESSAGE,
    LONGEST_REFERENCE,
    PAID,
    PENDING,
    REFUNDED,
    BadSignature,
    Notice,
    Order,
    Unreadable,
)
from services.portal.rules.money import CURRENCIES
from shared import clock

CHECKOUT = "https://checkout.stripe.com"
TIMEOUT = 10
TOLERANCE = 300
"""How many seconds old a signature may be; Stripe signs anew whenever it repeats a notification."""
SESSION_EVENTS = {
    "checkout.session.completed": PAID,
    "checkout.session.async_payment_succeeded": PAID,
    "checkout.session.async_payment_failed": DECLINED,
    "checkout.session.expired": DECLINED,
}
GIVEN_BACK = ("charge.refunded", "charge.dispute.created")
OVER = ("requires_payment_method", "canceled")
"""States of the payment behind a completed session after which no money comes any more."""


@dataclass(frozen=True)
class StripeKeys:
    """The secret key, and the secret of the webhook's address."""

    secret: str = field(repr=False)
    webhook: str = field(repr=False)


class StripeCheckout:
    """Stripe with one account's keys. Threads may share it."""

    name = "stripe"
    currencies = CURRENCIES
    origin = CHECKOUT

    def __init__(self, keys: StripeKeys) -> None:
        self._keys = keys
        self._sessions = stripe.StripeClient(
            keys.secret, max_network_retries=1, http_client=stripe.RequestsClient(timeout=TIMEOUT)
        ).v1.checkout.sessions

    def checkout(self, order: Order, return_url: str) -> Checkout:
        """Make the session, once: the key makes Stripe answer the same again. Raises GatewayUnavailable."""
        price: Any = {
            "currency": order.currency.lower(),
            "unit_amount": order.cents,
            "product_data": {"name": order.description or order.reference},
        }
        marked = {"reference": order.reference}
        try:
            made = self._sessions.create(
                params={
                    "mode": "payment",
                    "client_reference_id": order.reference,
                    "metadata": marked,
                    "payment_intent_data": {"metadata": marked},
                    "line_items": [{"quantity": 1, "price_data": price}],
                    "expires_at": int(order.payable_until.timestamp()),
                    "success_url": return_url,
                    "cancel_url": return_url,
                },
                options={"idempotency_key": str(order.intent_id)},
            )
        except stripe.InvalidRequestError as error:
            raise GatewayRefused(self.name, _reason(error)) from error
        except stripe.StripeError as error:
            raise GatewayUnavailable(self.name, _reason(error)) from error
        if not made.url:
            raise GatewayUnavailable(self.name, "a session without an address")
        return Checkout(made.url, made.id)

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a webhook says. Raises BadSignature, Unreadable."""
        try:
            text = body.decode()
            stripe.WebhookSignature.verify_header(text, headers.get("Stripe-Signature"), self._keys.webhook, TOLERANCE)
            event = json.loads(text)
            kind, about, at = event["type"], event["data"]["object"], datetime.fromtimestamp(event["created"], UTC)
            if kind in GIVEN_BACK:
                return _given_back(event["id"], about, at)
            if kind not in SESSION_EVENTS or not about.get("client_reference_id"):
                return None
            state = SESSION_EVENTS[kind]
            if state == PAID and about["payment_status"] != "paid":
                state = PENDING
            return self._notice(event["id"], about, state, at)
        except stripe.SignatureVerificationError as error:
            raise BadSignature from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError) as error:
            raise Unreadable(type(error).__name__) from error

    def look_up(self, order: Order) -> Notice | None:
        """What became of the session. Raises GatewayUnavailable.

        Where no id is known the address of the session was never given to anybody: nobody can have paid.
        """
        if not order.gateway_id:
            return None
        try:
            found = self._sessions.retrieve(order.gateway_id, params={"expand": ["payment_intent"]})
            about: dict[str, Any] = found.to_dict()
            state = _state(about)
            return self._notice(f"{order.gateway_id}:{state}", about, state, clock.now()) if state else None
        except stripe.StripeError as error:
            if error.http_status == 404:
                return None
            raise GatewayUnavailable(self.name, _reason(error)) from error
        except (ValueError, KeyError, TypeError, AttributeError, Unreadable) as error:
            raise GatewayUnavailable(self.name, type(error).__name__) from error

    def _notice(self, notice_id: str, about: dict[str, Any], state: str, at: datetime) -> Notice:
        return Notice(
            gateway=self.name,
            notice_id=notice_id,
            reference=about["client_reference_id"][:LONGEST_REFERENCE],
            gateway_id=about["id"],
            state=state,
            amount=Decimal(int(about["amount_total"])).scaleb(-2),
            currency=about["currency"].upper(),
            at=at,
        )


def _state(about: dict[str, Any]) -> str:
    """Of a session that was asked for; "" while nobody has paid."""
    if about["payment_status"] == "paid":
        return PAID
    if about["status"] == "expired":
        return DECLINED
    if about["status"] != "complete":
        return ""
    return DECLINED if (about.get("payment_intent") or {}).get("status") in OVER else PENDING


def _given_back(notice_id: str, about: dict[str, Any], at: datetime) -> Notice:
    """Money that went back, or is about to: of a dispute only the payment is known, which the panel of Stripe finds."""
    payment = str(about.get("payment_intent") or about["id"])
    return Notice(
        gateway=StripeCheckout.name,
        notice_id=notice_id,
        reference=(about.get("metadata") or {}).get("reference") or payment[:LONGEST_REFERENCE],
        gateway_id=payment,
        state=REFUNDED,
        amount=Decimal(int(about.get("amount_refunded", about["amount"]))).scaleb(-2),
        currency=about["currency"].upper(),
        message=str(about.get("reason") or "")[:LONGEST_MESSAGE],
        at=at,
    )


def _reason(error: stripe.StripeError) -> str:
    return f"{type(error).__name__} {error.http_status or ''} {error.code or ''}".strip()
