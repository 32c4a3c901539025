"""What the directory tells the others, made from a party."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.directory.models import Party
from services.directory.rules.parties import CLASSES, EmailValue
from shared.events.directory import Email, PartyDeactivated, PartyRegistered, PartyUpdated


def registered(party: Party) -> PartyRegistered:
    """The party is new."""
    return PartyRegistered(**_whole(party))


def registered_row(row: Mapping[str, Any], emails: Sequence[EmailValue]) -> PartyRegistered:
    """The same of a row that an import writes in bulk."""
    told = [Email(address=email.address, principal=email.principal, state=email.state or "") for email in emails]
    classes = [name for name in CLASSES if row[f"is_{name}"]]
    return PartyRegistered(party_id=row["id"], classes=classes, emails=told, **{name: row[name] for name in _PLAIN})


def changed(party: Party, *, deactivated: bool) -> PartyUpdated | PartyDeactivated:
    """The party changed, or was deactivated (whatever else changed with it is in the same event)."""
    return PartyDeactivated(**_whole(party)) if deactivated else PartyUpdated(**_whole(party))


_PLAIN = ("version", "code", "document_type", "document_number", "document_key", "name", "language", "active")


def _whole(party: Party) -> dict[str, Any]:
    emails = [Email(address=email.address, principal=email.principal, state=email.state) for email in party.emails]
    plain = {name: getattr(party, name) for name in _PLAIN}
    return {"party_id": party.id, "classes": party.classes, "emails": emails, **plain}
