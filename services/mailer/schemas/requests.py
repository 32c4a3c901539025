"""Letters that other systems ask for, as REST takes them."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from services.mailer.rules.rendering import NAME_LIMIT
from services.mailer.rules.requests import LONGEST_DELAY, RequestRefused, check_request
from services.mailer.rules.templates import LANGUAGES, SUBJECT_LIMIT, TEXT_LIMIT

TEXTS = {
    "address": _l("This is no e-mail address to which a letter can go."),
    "line": _l("It must be one line without control characters."),
    "control": _l("It must have no control characters."),
    "empty": _l("It must not be empty."),
    "long": _l("It is too long."),
}


class LetterIn(ma.Schema):
    """A letter that is to be written and sent."""

    address = ma.fields.String(required=True, metadata={"description": "To whom; one address, no name"})
    name = ma.fields.String(load_default="", validate=ma.validate.Length(max=NAME_LIMIT))
    subject = ma.fields.String(required=True, validate=ma.validate.Length(1, SUBJECT_LIMIT))
    text = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, TEXT_LIMIT),
        metadata={
            "description": "Plain text; blank lines divide paragraphs, an address alone on its line becomes a link"
        },
    )
    language = ma.fields.String(load_default="es", validate=ma.validate.OneOf(LANGUAGES))
    party_id = ma.fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "The letter shows up in this party's history"}
    )
    delay = ma.fields.Float(
        load_default=None,
        allow_none=True,
        validate=ma.validate.Range(0, LONGEST_DELAY),
        metadata={"description": "Seconds to wait; null: as long as the queue says"},
    )

    @ma.post_load
    def check(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The letter as it will be written, and its delay."""
        delay = data.pop("delay")
        try:
            return {"letter": check_request(**data), "delay": delay}
        except RequestRefused as refused:
            raise ma.ValidationError({refused.field: [str(TEXTS[refused.code])]}) from refused
