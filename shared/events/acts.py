"""What somebody did: every service tells it, identity keeps it in the audit trail."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from shared.events.registry import event


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One thing worth knowing about an act, such as what changed; never a secret."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Act:
    """Somebody did something. `act` is one of shared/audit.py's ACTS.

    `actor_kind`: `staff`, `client` (another system), `party` (a person of the client area) or `system`.
    `subject` and `subject_id` name the thing it was done to (`letter`, `batch`, `import`, …), `count` how many.
    """

    at: datetime
    act: str
    actor_kind: str
    actor_id: str
    actor_name: str
    party_id: uuid.UUID | None = None
    subject: str = ""
    subject_id: str = ""
    count: int | None = None
    details: list[Detail] = field(default_factory=list)
    address: str = ""


@event("porteria.directory.ActRecorded.v1")
@dataclass(frozen=True, kw_only=True)
class DirectoryActRecorded(Act):
    """Something was done in the directory."""


@event("porteria.identity.ActRecorded.v1")
@dataclass(frozen=True, kw_only=True)
class IdentityActRecorded(Act):
    """Something was done in identity."""


@event("porteria.mailer.ActRecorded.v1")
@dataclass(frozen=True, kw_only=True)
class MailerActRecorded(Act):
    """Something was done in the mailer."""


@event("porteria.portal.ActRecorded.v1")
@dataclass(frozen=True, kw_only=True)
class PortalActRecorded(Act):
    """Something was done in the portal."""


ACT_EVENTS: dict[str, type[Act]] = {
    "directory": DirectoryActRecorded,
    "identity": IdentityActRecorded,
    "mailer": MailerActRecorded,
    "portal": PortalActRecorded,
}
"""Service → the event with which it tells of acts."""
