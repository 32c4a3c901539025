"""The acts of the audit trail in words: one sentence for each, in the reader's language.

A sentence has slots: `who` acted, `whom` it was about (a party, a member of the staff, another system), `what` it was
done to, and how many (`count`).
"""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l

from services.identity.schemas.acts import access, mail, portal
from services.identity.schemas.acts.names import (
    COMMAND_LINE,
    DETAILS,
    KINDS,
    LETTERS,
    LISTS,
    SERVICES,
    THINGS,
    THINGS_OF_ACTS,
    VALUES,
)
from services.identity.schemas.acts.wording import SLOTS, Wording
from shared.audit import ACTS

__all__ = [
    "COMMAND_LINE",
    "KINDS",
    "SERVICES",
    "SLOTS",
    "WORDINGS",
    "Wording",
    "choices_of_acts",
    "detail_label",
    "detail_value",
    "letter_label",
    "thing_name",
    "wording_of",
]

WORDINGS: dict[str, Wording] = access.WORDINGS | mail.WORDINGS | portal.WORDINGS
"""Act → its words; a test sees to it that none of ACTS lacks them."""

UNKNOWN = Wording(_l("Something else"), _l("%(who)s did something that this version has no words for"))


def wording_of(act: str) -> Wording:
    """The words of an act; those of a newer version are told as such."""
    return WORDINGS.get(act, UNKNOWN)


def choices_of_acts() -> list[tuple[str, str]]:
    """(act, label), in the order of the labels."""
    return sorted(((act, str(wording_of(act).label)) for act in ACTS), key=lambda choice: choice[1].casefold())


def detail_label(name: str) -> str:
    """What a detail is called."""
    return str(DETAILS.get(name, name))


def detail_value(name: str, value: str) -> str:
    """What a detail says."""
    words = LISTS.get(name)
    if words is None:
        return str(VALUES.get((name, value), value))
    return ", ".join(dict.fromkeys(str(words.get(one, one)) for one in value.split(", ")))


def letter_label(kind: str) -> str:
    """What a kind of letter is called."""
    return str(LETTERS.get(kind, _l("Letter")))


def thing_name(act: str, subject: str, details: Mapping[str, str]) -> str:
    """What an act was done to, with its number where it has one; "" for subjects that are called by their id."""
    thing = THINGS.get(THINGS_OF_ACTS.get(act, subject))
    if thing is None:
        return ""
    numbered, nameless = thing
    number = details.get("number", "")
    return str(numbered) % {"number": number} if number else str(nameless)
