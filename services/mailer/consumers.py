"""What the mailer hears: facts of identity and the directory that mean something for letters, notices, and wishes."""

import base64
import binascii
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.mailer.actions.intake import Addressee, Order, take_letters
from services.mailer.actions.keys import SigningKeyUnknown
from services.mailer.actions.requesting import request_order
from services.mailer.actions.suppressing import clear_addresses
from services.mailer.actions.withdrawing import withdraw_credentials, withdraw_notices, withdraw_parties
from services.mailer.models import SigningKey
from services.mailer.queries import LONGEST_KID, find_signing_keys
from services.mailer.rules.attachments import check_attachments
from services.mailer.rules.notices import NoticeRefused, check_notice, check_stop_path
from services.mailer.rules.requests import RequestRefused, check_request
from services.mailer.rules.states import (
    CANCELLED,
    CREDENTIAL,
    CREDENTIAL_LINK,
    RECOVERY,
    REPLACED,
    STAFF_INVITATION,
    STAFF_RESET,
)
from services.mailer.rules.withdrawing import reason_of
from shared.events import InvalidEvent
from shared.events.directory import AddressCleared, PartyDeactivated
from shared.events.external import LetterRequested
from shared.events.identity import (
    CredentialIssued,
    CredentialRevoked,
    Recipient,
    RecoveryRequested,
    SealedSecret,
    StaffInvited,
)
from shared.events.portal import NoticeRaised, NoticeSecret, NoticeWithdrawn
from shared.inbox import handled_envelopes
from shared.sealing import SealBroken, SealContext, check_signature

KIND_OF_DELIVERY = {"password": CREDENTIAL, "link": CREDENTIAL_LINK}
KIND_OF_PURPOSE = {"invitation": STAFF_INVITATION, "reset": STAFF_RESET}
LONGEST_SEALING_KEY = 64


def on_credential_issued(session: Session, events: list[CredentialIssued]) -> None:
    """Credentials that are to be delivered become letters."""
    delivered = [event for event in events if event.delivery != "none"]
    keys = _keys(session, [event.secret for event in delivered])
    take_letters(session, [_credential_order(event, keys) for event in delivered])
    # Without a letter of its own, a new credential still takes the place of one that waits.
    replaced = [event.replaces for event in events if event.delivery == "none" and event.replaces]
    withdraw_credentials(session, replaced, REPLACED)


def on_recovery_requested(session: Session, events: list[RecoveryRequested]) -> None:
    """A requested recovery becomes a letter that does not wait."""
    keys = _keys(session, [event.secret for event in events])
    orders = []
    for event in events:
        ciphertext = _checked(event.secret, event.recovery_id, event.recipient, event.party_id, keys)
        orders.append(
            Order(
                kind=RECOVERY,
                recipient=event.recipient,
                ciphertext=ciphertext,
                sealing_key=event.secret.sealing_key,
                expires_at=event.expires_at,
                recovery_id=event.recovery_id,
            )
        )
    take_letters(session, orders)


def on_staff_invited(session: Session, events: list[StaffInvited]) -> None:
    """A link for a member of the staff becomes a letter that does not wait."""
    keys = _keys(session, [event.secret for event in events])
    take_letters(session, [_invitation_order(event, keys) for event in events])


def on_letter_requested(session: Session, events: list[LetterRequested]) -> None:
    """Somebody outside asks for a letter in words of their own."""
    orders = []
    for event, envelope in zip(events, handled_envelopes(), strict=True):
        try:
            wanted = check_request(**vars(event))
        except RequestRefused as error:
            raise InvalidEvent(f"{error.field}: {error}") from None
        orders.append(request_order(wanted, envelope.source))
    take_letters(session, orders)


def on_notice_raised(session: Session, events: list[NoticeRaised]) -> None:
    """What the client area has to tell somebody becomes a letter of that kind."""
    take_letters(session, [_notice_order(event) for event in events])


def on_notice_withdrawn(session: Session, events: list[NoticeWithdrawn]) -> None:
    """What a notice says is not so any more: its letter must not go, if it still waits or is yet to come in."""
    for reason in dict.fromkeys(event.reason for event in events):
        withdraw_notices(session, [event.notice_id for event in events if event.reason == reason], reason_of(reason))


def on_credential_revoked(session: Session, events: list[CredentialRevoked]) -> None:
    """A letter whose credential ended must not go out."""
    for state, is_so in ((REPLACED, True), (CANCELLED, False)):
        ended = [event.credential_id for event in events if (event.reason == "replaced") == is_so]
        withdraw_credentials(session, ended, state)


def on_party_deactivated(session: Session, events: list[PartyDeactivated]) -> None:
    """What waits for a deactivated party must not go out."""
    withdraw_parties(session, [event.party_id for event in events])


def on_address_cleared(session: Session, events: list[AddressCleared]) -> None:
    """An address may be written to again."""
    clear_addresses(session, [(event.address, event.at) for event in events])


def _credential_order(event: CredentialIssued, keys: dict[str, SigningKey]) -> Order:
    kind = KIND_OF_DELIVERY.get(event.delivery)
    if kind is None:
        raise InvalidEvent("this way of delivery is not known")
    if event.recipient is None or event.secret is None:
        raise InvalidEvent("a credential that is to be delivered needs recipient and secret")
    return Order(
        kind=kind,
        recipient=event.recipient,
        ciphertext=_checked(event.secret, event.credential_id, event.recipient, event.party_id, keys),
        sealing_key=event.secret.sealing_key,
        expires_at=event.expires_at,
        credential_id=event.credential_id,
        batch_id=event.batch_id,
        replaces=event.replaces,
    )


def _invitation_order(event: StaffInvited, keys: dict[str, SigningKey]) -> Order:
    kind = KIND_OF_PURPOSE.get(event.purpose)
    if kind is None:
        raise InvalidEvent("this purpose of an invitation is not known")
    return Order(
        kind=kind,
        recipient=Addressee(name=event.name, address=event.address, language=event.language, login=event.username),
        ciphertext=_signed(event.secret, SealContext(str(event.invitation_id), event.address), keys),
        sealing_key=event.secret.sealing_key,
        expires_at=event.expires_at,
        invitation_id=event.invitation_id,
    )


def _notice_order(event: NoticeRaised) -> Order:
    reader = event.reader
    values = {one.name: one.value for one in event.values}
    if event.instead_of == event.notice_id:
        raise InvalidEvent("a notice can not take its own place")
    try:
        told = check_notice(event.kind, event.path, values, has_secret=event.secret is not None)
        check_stop_path(event.stop_path)
        attached = check_attachments([(one.name, one.media_type, one.path) for one in event.attachments])
    except NoticeRefused as error:
        raise InvalidEvent(str(error)) from None
    return Order(
        kind=event.kind,
        recipient=Addressee(
            name=reader.name, address=reader.address, language=reader.language, party_id=reader.party_id
        ),
        ciphertext=_sealed(event.secret) if event.secret else None,
        sealing_key=event.secret.sealing_key if event.secret else None,
        expires_at=event.expires_at,
        notice_id=event.notice_id,
        instead_of=event.instead_of,
        path=event.path,
        told=told,
        stop_path=event.stop_path or None,
        attachments=attached or None,
    )


def _sealed(secret: NoticeSecret) -> bytes:
    """The ciphertext. Nobody signed it; it opens only for the address inside (see shared/sealing.py)."""
    if len(secret.sealing_key) > LONGEST_SEALING_KEY:
        raise InvalidEvent("the secret names an impossible key")
    try:
        return base64.b64decode(secret.ciphertext, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidEvent("the secret is not base64") from None


def _keys(session: Session, secrets: list[Any]) -> dict[str, SigningKey]:
    return dict(find_signing_keys(session, {secret.signing_key for secret in secrets if secret is not None}))


def _checked(
    secret: SealedSecret, subject: UUID, recipient: Recipient, party_id: UUID, keys: dict[str, SigningKey]
) -> bytes:
    """The ciphertext, if identity signed it for this very subject and address."""
    if recipient.party_id != party_id:
        raise InvalidEvent("the recipient is another party")
    return _signed(secret, SealContext(str(subject), recipient.address), keys)


def _signed(secret: SealedSecret, context: SealContext, keys: dict[str, SigningKey]) -> bytes:
    """The ciphertext, if identity signed it for this context."""
    if len(secret.signing_key) > LONGEST_KID or len(secret.sealing_key) > LONGEST_SEALING_KEY:
        raise InvalidEvent("the secret names impossible keys")
    key = keys.get(secret.signing_key)
    if key is None:
        raise SigningKeyUnknown(secret.signing_key)
    if key.public_key is None:
        raise InvalidEvent("the secret is signed with a key that identity does not know")
    try:
        return check_signature(secret, context, key.public_key)
    except SealBroken:
        raise InvalidEvent("the secret was not signed by identity for this letter") from None


HANDLERS: dict[type, Any] = {
    CredentialIssued: on_credential_issued,
    CredentialRevoked: on_credential_revoked,
    RecoveryRequested: on_recovery_requested,
    PartyDeactivated: on_party_deactivated,
    AddressCleared: on_address_cleared,
    StaffInvited: on_staff_invited,
    LetterRequested: on_letter_requested,
    NoticeRaised: on_notice_raised,
    NoticeWithdrawn: on_notice_withdrawn,
}
