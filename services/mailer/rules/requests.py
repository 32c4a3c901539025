"""Letters that others ask for in words of their own: what they may ask."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from services.mailer.rules.addresses import AddressRefused, envelope_address
from services.mailer.rules.rendering import NAME_LIMIT
from services.mailer.rules.templates import LANGUAGES, SUBJECT_LIMIT, TEXT_LIMIT

WORTH_SENDING = timedelta(days=30)
"""What could not be sent for so long is not sent any more."""
KEPT = timedelta(days=90)
"""How long the words of such a letter can be read after it ended."""
LONGEST_DELAY = 7 * 86400


class RequestRefused(Exception):
    """This letter is not written; `field` says because of what, `code` and the text why."""

    def __init__(self, field: str, code: str, why: str) -> None:
        self.field, self.code = field, code
        super().__init__(why)


@dataclass(frozen=True, kw_only=True)
class RequestedLetter:
    """A letter somebody asked for, checked. `text` is plain text with line ends of one kind."""

    address: str
    name: str
    subject: str
    text: str
    language: str
    party_id: uuid.UUID | None


def check_request(
    *, address: str, name: str, subject: str, text: str, language: str, party_id: uuid.UUID | None
) -> RequestedLetter:
    """The letter as it will be written; raises RequestRefused. Nothing that was sent in is quoted in its text."""
    try:
        envelope_address(address.strip())
    except AddressRefused as error:
        raise RequestRefused("address", "address", str(error)) from error
    if language not in LANGUAGES:
        raise RequestRefused("language", "language", f"must be one of {', '.join(LANGUAGES)}")
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    for field, value, limit in (("name", name, NAME_LIMIT), ("subject", subject, SUBJECT_LIMIT)):
        if len(value) > limit:
            raise RequestRefused(field, "long", f"must have at most {limit} characters")
        if not value.isprintable():
            raise RequestRefused(field, "line", "must be one line without control characters")
    if len(plain) > TEXT_LIMIT:
        raise RequestRefused("text", "long", f"must have at most {TEXT_LIMIT} characters")
    if not all(character.isprintable() or character in "\n\t" for character in plain):
        raise RequestRefused("text", "control", "must have no control characters")
    for field, value in (("subject", subject), ("text", plain)):
        if not value.strip():
            raise RequestRefused(field, "empty", "must not be empty")
    return RequestedLetter(
        address=address.strip(),
        name=name.strip(),
        subject=subject.strip(),
        text=plain,
        language=language,
        party_id=party_id,
    )
