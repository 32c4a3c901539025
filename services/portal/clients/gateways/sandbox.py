"""The trial gateway: it signs as Wompi does and moves no money. Its page is services/portal/pages/sandbox.py.

What the payer chose is kept in a small file, as a real gateway would remember it, so that a notification that is lost
can be asked for.
"""

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
import structlog

from services.portal.clients.gateways import Checkout, GatewayUnavailable
from services.portal.rules.gateways import Notice, Order, Unreadable
from services.portal.rules.money import CURRENCIES
from services.portal.rules.wompi import checkout_parameters, integrity_signature, notice_of, read_event, signed_event
from shared import clock

PAGE = "/customerarea/sandbox"
PUBLIC_KEY = "pub_sandbox"
TIMEOUT = (1.0, 5.0)
CHOICES = {"approve": "APPROVED", "decline": "DECLINED", "wait": "PENDING"}
WORDS = {"DECLINED": "Rechazada en la pasarela de prueba"}

log = structlog.get_logger(__name__)


class NotOurs(Exception):
    """A checkout was called with what the portal has not signed, or after its time."""


class Sandbox:
    """The trial gateway. `secret` is the portal's own, `portal_url` where the notifications go."""

    name = "sandbox"
    currencies = CURRENCIES
    origin = ""

    def __init__(self, secret: str, folder: Path, portal_url: str) -> None:
        self._secret, self._folder = secret, folder
        self._target = f"{portal_url}/api/portal/v1/gateways/{self.name}/notifications"

    def checkout(self, order: Order, return_url: str) -> Checkout:
        """The address of the page, with everything in it."""
        wanted = checkout_parameters(order, PUBLIC_KEY, self._secret, return_url)
        return Checkout(f"{PAGE}/{order.reference}?{urlencode(wanted, safe=':')}")

    def read_notice(self, _headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What an event says. Raises BadSignature, Unreadable."""
        return read_event(self.name, body, self._secret)

    def look_up(self, order: Order) -> Notice | None:
        """What was chosen on the page, if anything. Raises GatewayUnavailable."""
        chosen = self.chosen(order.reference)
        try:
            return notice_of(self.name, chosen, clock.now()) if chosen else None
        except Unreadable as error:
            raise GatewayUnavailable(self.name, "the file of what was chosen") from error

    def check(self, wanted: Mapping[str, str], now: datetime) -> None:
        """Whether the portal itself sent the payer here. Raises NotOurs."""
        reference, currency, expiry = (wanted.get(name, "") for name in ("reference", "currency", "expiration-time"))
        cents = wanted.get("amount-in-cents", "")
        if not re.fullmatch(r"[0-9]{1,15}", cents):
            raise NotOurs
        expected = integrity_signature(reference, int(cents), currency, self._secret, expiry)
        given = wanted.get("signature:integrity", "").encode(errors="replace")
        if not hmac.compare_digest(expected.encode(), given) or now > datetime.fromisoformat(expiry):
            raise NotOurs

    def chosen(self, reference: str) -> dict[str, Any] | None:
        """The transaction as it stands, None as long as nobody chose anything."""
        try:
            found: dict[str, Any] = json.loads(self._file(reference).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return found

    def choose(self, wanted: Mapping[str, str], choice: str) -> None:
        """What the payer chose: remembered, then told. What is final stays, and is only told again."""
        former = self.chosen(wanted["reference"])
        if former is None or former["status"] == "PENDING":
            former = self._remember(wanted, CHOICES[choice])
        self._tell(former)

    def _remember(self, wanted: Mapping[str, str], status: str) -> dict[str, Any]:
        transaction = {
            "id": f"{self.name}-{wanted['reference']}",
            "created_at": clock.now().isoformat(),
            "amount_in_cents": int(wanted["amount-in-cents"]),
            "reference": wanted["reference"],
            "currency": wanted["currency"],
            "status": status,
            "status_message": WORDS.get(status),
        }
        file = self._file(wanted["reference"])
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        draft.write_text(json.dumps(transaction), "utf-8")
        draft.replace(file)
        return transaction

    def _tell(self, transaction: Mapping[str, Any]) -> None:
        """Send the notification once. If it is lost, the portal asks by itself some minutes later."""
        body = signed_event(transaction, clock.now(), self._secret)
        try:
            with requests.Session() as http:
                http.trust_env = False  # no proxy stands between the portal and itself
                headers = {"Content-Type": "application/json"}
                outcome = str(http.post(self._target, data=body, headers=headers, timeout=TIMEOUT).status_code)
        except requests.RequestException as error:
            outcome = type(error).__name__
        log.info("sandbox_notification", reference=transaction["reference"], outcome=outcome)

    def _file(self, reference: str) -> Path:
        # Only references that the portal made are signed, and those are letters and digits; this holds in any case.
        if not re.fullmatch(r"[A-Za-z0-9]{1,60}", reference):
            raise NotOurs
        return self._folder / f"{reference}.json"
