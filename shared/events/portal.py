"""What the portal tells: what clients do in their area."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.events.registry import event


@event("porteria.portal.ClientSignedIn.v1")
@dataclass(frozen=True, kw_only=True)
class ClientSignedIn:
    """A person of this party signed in to the client area."""

    party_id: uuid.UUID
    at: datetime
