"""When two names are so alike that they may be the same person, registered twice."""

import re
from difflib import SequenceMatcher

from services.directory.rules.parties import search_text, search_words

ALIKE = 0.8
"""Share of equal letters (difflib) from which two words count as one with a typing mistake: gomez and gomes, perez and
peres. María and Mario are as near; to be asked once too often is cheaper than a second record."""


def is_near_equal(name: str, other: str) -> bool:
    """Whether two names are equal but for accents, capitals, punctuation, the order of words, or a typing mistake."""
    mine, theirs = search_words(name), search_words(other)
    if not mine or not theirs:
        return False
    return sorted(mine) == sorted(theirs) or _compact(name) == _compact(other) or _differ_little(mine, theirs)


def telling_words(name: str) -> list[str]:
    """The words of a name by which others like it are looked for: single letters are in too many."""
    words = search_words(name)
    return [word for word in words if len(word) > 1] or words


def fewest_shared(words: int) -> int:
    """How many of so many words a name must have to be worth comparing: one may be mistyped, of one or two none."""
    return words - 1 if words > 2 else words


def _compact(name: str) -> str:
    return re.sub(r"\W+", "", search_text(name))


def _differ_little(mine: list[str], theirs: list[str]) -> bool:
    # What both have says nothing of a mistake in the rest: another first name would drown in long surnames.
    common = set(mine) & set(theirs)
    left, right = (" ".join(sorted(set(words) - common)) for words in (mine, theirs))
    if not left or not right or re.search(r"\d", left + right):  # another number is another thing
        return False
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= ALIKE
