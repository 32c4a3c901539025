"""What the directory tells: its parties. Each event carries the whole party, so a copy can be kept from it alone."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.events.registry import event


@dataclass(frozen=True, kw_only=True)
class Email:
    """One address of a party. `state`: unverified, valid, bounced or blocked; the last two must not be written to."""

    address: str
    principal: bool
    state: str


@dataclass(frozen=True, kw_only=True)
class _Party:
    """A party as it is after the change. `version` grows by one with each change: an older one is out of date."""

    party_id: uuid.UUID
    version: int
    code: str
    classes: list[str]
    document_type: str
    document_number: str
    document_key: str
    name: str
    emails: list[Email]
    language: str
    active: bool


@event("porteria.directory.PartyRegistered.v1")
@dataclass(frozen=True, kw_only=True)
class PartyRegistered(_Party):
    """A person or an organisation is new in the directory."""


@event("porteria.directory.PartyUpdated.v1")
@dataclass(frozen=True, kw_only=True)
class PartyUpdated(_Party):
    """Something about a party changed (also: it was activated again)."""


@event("porteria.directory.PartyDeactivated.v1")
@dataclass(frozen=True, kw_only=True)
class PartyDeactivated(_Party):
    """A party was deactivated: its credentials are suspended, its sessions end, its waiting letters stop."""


@event("porteria.directory.AddressCleared.v1")
@dataclass(frozen=True, kw_only=True)
class AddressCleared:
    """An agent says that an e-mail address which bounced or was blocked may be written to again."""

    party_id: uuid.UUID
    address: str
    at: datetime
