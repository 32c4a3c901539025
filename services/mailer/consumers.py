"""What the mailer hears: facts of identity and the directory, each of which means something for letters."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.mailer.actions.intake import Order, take_letters, withdraw_credentials, withdraw_parties
from services.mailer.actions.keys import SigningKeyUnknown
from services.mailer.actions.suppressing import clear_addresses
from services.mailer.models import SigningKey
from services.mailer.queries import LONGEST_KID, find_signing_keys
from services.mailer.rules.states import CANCELLED, CREDENTIAL, CREDENTIAL_LINK, RECOVERY, REPLACED
from shared.events import InvalidEvent
from shared.events.directory import AddressCleared, PartyDeactivated
from shared.events.identity import CredentialIssued, CredentialRevoked, Recipient, RecoveryRequested, SealedSecret
from shared.sealing import SealBroken, SealContext, check_signature

KIND_OF_DELIVERY = {"password": CREDENTIAL, "link": CREDENTIAL_LINK}


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


def _keys(session: Session, secrets: list[Any]) -> dict[str, SigningKey]:
    return dict(find_signing_keys(session, {secret.signing_key for secret in secrets if secret is not None}))


def _checked(
    secret: SealedSecret, subject: UUID, recipient: Recipient, party_id: UUID, keys: dict[str, SigningKey]
) -> bytes:
    """The ciphertext, if identity signed it for this very subject and address."""
    if recipient.party_id != party_id:
        raise InvalidEvent("the recipient is another party")
    if len(secret.signing_key) > LONGEST_KID or len(secret.sealing_key) > 64:
        raise InvalidEvent("the secret names impossible keys")
    key = keys.get(secret.signing_key)
    if key is None:
        raise SigningKeyUnknown(secret.signing_key)
    if key.public_key is None:
        raise InvalidEvent("the secret is signed with a key that identity does not know")
    try:
        return check_signature(secret, SealContext(str(subject), recipient.address), key.public_key)
    except SealBroken:
        raise InvalidEvent("the secret was not signed by identity for this letter") from None


HANDLERS: dict[type, Any] = {
    CredentialIssued: on_credential_issued,
    CredentialRevoked: on_credential_revoked,
    RecoveryRequested: on_recovery_requested,
    PartyDeactivated: on_party_deactivated,
    AddressCleared: on_address_cleared,
}
