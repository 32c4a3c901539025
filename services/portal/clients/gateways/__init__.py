"""Gateways: who collects money for the agency online. Each is one small adapter after its vendor's documentation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.portal.rules.gateways import Notice, Order


class GatewayUnavailable(Exception):
    """A gateway did not answer, or not as it should. Trying later makes sense."""

    def __init__(self, gateway: str, reason: str = "") -> None:
        super().__init__(f"{gateway}: {reason}")
        self.gateway, self.reason = gateway, reason


class GatewayRefused(GatewayUnavailable):
    """A gateway does not take an order, now or later: the amount is too small for it, or it is not set up for it."""


@dataclass(frozen=True)
class Checkout:
    """Where the payer goes (GET). `gateway_id`: what the gateway calls the payment, "" if it does not say yet."""

    url: str
    gateway_id: str = ""


class Gateway(Protocol):
    """What the portal needs of a gateway."""

    @property
    def name(self) -> str:
        """As the portal calls it: wompi, stripe, sandbox."""

    @property
    def currencies(self) -> tuple[str, ...]:
        """In which it collects."""

    @property
    def origin(self) -> str:
        """Where its pages are, "" where they are the portal's own; browsers are told that a form may lead there."""

    def checkout(self, order: Order, return_url: str) -> Checkout:
        """Begin to collect. Asked again for the same order it is the same payment. Raises GatewayUnavailable."""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice | None:
        """What a notification says; None if it is genuine but about something else. Raises BadSignature, Unreadable."""

    def look_up(self, order: Order) -> Notice | None:
        """What the gateway knows of an order; None if nobody has paid or tried to. Raises GatewayUnavailable."""
