"""Contacts of a client: their states, and which address is which."""

import unicodedata
from collections.abc import Collection, Iterable
from datetime import timedelta

from services.portal.rules.rights import PAY_INVOICES, SEE_INVOICES

NONE, INVITED, ACTIVE, SUSPENDED, REMOVED = "none", "invited", "active", "suspended", "removed"
STATES = (NONE, INVITED, ACTIVE, SUSPENDED, REMOVED)
"""none: gets letters and does not sign in."""
INVITATION_LASTS = timedelta(days=7)


def address_key(address: str) -> str:
    """One spelling for each e-mail address; the same rule as identity has for sign-ins."""
    return unicodedata.normalize("NFC", address.strip()).casefold()


KEPT_STATES = (NONE, INVITED, ACTIVE, SUSPENDED)
"""Of contacts that are there: letters and signing in are two things."""
LET_IN = (INVITED, ACTIVE, SUSPENDED)
"""Of contacts whose sub-account is switched on."""
MOST_CONTACTS = 50
"""Of one client."""
MOST_INVITATIONS = 20
"""That go out for one client within INVITATIONS_WITHIN: each is a letter to somebody."""
INVITATIONS_WITHIN = timedelta(days=1)
SEE_AND_PAY = "see_and_pay_invoices"
"""One tick for two rights; what is kept are the two."""


def ticked_rights(ticks: Collection[str], shown_both: bool) -> set[str]:
    """The rights that a form means, where one tick stands for two rights that also have a tick each.

    `shown_both`: the tick for both was set when the form was shown. What somebody changed counts: setting it gives
    both, and where it was set before, taking one of the two or the tick for both away takes that away.
    """
    both, each = {SEE_INVOICES, PAY_INVOICES}, set(ticks) - {SEE_AND_PAY}
    if SEE_AND_PAY in ticks:
        return each if shown_both else each | both
    return each - both if shown_both and both <= each else each


def given_rights(wanted: Iterable[str], had: Iterable[str], own: Collection[str]) -> set[str]:
    """What a contact has after somebody who has `own` chose `wanted`: what that one lacks they cannot change."""
    return {right for right in wanted if right in own} | {right for right in had if right not in own}
