"""What the portal hears: parties of the directory, ends of credentials of identity."""

from sqlalchemy.orm import Session

from services.portal.actions.parties import PartyData, copy_parties
from services.portal.actions.sessions import end_other_sessions, end_sessions_of_credentials, end_sessions_of_parties
from shared.events.directory import PartyDeactivated, PartyRegistered, PartyUpdated
from shared.events.identity import CredentialRevoked, PasswordChanged
from shared.inbox import Handlers

PartyEvent = PartyRegistered | PartyUpdated | PartyDeactivated


def on_party(session: Session, events: list[PartyEvent]) -> None:
    """Keep the copy of the parties."""
    copy_parties(session, [PartyData(**vars(event)) for event in events])


def on_party_deactivated(session: Session, events: list[PartyDeactivated]) -> None:
    """Keep the copy, and sign the party out everywhere.

    Also when the party is active again by now: what was open before the deactivation must not go on.
    """
    on_party(session, list(events))
    end_sessions_of_parties(session, [event.party_id for event in events], "party_deactivated")


def on_credential_revoked(session: Session, events: list[CredentialRevoked]) -> None:
    """End the sessions that these credentials opened, and let them open no other."""
    end_sessions_of_credentials(session, [(event.credential_id, event.party_id) for event in events])


def on_password_changed(session: Session, events: list[PasswordChanged]) -> None:
    """End the sessions that were opened with the former password."""
    for event in sorted(events, key=lambda event: event.party_id):
        end_other_sessions(session, event.party_id, event.credential_id)


HANDLERS: Handlers = {
    PartyRegistered: on_party,
    PartyUpdated: on_party,
    PartyDeactivated: on_party_deactivated,
    CredentialRevoked: on_credential_revoked,
    PasswordChanged: on_password_changed,
}
