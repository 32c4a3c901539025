"""The messages of marshmallow in the reader's language, and its nested errors as a flat list."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import gettext

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
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _pattern(template: str) -> re.Pattern[str]:
    parts = PLACEHOLDER.split(template)
    pieces = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)]
    return re.compile("".join(pieces), re.DOTALL)


_KNOWN = frozenset(KNOWN)
# The longest first: "greater than or equal to 5" is also "greater than" something.
_PATTERNS = [(_pattern(text), text) for text in sorted(KNOWN, key=len, reverse=True) if PLACEHOLDER.search(text)]


def translate_message(text: str) -> str:
    """A message of marshmallow in the reader's language; any other text as it is.

    Marshmallow has no hook for translation and fills in its placeholders when a schema is declared, long before there
    is a reader. So the finished text is recognised by the template that it was made of.
    """
    if text in _KNOWN:
        return str(gettext(text))
    for pattern, template in _PATTERNS:
        if found := pattern.fullmatch(text):
            return str(gettext(template).format(**found.groupdict()))
    return text


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
        yield {"field": field, "message": translate_message(str(messages))}
