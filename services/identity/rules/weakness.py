"""Why a password is easy to guess, told from what zxcvbn found in it.

What somebody typed is never repeated; a word of a reason is always one of the party's own data, as those who guess know
it, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PERSONAL = ("name", "document", "email", "user", "code")
"""What others know about a person: the kinds of data with which passwords are compared."""

WORD, WORD_AND_SIGNS = "word", "word_and_signs"
KEYBOARD, REPEAT, SEQUENCE, YEAR, DATE = "keyboard", "repeat", "sequence", "year", "date"
PATTERNS = {"spatial": KEYBOARD, "repeat": REPEAT, "sequence": SEQUENCE, "regex": YEAR, "date": DATE}
MOST = 3


@dataclass(frozen=True)
class Reason:
    """`kind`: one of PERSONAL, then with the `word` of those data, or one of the other names above."""

    kind: str
    word: str = ""


def why_weak(sequence: Sequence[Mapping[str, Any]], known: Mapping[str, str]) -> list[Reason]:
    """The reasons, what is personal first. `sequence` is zxcvbn's; `known` maps words of the person to their kind."""
    personal, common, patterns = [], False, []
    for match in sequence:
        if match["pattern"] == "dictionary":
            word = match["matched_word"]
            if word in known:  # whichever list it was found in: a name may stand in several
                personal.append(Reason(known[word], word))
            else:
                common = True
        elif match["pattern"] in PATTERNS:
            patterns.append(Reason(PATTERNS[match["pattern"]]))
    if common:
        alone = all(match["pattern"] == "dictionary" for match in sequence)
        patterns.insert(0, Reason(WORD if alone else WORD_AND_SIGNS))
    return list(dict.fromkeys([*personal, *patterns]))[:MOST]
