"""DKIM signatures (RFC 6376; RFC 8463 for Ed25519): receivers can tell that a letter is the agency's.

dkimpy signs with RSA written in Python: 21 ms for each letter, in which nothing else runs. This takes 1 ms, most of it
in OpenSSL beside the other threads; the tests verify with dkimpy. Canonicalisation is relaxed/relaxed.
"""

import base64
import hashlib
import re
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

SIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-language",
    b"auto-submitted",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
)
SMALLEST = 1024
RSA_BITS = 2048
TXT_LIMIT = 255
BLANKS = re.compile(rb"[ \t]+")
FOLDED = re.compile(rb"\r\n(?=[ \t])")
FIELD_END = re.compile(rb"\r\n(?![ \t])")
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")

Key = RSAPrivateKey | Ed25519PrivateKey


class KeyUnfit(Exception):
    """This is no key with which letters can be signed; the text says why."""


def load_key(pem: bytes) -> Key:
    """The private key of a PEM file; raises KeyUnfit."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnfit("is no private key in PEM without a password") from error
    if isinstance(key, RSAPrivateKey) and key.key_size >= SMALLEST:
        return key
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise KeyUnfit(f"must be an RSA key of at least {SMALLEST} bits, or an Ed25519 key")


def make_key(*, ed25519: bool = False) -> bytes:
    """A new private key in PEM."""
    key: Key = Ed25519PrivateKey.generate() if ed25519 else generate_private_key(65537, RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def dns_value(key: Key) -> str:
    """What the TXT record of the key says (RFC 6376, 3.6.1)."""
    if isinstance(key, Ed25519PrivateKey):
        return f"v=DKIM1; k=ed25519; p={_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}"
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={_text(public)}"


def dns_record(domain: str, selector: str, key: Key) -> str:
    """The record as a line of a zone file; long values in several strings, which readers join."""
    value = dns_value(key)
    pieces = (f'"{value[start : start + TXT_LIMIT]}"' for start in range(0, len(value), TXT_LIMIT))
    return f"{selector}._domainkey.{domain}. IN TXT ( {' '.join(pieces)} )"


class Signer:
    """Signs letters with one key. Threads may share it."""

    def __init__(self, domain: str, selector: str, key: Key) -> None:
        self._key = key
        self._algorithm = "rsa-sha256" if isinstance(key, RSAPrivateKey) else "ed25519-sha256"
        self._names = f"d={domain}; s={selector}"

    def sign(self, message: bytes, at: datetime) -> bytes:
        """The message with its signature before it. Its lines must end with CRLF."""
        head, _, body = message.partition(b"\r\n\r\n")
        fields = _fields(head)
        signed = [name for name in SIGNED if name in fields]
        digest = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        # From is named twice, so that nobody can add a second one (RFC 6376, 8.15).
        named = b":".join((*signed, b"from")).decode()
        unsigned = (
            f"v=1; a={self._algorithm}; c=relaxed/relaxed; {self._names};\r\n"
            f" t={int(at.timestamp())}; h={named};\r\n"
            f" bh={digest};\r\n"
            " b="
        ).encode()
        covered = b"".join(_relaxed(name, fields[name]) + b"\r\n" for name in signed)
        signature = base64.b64encode(self._sign(covered + _relaxed(b"dkim-signature", unsigned))).decode()
        lines = "\r\n  ".join(signature[start : start + 72] for start in range(0, len(signature), 72))
        return b"DKIM-Signature: " + unsigned + lines.encode() + b"\r\n" + message

    def _sign(self, covered: bytes) -> bytes:
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(covered, PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(covered).digest())


def _fields(head: bytes) -> dict[bytes, bytes]:
    parts = (field.partition(b":") for field in FIELD_END.split(head))
    return {name.strip().lower(): value for name, _, value in parts}


def _relaxed(name: bytes, value: bytes) -> bytes:
    """A header field in relaxed form (RFC 6376, 3.4.2)."""
    return name + b":" + BLANKS.sub(b" ", FOLDED.sub(b"", value)).strip()


def _relaxed_body(body: bytes) -> bytes:
    """The body in relaxed form (RFC 6376, 3.4.4)."""
    plain = BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return plain + b"\r\n" if plain else b""


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
