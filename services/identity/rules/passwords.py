"""What a password may be, how one is generated, and how a typed one is read."""

import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from types import MappingProxyType

from zxcvbn import zxcvbn

from services.identity.rules.weakness import Reason, why_weak

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0, 1: nothing that is read as something else on paper or on a phone. log2(31^16) = 79.3 bits."""

GENERATED_LENGTH = 16
GROUP = 4
LONGEST_BYTES = 72
"""bcrypt reads no further; silently ignoring the rest would make different passwords equal."""

SHORTEST = 8
LEAST_SCORE = 3
"""Of zxcvbn's 0 to 4: at least 10^8 guesses."""

_SEPARATORS = re.compile(r"[\s\-‐-―]+")
_GENERATED = re.compile(f"[{ALPHABET}]{{{GENERATED_LENGTH}}}")


class PasswordTooLong(Exception):
    """More than LONGEST_BYTES bytes of UTF-8."""


class PasswordTooShort(Exception):
    """Fewer than SHORTEST characters."""


class PasswordUnreadable(Exception):
    """Holds control characters, which nobody types and bcrypt treats in its own way."""


@dataclass
class PasswordTooWeak(Exception):
    """Easy to guess. `warning` and `suggestions` are zxcvbn's English sentences, to be translated for the reader."""

    warning: str = ""
    suggestions: Sequence[str] = field(default_factory=list)
    reasons: Sequence[Reason] = field(default_factory=list)


REFUSALS = (PasswordTooLong, PasswordTooShort, PasswordUnreadable, PasswordTooWeak)


def generate_password() -> str:
    """A random password as it is hashed: GENERATED_LENGTH symbols, without the dashes in which it is shown."""
    return "".join(secrets.choice(ALPHABET) for _ in range(GENERATED_LENGTH))


def in_groups(password: str) -> str:
    """A generated password as people see it: xxxx-xxxx-xxxx-xxxx."""
    return "-".join(password[i : i + GROUP] for i in range(0, len(password), GROUP))


def normalise(password: str) -> str:
    """One spelling for each text (NFC): the same key pressed on two phones must give the same bytes."""
    return unicodedata.normalize("NFC", password)


def as_generated(password: str) -> str | None:
    """What was typed, read as a generated password: with or without dashes, spaces and capitals; None if it is none."""
    if len(password) > 4 * GENERATED_LENGTH:
        return None
    compact = _SEPARATORS.sub("", password).lower()
    return compact if _GENERATED.fullmatch(compact) else None


def is_hashable(password: str) -> bool:
    """Whether a normalised password can be the one that somebody chose: anything else matches nobody."""
    return not _has_control(password) and len(password.encode()) <= LONGEST_BYTES


def check_choice(password: str, personal: Mapping[str, str] = MappingProxyType({})) -> str:
    """The normalised password, if a person may have it.

    `personal`: what others know about that person, by its kind (`weakness.PERSONAL`).
    Raises PasswordTooLong, PasswordTooShort, PasswordUnreadable, PasswordTooWeak.
    """
    chosen = normalise(password)
    if _has_control(chosen):
        raise PasswordUnreadable
    if len(chosen.encode()) > LONGEST_BYTES:
        raise PasswordTooLong
    if len(chosen) < SHORTEST:
        raise PasswordTooShort
    known: dict[str, str] = {}
    for kind, text in personal.items():
        for word in _words_of(text):
            known.setdefault(word, kind)
    # zxcvbn refuses more than 72 characters; 72 bytes of UTF-8 are never more than that.
    result = zxcvbn(chosen, user_inputs=[*known, *_spanish_words()])
    if result["score"] < LEAST_SCORE:
        feedback = result["feedback"]
        reasons = why_weak(result["sequence"], known)
        raise PasswordTooWeak(feedback["warning"] or "", list(feedback["suggestions"]), reasons)
    return chosen


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _words_of(text: str) -> list[str]:
    """A whole text and its parts: name and surname, the document with and without dots, both sides of the e-mail."""
    words: list[str] = []
    lowered = text.lower()
    plain = "".join(c for c in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(c))
    for spelling in dict.fromkeys((lowered, plain)):
        words += [spelling, *spelling.split(), re.sub(r"\W+", "", spelling), *re.split(r"[\W_]+", spelling)]
    return [word for word in dict.fromkeys(words) if len(word) > 2]


@cache
def _spanish_words() -> tuple[str, ...]:
    text = (resources.files("services.identity.rules") / "words_es.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))
