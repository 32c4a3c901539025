"""What the directory hears from the bus."""

from typing import Any

from sqlalchemy.orm import Session

from services.directory.actions.credentials import remember_credentials
from shared.events.identity import CredentialActivated, CredentialIssued, CredentialRevoked


def on_credential_issued(session: Session, events: list[CredentialIssued]) -> None:
    """A party has a key now."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=False)


def on_credential_activated(session: Session, events: list[CredentialActivated]) -> None:
    """The same; it may arrive before the event that tells of its issue."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=False)


def on_credential_revoked(session: Session, events: list[CredentialRevoked]) -> None:
    """A key works no longer."""
    remember_credentials(session, [(event.credential_id, event.party_id) for event in events], ended=True)


HANDLERS: dict[type, Any] = {
    CredentialIssued: on_credential_issued,
    CredentialActivated: on_credential_activated,
    CredentialRevoked: on_credential_revoked,
}
