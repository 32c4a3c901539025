"""What the mailer tells: how each letter ended."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from shared.events.registry import event


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A letter and what it was about. `at` is when it ended so; `kind` is for example `credential` or `recovery`.

    `notice_id`: of the NoticeRaised that asked for it.
    """

    letter_id: uuid.UUID
    kind: str
    address: str
    at: datetime
    party_id: uuid.UUID | None = None
    credential_id: uuid.UUID | None = None
    batch_id: uuid.UUID | None = None
    notice_id: uuid.UUID | None = None


@event("porteria.mailer.LetterSent.v1")
@dataclass(frozen=True, kw_only=True)
class LetterSent(_Letter):
    """The receiving server accepted the letter."""


@event("porteria.mailer.LetterCancelled.v1")
@dataclass(frozen=True, kw_only=True)
class LetterCancelled(_Letter):
    """The letter was cancelled before it left.

    `reason`: `staff`, `party_deactivated`, `credential_revoked`; of a notice what NoticeWithdrawn says (`withdrawn` if
    that is not known here), or `outrun`: it was to say something newer than a letter that had left or ended already.
    """

    reason: str


@event("porteria.mailer.LetterFailed.v1")
@dataclass(frozen=True, kw_only=True)
class LetterFailed(_Letter):
    """The letter was refused for good, or given up after its last attempt. `answer` is what the server said."""

    answer: str


@event("porteria.mailer.LetterBounced.v1")
@dataclass(frozen=True, kw_only=True)
class LetterBounced(_Letter):
    """The letter was accepted and came back. `answer` is what the receiving system said."""

    answer: str


@event("porteria.mailer.AddressSuppressed.v1")
@dataclass(frozen=True, kw_only=True)
class AddressSuppressed:
    """Nothing is sent to this address any more. `reason`: `bounced` or `manual` (somebody of the staff said so)."""

    address: str
    reason: str
    at: datetime


@event("porteria.mailer.AddressReleased.v1")
@dataclass(frozen=True, kw_only=True)
class AddressReleased:
    """Somebody of the staff took the address off the suppression list: it may be written to again."""

    address: str
    at: datetime
