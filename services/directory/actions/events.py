"""What the directory tells the others, made from a party."""

from typing import Any

from services.directory.models import Party
from shared.events.directory import Email, PartyDeactivated, PartyRegistered, PartyUpdated


def registered(party: Party) -> PartyRegistered:
    """The party is new."""
    return PartyRegistered(**_whole(party))


def changed(party: Party, *, deactivated: bool) -> PartyUpdated | PartyDeactivated:
    """The party changed, or was deactivated (whatever else changed with it is in the same event)."""
    return PartyDeactivated(**_whole(party)) if deactivated else PartyUpdated(**_whole(party))


def _whole(party: Party) -> dict[str, Any]:
    emails = [Email(address=email.address, principal=email.principal, state=email.state) for email in party.emails]
    return {
        "party_id": party.id,
        "version": party.version,
        "code": party.code,
        "classes": party.classes,
        "document_type": party.document_type,
        "document_number": party.document_number,
        "document_key": party.document_key,
        "name": party.name,
        "emails": emails,
        "language": party.language,
        "active": party.active,
    }
