"""What the rights of a sub-account are called, and what they mean in plain words."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l

from services.portal.rules.rights import (
    EDIT_PROFILE,
    MANAGE_CONTACTS,
    OPEN_CASES,
    PAY_INVOICES,
    SEE_CASES,
    SEE_INVOICES,
    SEE_MAIL,
    SEE_RECEIPTS,
    in_order,
)
from shared.web.context import Text

RIGHT_WORDS: dict[str, Text] = {
    SEE_INVOICES: _l("See invoices"),
    PAY_INVOICES: _l("Pay invoices"),
    SEE_RECEIPTS: _l("See receipts and account statements"),
    SEE_CASES: _l("See requests (PQRS)"),
    OPEN_CASES: _l("Open requests (PQRS)"),
    EDIT_PROFILE: _l("Edit the profile"),
    MANAGE_CONTACTS: _l("Manage contacts"),
    SEE_MAIL: _l("See the mail history"),
}


def right_words(rights: Iterable[str]) -> list[Text]:
    """These rights as people read them, in the order of all lists."""
    return [RIGHT_WORDS[right] for right in in_order(rights)]


def rights_told(rights: Iterable[str]) -> str:
    """The same within a sentence."""
    words = [str(text) for text in right_words(rights)]
    return ", ".join(text[:1].lower() + text[1:] for text in words)
