"""Payments through gateways for tests: begun as the portal begins them, told as the gateways tell them."""

import hmac
import json
import time
import uuid
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import select, update
from werkzeug.test import TestResponse

from services.portal.actions.paying import start_payment
from services.portal.models import Invoice, LedgerEntry, Payment, PaymentIncident, PaymentIntent
from services.portal.rules.money import CURRENCIES
from services.portal.rules.wompi import signed_event
from shared import clock
from tests.support.alone import Alone

EVENTS_SECRET = "test_events_secret"
WOMPI: dict[str, Any] = {
    "wompi_public_key": "pub_test_public",
    "wompi_private_key": "prv_test_private",
    "wompi_integrity_secret": "test_integrity_secret",
    "wompi_events_secret": EVENTS_SECRET,
}
STRIPE: dict[str, Any] = {"stripe_secret_key": "sk_test_secret", "stripe_webhook_secret": "whsec_secret"}
"""Settings with made-up keys."""
TRANSACTIONS = "https://sandbox.wompi.co/v1/transactions"
SESSIONS = "https://api.stripe.com/v1/checkout/sessions"


def begin(
    portal: Alone, party: uuid.UUID, *invoices: Invoice, amount: str = "", gateway: str = "wompi"
) -> PaymentIntent:
    """A client went to the gateway to pay these; `amount`: so much of each."""
    wanted = [(one.id, Decimal(amount) if amount else None) for one in invoices]
    with portal.db.write() as session:
        return start_payment(session, party, wanted, gateway, CURRENCIES)


def transaction(intent: PaymentIntent, status: str = "APPROVED", **changes: Any) -> dict[str, Any]:
    """What Wompi has of it."""
    return {
        "id": f"1-{intent.reference}",
        "created_at": "2026-03-02T15:00:00.000Z",
        "amount_in_cents": int(intent.amount * 100),
        "reference": intent.reference,
        "currency": intent.currency,
        "payment_method_type": "PSE",
        "status": status,
        "status_message": None,
    } | changes


def event(intent: PaymentIntent, status: str = "APPROVED", *, secret: str = EVENTS_SECRET, **changes: Any) -> bytes:
    """What Wompi tells of it."""
    return signed_event(transaction(intent, status, **changes), clock.now(), secret)


def stripe_event(kind: str, about: dict[str, Any], *, age: int = 0) -> dict[str, Any]:
    """What Stripe sends, for `tell`."""
    moment = int(time.time()) - age
    body = json.dumps({"id": f"evt_{uuid.uuid4().hex}", "type": kind, "created": moment, "data": {"object": about}})
    signature = hmac.new(STRIPE["stripe_webhook_secret"].encode(), f"{moment}.{body}".encode(), sha256).hexdigest()
    return {"body": body, "headers": {"Stripe-Signature": f"t={moment},v1={signature}"}}


def stripe_session(intent: PaymentIntent, **changes: Any) -> dict[str, Any]:
    """A Checkout Session that was paid."""
    return {
        "id": "cs_test_1",
        "object": "checkout.session",
        "client_reference_id": intent.reference,
        "amount_total": int(intent.amount * 100),
        "currency": intent.currency.lower(),
        "status": "complete",
        "payment_status": "paid",
        "payment_intent": "pi_1",
    } | changes


def tell(portal: Alone, body: bytes | str, gateway: str = "wompi", **more: Any) -> TestResponse:
    """Send a notification as the gateway does."""
    address = f"/api/portal/v1/gateways/{gateway}/notifications"
    return portal.app.test_client().post(address, data=body, content_type="application/json", **more)


def verdict(answer: TestResponse) -> str:
    """What a notification was taken for."""
    assert answer.status_code == 200, answer.text
    assert answer.json
    return str(answer.json["verdict"])


def payments(portal: Alone) -> list[Payment]:
    """All money that came in."""
    with portal.db.read() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def incidents(portal: Alone) -> list[PaymentIncident]:
    """All that the agents have to look at."""
    with portal.db.read() as session:
        return list(session.scalars(select(PaymentIncident).order_by(PaymentIncident.id)))


def intent_now(portal: Alone, intent: PaymentIntent) -> PaymentIntent:
    """It, as it stands now."""
    with portal.db.read() as session:
        return session.get_one(PaymentIntent, intent.id)


def balance(portal: Alone, party: uuid.UUID) -> Decimal:
    """What the book says that a party owes."""
    with portal.db.read() as session:
        return sum(session.scalars(select(LedgerEntry.amount).where(LedgerEntry.party_id == party)), Decimal(0))


def grow_old(portal: Alone, intent: PaymentIntent, **ago: Any) -> None:
    """Let it have begun, and been asked about, so long ago."""
    with portal.db.write() as session:
        session.execute(update(PaymentIntent).where(PaymentIntent.id == intent.id).values(**ago))
