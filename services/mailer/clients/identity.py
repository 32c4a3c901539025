"""Identity's public keys."""

import base64
import binascii
from typing import Any

import requests

TIMEOUT = (1.0, 5.0)


class KeysUnavailable(Exception):
    """Identity does not answer, or not with keys."""


def fetch_signing_keys(identity_url: str) -> dict[str, bytes]:
    """The Ed25519 keys of identity's JWKS, by their ids; raises KeysUnavailable."""
    try:
        answer = requests.get(f"{identity_url}/.well-known/jwks.json", timeout=TIMEOUT)
        answer.raise_for_status()
        keys: list[dict[str, Any]] = answer.json()["keys"]
        return {
            str(key["kid"]): _raw(key["x"]) for key in keys if key.get("kty") == "OKP" and key.get("crv") == "Ed25519"
        }
    except (requests.RequestException, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeysUnavailable(type(error).__name__) from error


def _raw(text: str) -> bytes:
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(raw) != 32:
        raise ValueError("not an Ed25519 key")
    return raw
