"""Wompi (Colombia): Web Checkout by redirect, events with a checksum, and transactions looked up by their reference.

After https://docs.wompi.co/docs/colombia/. A key that begins with `pub_test_` is one of Wompi's own test environment.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests

from services.portal.clients.gateways import Checkout, GatewayUnavailable
from services.portal.rules.gateways import Notice, Order, Unreadable
from services.portal.rules.wompi import checkout_parameters, notice_of, read_event
from shared import clock

CHECKOUT = "https://checkout.wompi.co"
TEST, PRODUCTION = "https://sandbox.wompi.co/v1", "https://production.wompi.co/v1"
TIMEOUT = (3.0, 10.0)
BEST = {"APPROVED": 0, "VOIDED": 1, "PENDING": 2}
"""Of several transactions of one reference: money first, then what was given back, then what may still be paid."""


@dataclass(frozen=True)
class WompiKeys:
    """The four of the merchant's panel, and the address of the API ("" = after the public key)."""

    public: str
    private: str = field(repr=False)
    integrity: str = field(repr=False)
    events: str = field(repr=False)
    url: str = ""


class Wompi:
    """Wompi with one merchant's keys. Threads may share it."""

    name = "wompi"
    currencies = ("COP",)
    origin = CHECKOUT

    def __init__(self, keys: WompiKeys) -> None:
        self._keys = keys
        self._url = keys.url or (TEST if keys.public.startswith("pub_test_") else PRODUCTION)

    def checkout(self, order: Order, return_url: str) -> Checkout:
        """Everything is in the address; Wompi learns of the order when the payer comes."""
        wanted = checkout_parameters(order, self._keys.public, self._keys.integrity, return_url)
        return Checkout(f"{CHECKOUT}/p/?{urlencode(wanted, safe=':')}")

    def read_notice(self, _headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What an event says. Raises BadSignature, Unreadable."""
        return read_event(self.name, body, self._keys.events)

    def look_up(self, order: Order) -> Notice | None:
        """The best of the transactions with this reference. Raises GatewayUnavailable."""
        found = [one for one in self._transactions(order.reference) if one.get("reference") == order.reference]
        if not found:
            return None
        newest_first = sorted(found, key=lambda one: str(one.get("created_at")), reverse=True)
        best = min(newest_first, key=lambda one: BEST.get(str(one.get("status")), 3))
        try:
            return notice_of(self.name, best, clock.now())
        except Unreadable as error:
            raise GatewayUnavailable(self.name, str(error)) from error

    def _transactions(self, reference: str) -> list[dict[str, Any]]:
        try:
            answer = requests.get(
                f"{self._url}/transactions",
                params={"reference": reference},
                headers={"Authorization": f"Bearer {self._keys.private}"},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            if answer.status_code == 404:
                return []
            if answer.status_code != 200:
                raise GatewayUnavailable(self.name, str(answer.status_code))
            found = answer.json()["data"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise GatewayUnavailable(self.name, type(error).__name__) from error
        return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]
