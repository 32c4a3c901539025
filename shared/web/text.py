"""Text that no database and no page can take is refused before anything works with it.

PostgreSQL stores no NUL, and half of a surrogate pair (which JSON can write down) is no character in UTF-8 at all.
"""

from collections.abc import Iterator
from typing import Any

from flask import request
from flask_babel import gettext

from shared.web.errors import Problem


def refuse_unstorable_text() -> None:
    """Answer 422 where a value of the query, of a form, or of a JSON body is no storable text.

    It reads the body, so on REST it comes after the token was looked at.
    """
    pairs: list[tuple[Any, str]] = [*request.args.items(multi=True), *request.form.items(multi=True)]
    # A part of a multipart form may come without a name, whatever the types say.
    fields = [name or "" for name, value in pairs if name is None or not _is_storable(name + value)]
    if request.is_json and _may_hold_escapes(request.get_data()):
        fields += list(_unstorable(request.get_json(silent=True), ""))
    if fields:
        text = gettext("This text has characters that cannot be stored.")
        shown = [field if _is_storable(field) else "" for field in fields]
        raise Problem(422, text, errors=[{"field": field, "message": text} for field in shown])


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _may_hold_escapes(body: bytes) -> bool:
    # Only so can such a character come in JSON; almost no body has one, so almost none is read twice.
    lowered = body.lower()
    return b"\\u0000" in lowered or b"\\ud" in lowered


def _unstorable(value: Any, path: str) -> Iterator[str]:
    """The paths at which a document holds such text."""
    if isinstance(value, str) and not _is_storable(value):
        yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, f"{path}.{index}".lstrip("."))
    elif isinstance(value, dict):
        for name, item in value.items():
            if not _is_storable(name):
                yield path
            yield from _unstorable(item, f"{path}.{name}".lstrip("."))
