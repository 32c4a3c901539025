"""What one process of identity holds besides its database: policy, keyring, calls out, and the places for hashing."""

from dataclasses import dataclass

from flask import current_app

from services.identity.actions.verification import HashingGate
from services.identity.clients import Clients
from services.identity.rules.policy import Policy
from shared.keyring import Keyring

EXTENSION = "identity"


@dataclass(frozen=True)
class Runtime:
    """Made once by `create_app`."""

    policy: Policy
    keyring: Keyring
    clients: Clients
    gate: HashingGate


def runtime() -> Runtime:
    """That of the application which answers the present request."""
    held: Runtime = current_app.extensions[EXTENSION]
    return held
