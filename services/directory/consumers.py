"""What the directory hears from the bus: none of it is done by a person, so the change log says "system"."""

from typing import Any

from sqlalchemy.orm import Session

from services.directory.actions.addresses import Heard, mark_blocked, mark_bounced, mark_released
from services.directory.actions.facts import remember_credentials, remember_letters, remember_sign_ins
from shared.events.identity import CredentialActivated, CredentialIssued, CredentialRevoked
from shared.events.mailer import AddressReleased, AddressSuppressed, LetterBounced, LetterFailed, LetterSent
from shared.events.portal import ClientSignedIn


def on_credential_issued(session: Session, events: list[CredentialIssued]) -> None:
    """A party has a key now."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=False)


def on_credential_activated(session: Session, events: list[CredentialActivated]) -> None:
    """The same; it may arrive before the event that tells of its issue."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=False)


def on_credential_revoked(session: Session, events: list[CredentialRevoked]) -> None:
    """A key works no longer."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=True)


def on_client_signed_in(session: Session, events: list[ClientSignedIn]) -> None:
    """Somebody of a party was in the client area."""
    remember_sign_ins(session, [(event.party_id, event.at) for event in events])


def on_letter_sent(session: Session, events: list[LetterSent]) -> None:
    """A letter to a party was accepted."""
    remember_letters(session, [(event.party_id, event.at) for event in events], "sent")


def on_letter_failed(session: Session, events: list[LetterFailed]) -> None:
    """A letter to a party was refused for good; that alone says nothing of its address."""
    remember_letters(session, [(event.party_id, event.at) for event in events], "failed")


def on_letter_bounced(session: Session, events: list[LetterBounced]) -> None:
    """A letter came back: its address is bounced in every party that has it, whoever the letter was for."""
    remember_letters(session, [(event.party_id, event.at) for event in events], "bounced")
    mark_bounced(session, [Heard(event.address, event.at, event.answer) for event in events])


def on_address_suppressed(session: Session, events: list[AddressSuppressed]) -> None:
    """Nothing is sent to an address any more."""
    mark_blocked(session, [Heard(event.address, event.at) for event in events if event.reason != "bounced"])
    mark_bounced(session, [Heard(event.address, event.at) for event in events if event.reason == "bounced"])


def on_address_released(session: Session, events: list[AddressReleased]) -> None:
    """An address may be written to again."""
    mark_released(session, [Heard(event.address, event.at) for event in events])


HANDLERS: dict[type, Any] = {
    AddressReleased: on_address_released,
    AddressSuppressed: on_address_suppressed,
    ClientSignedIn: on_client_signed_in,
    CredentialActivated: on_credential_activated,
    CredentialIssued: on_credential_issued,
    CredentialRevoked: on_credential_revoked,
    LetterBounced: on_letter_bounced,
    LetterFailed: on_letter_failed,
    LetterSent: on_letter_sent,
}
