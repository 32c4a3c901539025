"""What gateways sign and what their news mean, with the examples of the vendors' documentation."""

import hmac
import json
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest

from services.portal.clients.gateways.stripe_checkout import StripeCheckout, StripeKeys
from services.portal.clients.gateways.wompi import Wompi, WompiKeys
from services.portal.rules.gateways import (
    DECLINED,
    EXPIRED,
    FAILED,
    NOT_APPLIED,
    NOTHING_NEW,
    PAID,
    PENDING,
    REFUNDED,
    WRONG_AMOUNT,
    WRONG_CURRENCY,
    BadSignature,
    Notice,
    Order,
    Unreadable,
    new_reference,
    verdict_on,
)
from services.portal.rules.wompi import event_checksum, expiry_text, integrity_signature, read_event, signed_event

# docs.wompi.co, "Widget & Checkout Web", step 3.
INTEGRITY_SECRET = "prod_integrity_Z5mMke9x0k8gpErbDqwrJXMqsI6SFli6"
INTEGRITY = "37c8407747e595535433ef8f6a811d853cd943046624a0ec04662b17bbf33bf5"
# docs.wompi.co, "Eventos", steps 1 to 4; the sum that is printed there is not that of its own text, this one is.
EVENTS_SECRET = "prod_events_OcHnIzeBl5socpwByQ4hA52Em3USQ93Z"
CHECKSUM = "5a18ec5e8fdb7df463e9f94774cba8f583ba21bd04a09ceff2ea68a4bc0aefbe"
DOCUMENTED: dict[str, Any] = {
    "event": "transaction.updated",
    "data": {
        "transaction": {
            "id": "1234-1610641025-49201",
            "amount_in_cents": 4490000,
            "reference": "MZQ3X2DE2SMX",
            "customer_email": "juan.perez@gmail.com",
            "currency": "COP",
            "payment_method_type": "NEQUI",
            "redirect_url": "https://mitienda.com.co/pagos/redireccion",
            "status": "APPROVED",
            "shipping_address": None,
            "payment_link_id": None,
            "payment_source_id": None,
        }
    },
    "environment": "prod",
    "signature": {
        "properties": ["transaction.id", "transaction.status", "transaction.amount_in_cents"],
        "checksum": CHECKSUM.upper(),
    },
    "timestamp": 1530291411,
    "sent_at": "2018-07-20T16:45:05.000Z",
}
STRIPE = StripeKeys("sk_test_1", "whsec_test")
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ORDER = Order(
    intent_id=uuid.UUID(int=1),
    gateway="wompi",
    reference="sk8-438k4-xmxm392-sn2m",
    amount=Decimal("24900.00"),
    currency="COP",
    created_at=NOW,
    gateway_id="T1",
)


def documented(**changes: Any) -> bytes:
    """The event of the documentation, with something changed in it: `transaction__status="…"`, `timestamp=…`."""
    changed = json.loads(json.dumps(DOCUMENTED))
    for path, value in changes.items():
        *outer, name = path.split("__")
        found = changed["data"] if outer[:1] == ["transaction"] else changed
        for step in outer:
            found = found[step]
        found[name] = value
    return json.dumps(changed).encode()


def notice(state: str, **changes: Any) -> Notice:
    told: dict[str, Any] = {"gateway_id": "T1", "amount": ORDER.amount, "currency": "COP", "reference": ORDER.reference}
    return Notice(gateway="wompi", notice_id="1", state=state, at=NOW, **(told | changes))


def test_the_integrity_signature_is_that_of_the_documentation() -> None:
    assert integrity_signature("sk8-438k4-xmxm392-sn2m", 2490000, "COP", INTEGRITY_SECRET) == INTEGRITY
    expiry = "2023-06-09T20:28:50.000Z"
    assert integrity_signature("r", 100, "COP", "s", expiry) == sha256(f"r100COP{expiry}s".encode()).hexdigest()
    assert expiry_text(datetime(2023, 6, 9, 20, 28, 50, tzinfo=UTC)) == expiry


def test_the_address_of_the_checkout_holds_what_was_signed() -> None:
    keys = WompiKeys("pub_prod_1", "prv", INTEGRITY_SECRET, EVENTS_SECRET)
    address = Wompi(keys).checkout(ORDER, "https://portal.example/customerarea/pay/1").url
    signature = integrity_signature(ORDER.reference, 2490000, "COP", INTEGRITY_SECRET, "2026-03-02T17:00:00.000Z")
    assert address.startswith(
        "https://checkout.wompi.co/p/?public-key=pub_prod_1&currency=COP&amount-in-cents=2490000&"
    )
    assert f"signature:integrity={signature}" in address
    assert INTEGRITY_SECRET not in address


def test_the_event_of_the_documentation_is_read() -> None:
    assert event_checksum("1234-1610641025-49201APPROVED4490000", 1530291411, EVENTS_SECRET) == CHECKSUM
    read = read_event("wompi", documented(), EVENTS_SECRET)
    assert read is not None
    assert (read.state, read.amount, read.currency, read.reference) == (PAID, Decimal(44900), "COP", "MZQ3X2DE2SMX")
    assert read.notice_id == "1234-1610641025-49201:APPROVED"


@pytest.mark.parametrize(
    "changes",
    [
        {"transaction__status": "PENDING"},
        {"transaction__amount_in_cents": 4490001},
        {"transaction__id": "1234-1610641025-49202"},
        {"timestamp": 1530291412},
        {"signature": None},
        {"signature__checksum": "0" * 64},
        {"signature__checksum": "ñ" * 64},
        {"signature__properties": []},
        {"signature__properties": ["transaction.status", "transaction.id", "transaction.amount_in_cents"]},
        {"signature__properties": ["transaction"]},
        {"timestamp": "1530291411"},
        # The same text, cut otherwise: an amount ten times as large, and a moment of nine digits.
        {"transaction__amount_in_cents": 44900001, "timestamp": 530291411},
    ],
)
def test_an_event_that_was_changed_is_not_genuine(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        read_event("wompi", documented(**changes), EVENTS_SECRET)


def test_an_event_with_another_reference_is_the_same_news() -> None:
    first = read_event("wompi", documented(), EVENTS_SECRET)
    second = read_event("wompi", documented(transaction__reference="OTHER"), EVENTS_SECRET)
    assert first is not None
    assert second is not None
    assert first.notice_id == second.notice_id, "the signature does not cover the reference, so it counts once"


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b"null", b"[" * 60_000, b'{"event": 1, "data": {}}'])
def test_what_is_no_event_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_event("wompi", body, EVENTS_SECRET)


@pytest.mark.parametrize(
    "changes",
    [{"status": "NEW"}, {"amount_in_cents": 1.5}, {"reference": None}, {"reference": "a\0b"}, {"reference": "\ud800"}],
)
def test_a_signed_event_that_is_not_as_documented_is_unreadable(changes: dict[str, Any]) -> None:
    told = {"id": "1", "status": "APPROVED", "amount_in_cents": 100, "reference": "r", "currency": "COP"} | changes
    with pytest.raises((Unreadable, BadSignature)):
        read_event("wompi", signed_event(told, NOW, "s"), "s")


def test_a_reference_that_is_longer_than_ours_is_somebody_elses() -> None:
    read = read_event("wompi", documented(transaction__reference="R" * 255), EVENTS_SECRET)
    assert read is not None
    assert read.reference == "R" * 60


def test_an_event_about_something_else_is_genuine_and_nothing_of_ours() -> None:
    body = documented(event="nequi_token.updated")
    assert read_event("wompi", body, EVENTS_SECRET) is None


@pytest.mark.parametrize(
    ("state", "told", "changes", "verdict"),
    [
        (PENDING, PAID, {}, PAID),
        (DECLINED, PAID, {}, PAID),
        (EXPIRED, PAID, {}, PAID),
        (PAID, PAID, {}, NOTHING_NEW),
        (PAID, PAID, {"gateway_id": "T2"}, NOT_APPLIED),
        (PAID, DECLINED, {}, NOTHING_NEW),
        (PAID, PENDING, {"gateway_id": "T2"}, NOTHING_NEW),
        (PENDING, PENDING, {}, PENDING),
        (DECLINED, PENDING, {}, NOTHING_NEW),
        (DECLINED, PENDING, {"gateway_id": "T2"}, PENDING),
        (PENDING, DECLINED, {}, DECLINED),
        (PENDING, FAILED, {}, FAILED),
        (PENDING, DECLINED, {"gateway_id": "T2"}, NOTHING_NEW),
        (PENDING, PAID, {"amount": Decimal("24900.01")}, WRONG_AMOUNT),
        (PENDING, PAID, {"currency": "USD"}, WRONG_CURRENCY),
        (PAID, REFUNDED, {}, REFUNDED),
        (PAID, REFUNDED, {"amount": Decimal(1)}, REFUNDED),
    ],
)
def test_what_news_mean_depends_on_what_was_known(state: str, told: str, changes: dict[str, Any], verdict: str) -> None:
    assert verdict_on(ORDER, state, notice(told, **changes)) == verdict


def test_the_answer_to_a_question_ends_it_whatever_was_tried_before() -> None:
    assert verdict_on(ORDER, PENDING, notice(DECLINED, gateway_id="T2"), asked=True) == DECLINED
    assert verdict_on(replace(ORDER, gateway_id=""), PENDING, notice(DECLINED, gateway_id="T2")) == DECLINED


def test_references_are_short_and_never_the_same() -> None:
    made = {new_reference() for _ in range(1000)}
    assert len(made) == 1000
    assert all(one.isalnum() and len(one) == 16 for one in made)


def told_by_stripe(age: int = 0, secret: str = STRIPE.webhook) -> tuple[dict[str, str], bytes]:
    """Signed as https://docs.stripe.com/webhooks#verify-manually describes it."""
    about = {
        "id": "cs_1",
        "client_reference_id": "R",
        "amount_total": 12345,
        "currency": "mxn",
        "payment_status": "paid",
    }
    moment = int(time.time()) - age
    event = {"id": "evt_1", "type": "checkout.session.completed", "created": moment, "data": {"object": about}}
    body = json.dumps(event)
    signature = hmac.new(secret.encode(), f"{moment}.{body}".encode(), sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={'0' * 64},v1={signature}"}, body.encode()


def test_a_webhook_of_stripe_is_read_when_its_signature_is_right_and_fresh() -> None:
    gateway = StripeCheckout(STRIPE)
    read = gateway.read_notice(*told_by_stripe())
    assert read is not None
    assert (read.state, read.amount, read.currency, read.reference) == (PAID, Decimal("123.45"), "MXN", "R")
    headers, body = told_by_stripe()
    for wrong in ((headers, body + b" "), ({}, body), told_by_stripe(age=301), told_by_stripe(secret="whsec_other")):
        with pytest.raises(BadSignature):
            gateway.read_notice(*wrong)
    with pytest.raises(Unreadable):
        gateway.read_notice(headers, b"\xff")
