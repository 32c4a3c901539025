"""Text that the fonts of the papers can show.

Typst refuses to make a PDF/A with a letter that no font has, and some invisible ones even make it stop with a panic; a
client's emoji must not keep the agency from printing an invoice. So only letters that are known to work get through.
"""

import re
import unicodedata
from typing import Any

REPLACEMENT = "□"
"""Stands for each letter that cannot be shown."""

SHOWABLE = (
    "\n\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff"  # Latin with all accents, the softest of hyphens excepted
    "\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ff"  # Greek
    "\u0400-\u0482\u048a-\u04ff\u1e00-\u1eff"  # Cyrillic without loose accents, more Latin
    "\u2010-\u2027\u2030-\u203a\u20a0-\u20bf"  # typographic marks, currencies
    "№™℠←-↓−□"
)
"""Ranges of a character class: what the fonts of the typst wheel have, in every weight."""

_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSHOWABLE = re.compile(f"[^{SHOWABLE}]")
_SILENT = frozenset({"Cc", "Cf", "Mn", "Me"})
"""Controls, directions, joiners, and accents that belong to no letter: left out, nothing is missing without them."""


def printable(text: str) -> str:
    """The text with nothing in it that cannot be shown."""
    composed = _BREAKS.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    return _UNSHOWABLE.sub(_instead, composed)


def _instead(match: re.Match[str]) -> str:
    letter = match.group()
    if unicodedata.category(letter) in _SILENT:
        return ""
    return " " if letter.isspace() else REPLACEMENT


def printable_data(data: Any) -> Any:
    """The same for every text in dicts and lists."""
    match data:
        case str():
            return printable(data)
        case dict():
            return {key: printable_data(value) for key, value in data.items()}
        case list() | tuple():
            return [printable_data(item) for item in data]
        case _:
            return data
