"""How Wompi signs: what is sent to its checkout, and what it tells afterwards. The trial gateway signs the same way.

After https://docs.wompi.co/docs/colombia/widget-checkout-web/ and https://docs.wompi.co/docs/colombia/eventos/.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

from services.portal.rules.gateways import (
    DECLINED,
    FAILED,
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

STATES = {"APPROVED": PAID, "PENDING": PENDING, "DECLINED": DECLINED, "VOIDED": REFUNDED, "ERROR": FAILED}
UPDATED = "transaction.updated"
SIGNED = ("transaction.id", "transaction.status", "transaction.amount_in_cents")
"""With what the signature of an event about a transaction has to begin; Wompi may add to it."""
FIRST_MOMENT, LAST_MOMENT = 1_420_070_400, 4_102_444_800


def expiry_text(moment: datetime) -> str:
    """A moment as Wompi writes it: ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def integrity_signature(reference: str, cents: int, currency: str, secret: str, expiry: str = "") -> str:
    """What proves to the checkout that the amount is ours."""
    return sha256(f"{reference}{cents}{currency}{expiry}{secret}".encode()).hexdigest()


def checkout_parameters(order: Order, public_key: str, secret: str, return_url: str) -> dict[str, str]:
    """What the Web Checkout is called with."""
    expiry = expiry_text(order.payable_until)
    return {
        "public-key": public_key,
        "currency": order.currency,
        "amount-in-cents": str(order.cents),
        "reference": order.reference,
        "signature:integrity": integrity_signature(order.reference, order.cents, order.currency, secret, expiry),
        "expiration-time": expiry,
        "redirect-url": return_url,
    }


def event_checksum(values: str, timestamp: int, secret: str) -> str:
    """The signature of an event: over the signed values one after the other, its moment, and the secret."""
    return sha256(f"{values}{timestamp}{secret}".encode()).hexdigest()


def signed_event(transaction: Mapping[str, Any], moment: datetime, secret: str) -> bytes:
    """An event about a transaction as Wompi sends it; for the trial gateway."""
    data, timestamp = {"transaction": dict(transaction)}, int(moment.timestamp())
    checksum = event_checksum("".join(_value(data, path) for path in SIGNED), timestamp, secret)
    event = {
        "event": UPDATED,
        "data": data,
        "environment": "test",
        "signature": {"properties": list(SIGNED), "checksum": checksum.upper()},
        "timestamp": timestamp,
        "sent_at": expiry_text(moment),
    }
    return json.dumps(event).encode()


def read_event(gateway: str, body: bytes, secret: str) -> Notice | None:
    """What an event says; None if it is genuine but not about a transaction. Raises BadSignature, Unreadable.

    The signature does not cover the reference nor the currency. Therefore the id of the notice consists of what it does
    cover: an event that was seen on its way and sent again with another reference is known already.
    """
    event = _parse(body)
    data, timestamp = event.get("data"), event.get("timestamp")
    if not isinstance(data, dict) or not isinstance(event.get("event"), str):
        raise Unreadable("no event")
    about_transaction = event["event"] == UPDATED
    _check(event.get("signature"), data, timestamp, secret, SIGNED if about_transaction else ())
    if not about_transaction:
        return None
    return notice_of(gateway, data["transaction"], datetime.fromtimestamp(timestamp, UTC))  # type: ignore[arg-type]


def notice_of(gateway: str, transaction: Mapping[str, Any], at: datetime) -> Notice:
    """What a transaction of Wompi says, in an event or asked for. Raises Unreadable."""
    cents, status = transaction.get("amount_in_cents"), transaction.get("status")
    texts = [transaction.get(name) for name in ("id", "reference", "currency")]
    if status not in STATES or type(cents) is not int or not all(isinstance(text, str) for text in texts):
        raise Unreadable("no transaction")
    identifier, reference, currency = map(str, texts)
    return Notice(
        gateway=gateway,
        notice_id=f"{identifier}:{status}",
        reference=reference[:LONGEST_REFERENCE],  # longer ones are somebody else's, who has the same account
        gateway_id=identifier,
        state=STATES[status],
        amount=Decimal(cents).scaleb(-2),
        currency=currency,
        message=str(transaction.get("status_message") or "")[:LONGEST_MESSAGE],
        at=at,
    )


def _parse(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    if not isinstance(event, dict):
        raise Unreadable("no event")
    return event


def _check(signature: Any, data: dict[str, Any], timestamp: Any, secret: str, needed: tuple[str, ...]) -> None:
    # The values are signed with nothing between them. The order of the first three, and a moment that always has ten
    # digits, keep whoever has seen an event from cutting the same text into another id or amount.
    if type(timestamp) is not int or not FIRST_MOMENT <= timestamp < LAST_MOMENT or not isinstance(signature, dict):
        raise BadSignature
    properties, checksum = signature.get("properties"), signature.get("checksum")
    if (
        not isinstance(properties, list)
        or not isinstance(checksum, str)
        or not set(needed) <= set(map(str, properties))
    ):
        raise BadSignature
    expected = event_checksum("".join(_value(data, str(path)) for path in properties), timestamp, secret)
    if not hmac.compare_digest(expected.encode(), checksum.lower().encode(errors="replace")):
        raise BadSignature


def _value(data: dict[str, Any], path: str) -> str:
    found: Any = data
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    if type(found) not in (str, int):
        raise BadSignature
    return str(found)
