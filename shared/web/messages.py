"""The messages of marshmallow in the reader's language, and its nested errors as a flat list."""

from collections.abc import Iterator, Mapping
from typing import Any

from flask import has_request_context
from flask_babel import gettext
from marshmallow import fields, validate

LOCATIONS = ("json", "query", "form", "files", "headers", "path", "json_or_form", "querystring", "cookies")


def N_(text: str) -> str:  # noqa: N802 - the customary name of a marker that only extracts
    """Mark a text of a library for extraction."""
    return text


KNOWN = (
    N_("Missing data for required field."),
    N_("Field may not be null."),
    N_("Invalid value."),
    N_("Invalid type."),
    N_("Invalid input type."),
    N_("Unknown field."),
    N_("Invalid input."),
    N_("Not a valid list."),
    N_("Not a valid string."),
    N_("Not a valid UUID."),
    N_("Not a valid number."),
    N_("Number too large."),
    N_("Not a valid integer."),
    N_("Special numeric values (nan or infinity) are not permitted."),
    N_("Not a valid boolean."),
    N_("Not a valid {obj_type}."),
    N_("Not a valid {awareness} {obj_type}."),
    N_("Not a valid date."),
    N_("Not a valid period of time."),
    N_("Not a valid mapping type."),
    N_("Not a valid URL."),
    N_("Not a valid email address."),
    N_("Must be one of: {choices}."),
    N_("Must be greater than or equal to {min}."),
    N_("Must be greater than {min}."),
    N_("Must be less than or equal to {max}."),
    N_("Must be less than {max}."),
    N_("Must be greater than or equal to {min} and less than or equal to {max}."),
    N_("Shorter than minimum length {min}."),
    N_("Longer than maximum length {max}."),
    N_("Length must be between {min} and {max}."),
    N_("Length must be {equal}."),
    N_("Must be equal to {other}."),
    N_("String does not match expected pattern."),
    N_("One or more of the choices you made was not in: {choices}."),
    N_("Invalid JSON body."),
    N_("The file is missing."),
)
_KNOWN = frozenset(KNOWN)


class _Message(str):
    """A text that is translated when its placeholders are filled, which is when marshmallow reports the error."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        """Translate in a request, then fill in; before (at class creation) stay translatable."""
        if has_request_context() and self in _KNOWN:
            return gettext(str(self)).format(*values, **named)
        return _Message(super().format(*values, **named))


def translate_marshmallow() -> None:
    """Make marshmallow's own messages translatable. It has no hook for that, so its class attributes are replaced."""
    for kind in _descendants(fields.Field):
        own = vars(kind).get("default_error_messages")
        if own:
            kind.default_error_messages = {key: _Message(text) for key, text in own.items()}
    for kind in _descendants(validate.Validator):
        for name, text in list(vars(kind).items()):
            if isinstance(text, str) and (name.startswith("message_") or name == "default_message"):
                setattr(kind, name, _Message(text))


def _descendants(kind: Any) -> Iterator[Any]:
    yield kind
    for child in kind.__subclasses__():
        yield from _descendants(child)


def flatten(messages: Any) -> list[dict[str, str]]:
    """`{"json": {"emails": {0: {"address": ["…"]}}}}` → `[{"field": "emails.0.address", "message": "…"}]`.

    What concerns the whole body has the field "".
    """
    if isinstance(messages, Mapping) and messages and all(key in LOCATIONS for key in messages):
        return [entry for inner in messages.values() for entry in _flat(inner, "")]
    return list(_flat(messages, ""))


def _flat(messages: Any, field: str) -> Iterator[dict[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            part = "" if key == "_schema" else str(key)
            yield from _flat(inner, f"{field}.{part}" if field and part else field or part)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _flat(inner, field)
    else:
        text = str(messages)
        yield {"field": field, "message": gettext(text) if text in _KNOWN else text}
