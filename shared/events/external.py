"""What other systems may send in."""

import uuid
from dataclasses import dataclass

from shared.events.registry import event


@event("external.mail.LetterRequested.v1")
@dataclass(frozen=True, kw_only=True)
class LetterRequested:
    """Another system asks for a letter. Its `source` and `id` make it one letter, however often it is delivered.

    `text` is plain text; blank lines divide paragraphs, and an address (http or https) on a line of its own becomes
    a link. `language` is `es` or `en`. With `party_id` the letter shows up in that party's history.
    """

    address: str
    name: str
    subject: str
    text: str
    language: str = "es"
    party_id: uuid.UUID | None = None
