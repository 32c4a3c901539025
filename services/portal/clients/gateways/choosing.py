"""Which gateways there are, ready to be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from services.portal.clients.gateways import Gateway
from services.portal.clients.gateways.sandbox import Sandbox
from services.portal.clients.gateways.stripe_checkout import StripeCheckout, StripeKeys
from services.portal.clients.gateways.wompi import Wompi, WompiKeys
from shared.keyring import Keyring

Gateways = Mapping[str, Gateway]
"""By their names, in the order in which clients are offered them."""


class GatewaySettings(Protocol):
    """The settings that gateways need."""

    @property
    def data(self) -> Path:
        """Where the trial gateway keeps what was chosen."""

    @property
    def gateways(self) -> Sequence[str]:
        """The names of those in use."""

    @property
    def wompi(self) -> WompiKeys:
        """Keys of Wompi, empty ones where it is not in use."""

    @property
    def stripe(self) -> StripeKeys:
        """Keys of Stripe, likewise."""

    def internal_url(self, service: str) -> str:
        """Where a service is called."""


def open_gateways(settings: GatewaySettings) -> Gateways:
    """The gateways in use."""
    return {name: _open(name, settings) for name in settings.gateways}


def _open(name: str, settings: GatewaySettings) -> Gateway:
    if name == "wompi":
        return Wompi(settings.wompi)
    if name == "stripe":
        return StripeCheckout(settings.stripe)
    secret = Keyring(settings.data, "portal").derive("sandbox gateway").hex()
    return Sandbox(secret, settings.data / "portal" / "sandbox-gateway", settings.internal_url("portal"))
