"""What identity tells: the life of credentials. A secret travels only sealed for the mailer (see shared/sealing.py)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.events.registry import event


@dataclass(frozen=True, kw_only=True)
class SealedSecret:
    """A secret that only the mailer can open, signed by identity together with what it is for.

    `ciphertext` and `signature` are base64; `sealing_key` and `signing_key` name the keys that were used.
    """

    ciphertext: str
    sealing_key: str
    signature: str
    signing_key: str


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """To whom a letter goes. `login` is what the person signs in with (the document number)."""

    party_id: uuid.UUID
    name: str
    document: str
    login: str
    address: str
    language: str


@event("porteria.identity.CredentialIssued.v1")
@dataclass(frozen=True, kw_only=True)
class CredentialIssued:
    """A new credential exists. The former one works until this one is delivered or used.

    `delivery`: `password` (the secret is the password), `link` (the secret is the token of a single-use link) or
    `none` (no letter; then `recipient` and `secret` are absent). `replaces` names the credential, still waiting for
    its letter, that this one takes the place of.
    """

    credential_id: uuid.UUID
    party_id: uuid.UUID
    delivery: str
    expires_at: datetime
    batch_id: uuid.UUID | None = None
    replaces: uuid.UUID | None = None
    recipient: Recipient | None = None
    secret: SealedSecret | None = None


@event("porteria.identity.CredentialActivated.v1")
@dataclass(frozen=True, kw_only=True)
class CredentialActivated:
    """A credential is now the valid one of its party. `how`: `delivered`, `used`, `chosen` (by the
    person) or `restored` (a former password, because the letter with the newer one came back after it was accepted)."""

    credential_id: uuid.UUID
    party_id: uuid.UUID
    how: str


@event("porteria.identity.CredentialRevoked.v1")
@dataclass(frozen=True, kw_only=True)
class CredentialRevoked:
    """A credential works no longer; sessions that it opened end, a letter that waits with it must not go out.

    `reason`: `superseded` (a newer one became active), `replaced` (issued again while its letter waited),
    `letter_cancelled`, `letter_failed`, `expired`, `revoked` (by staff) or `changed` (the person chose another).
    """

    credential_id: uuid.UUID
    party_id: uuid.UUID
    reason: str


@event("porteria.identity.PasswordChanged.v1")
@dataclass(frozen=True, kw_only=True)
class PasswordChanged:
    """A person chose a new password (`credential_id` is the new credential): all other sessions of the party end."""

    party_id: uuid.UUID
    credential_id: uuid.UUID


@event("porteria.identity.RecoveryRequested.v1")
@dataclass(frozen=True, kw_only=True)
class RecoveryRequested:
    """Somebody asked for a new password; the secret is the token of a single-use link."""

    recovery_id: uuid.UUID
    party_id: uuid.UUID
    expires_at: datetime
    recipient: Recipient
    secret: SealedSecret


@event("porteria.identity.StaffInvited.v1")
@dataclass(frozen=True, kw_only=True)
class StaffInvited:
    """A member of the staff gets a single-use link to choose a password; the secret is its token.

    `purpose`: `invitation` (somebody new) or `reset` (the password was forgotten). What is sealed is sealed for
    `invitation_id` and `address`.
    """

    invitation_id: uuid.UUID
    staff_id: uuid.UUID
    purpose: str
    username: str
    name: str
    address: str
    language: str
    expires_at: datetime
    secret: SealedSecret
