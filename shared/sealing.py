"""How a secret travels: sealed for one reader, signed by its sender, bound to what it is for.

A libsodium sealed box (X25519) can be made by anybody, so identity signs (Ed25519, RFC 8032) the ciphertext together
with its context: the credential or recovery it belongs to and the address it goes to. A copied box is worth nothing in
another event.

The portal has no key that the mailer knows. What it seals holds the address beside the secret (`seal_for_address`), and
is opened as such only: a box of a notice copied into another one, or one of identity put into a notice, opens nothing.
"""

import base64
import binascii
import json
from dataclasses import dataclass

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import SigningKey, VerifyKey

from shared.events.identity import SealedSecret
from shared.events.portal import NoticeSecret

FOR_ADDRESS = "porteria.sealed-for-address.v1"


class SealBroken(Exception):
    """The signature or the box is not what it should be: forged, altered, or for another reader."""


@dataclass(frozen=True)
class SealContext:
    """What a sealed secret is for. `subject` is the id of the credential or recovery."""

    subject: str
    address: str

    def to_sign(self, ciphertext: bytes) -> bytes:
        """The canonical bytes that are signed."""
        parts = ["porteria.sealed.v1", self.subject, self.address, base64.b64encode(ciphertext).decode()]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode()


class Sealer:
    """Identity's side: seals for the mailer's public key and signs with identity's own key."""

    def __init__(self, sealing_key: str, public_key: bytes, signing_key: str, private_key: bytes) -> None:
        self._sealing_key, self._signing_key = sealing_key, signing_key
        self._box, self._signer = SealedBox(PublicKey(public_key)), SigningKey(private_key)

    def seal(self, secret: str, context: SealContext) -> SealedSecret:
        """Seal a secret for a letter."""
        ciphertext = self._box.encrypt(secret.encode())
        signature = self._signer.sign(context.to_sign(ciphertext)).signature
        return SealedSecret(
            ciphertext=base64.b64encode(ciphertext).decode(),
            sealing_key=self._sealing_key,
            signature=base64.b64encode(signature).decode(),
            signing_key=self._signing_key,
        )


def check_signature(sealed: SealedSecret, context: SealContext, public_key: bytes) -> bytes:
    """The ciphertext, if identity signed it for this context; raises SealBroken."""
    try:
        ciphertext = base64.b64decode(sealed.ciphertext, validate=True)
        VerifyKey(public_key).verify(context.to_sign(ciphertext), base64.b64decode(sealed.signature, validate=True))
    except (BadSignatureError, binascii.Error, ValueError, TypeError) as error:
        raise SealBroken("the signature does not match") from error
    return ciphertext


def seal_for_address(secret: str, address: str, sealing_key: str, public_key: bytes) -> NoticeSecret:
    """Seal a secret for the letter of a notice to this address."""
    inside = json.dumps([FOR_ADDRESS, address, secret], ensure_ascii=False, separators=(",", ":"))
    ciphertext = SealedBox(PublicKey(public_key)).encrypt(inside.encode())
    return NoticeSecret(ciphertext=base64.b64encode(ciphertext).decode(), sealing_key=sealing_key)


def open_for_address(ciphertext: bytes, address: str, private_key: bytes) -> str:
    """The secret inside; raises SealBroken if it was sealed otherwise, or for a letter to another address."""
    try:
        mark, sealed_for, secret = json.loads(open_sealed(ciphertext, private_key))
    except (ValueError, TypeError):
        raise SealBroken("this was not sealed for an address") from None
    if mark != FOR_ADDRESS or sealed_for != address:
        raise SealBroken("this was sealed for another letter")
    return str(secret)


def open_sealed(ciphertext: bytes, private_key: bytes) -> str:
    """The secret inside; raises SealBroken if it was sealed for another key or altered."""
    try:
        return SealedBox(PrivateKey(private_key)).decrypt(ciphertext).decode()
    except (CryptoError, UnicodeDecodeError) as error:
        raise SealBroken("the box cannot be opened with this key") from error
