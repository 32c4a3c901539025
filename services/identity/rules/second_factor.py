"""One-time codes of a phone (TOTP, RFC 6238) and recovery codes on paper."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

import pyotp

from services.identity.rules.passwords import ALPHABET, GROUP

STAFF, PARTY = "staff", "party"
STEP_SECONDS = 30
DIGITS = 6
TOLERANCE = (0, -1, 1)
"""A phone's clock may be off by a step (RFC 6238, 5.2)."""

RECOVERY_CODES = 10
RECOVERY_LENGTH = 12
"""log2(31^12) = 59 bits, tried at most as often as throttling lets one."""

ENROLMENT_LASTS = timedelta(minutes=30)
"""A secret that nobody confirmed for so long is not shown again."""

PROOF_LASTS = timedelta(minutes=5)
"""Between the password and the code."""

_BETWEEN = re.compile(r"[\s\-‐-―]+")
_CODE = re.compile(rf"\d{{{DIGITS}}}", re.ASCII)
_RECOVERY = re.compile(f"[{ALPHABET}]{{{RECOVERY_LENGTH}}}")


def new_secret() -> str:
    """160 random bits in base32, as RFC 4226 recommends."""
    return pyotp.random_base32(32)


def address_of(secret: str, account: str, issuer: str) -> str:
    """What the QR code says: the otpauth URI, with which an application names the entry."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def in_fours(secret: str) -> str:
    """A secret as people copy it by hand."""
    return " ".join(secret[i : i + GROUP] for i in range(0, len(secret), GROUP))


def as_code(text: str) -> str | None:
    """What was typed, read as a code of a phone; None if it can be none."""
    compact = _compact(text)
    return compact if _CODE.fullmatch(compact) else None


def as_recovery_code(text: str) -> str | None:
    """What was typed, read as a recovery code: with or without dashes, spaces, capitals; None if it can be none."""
    compact = _compact(text).lower()
    return compact if _RECOVERY.fullmatch(compact) else None


def matching_step(secret: str, code: str, moment: datetime) -> int | None:
    """The time step whose code this is, if it is the present one or next to it."""
    now, totp = int(moment.timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    fitting = [now + n for n in TOLERANCE if hmac.compare_digest(totp.generate_otp(now + n), code)]
    return fitting[0] if fitting else None


def make_recovery_codes() -> list[str]:
    """Fresh codes, without the dashes in which they are shown."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]


def hash_recovery_code(code: str, owner: str, key: bytes) -> bytes:
    """What is kept of a code: worth nothing without the key, which is not in the database."""
    return hashlib.blake2b(f"{owner} {code}".encode(), key=key, digest_size=32).digest()


def is_due(role: str, roles: frozenset[str], *, enrolled: bool) -> bool:
    """Whether somebody with this role has to set up a second factor before anything else."""
    return role in roles and not enrolled


def _compact(text: str) -> str:
    return _BETWEEN.sub("", text) if len(text) <= 4 * RECOVERY_LENGTH else ""
