"""Contacts of a client: their states, and which address is which."""

import unicodedata
from datetime import timedelta

NONE, INVITED, ACTIVE, SUSPENDED, REMOVED = "none", "invited", "active", "suspended", "removed"
STATES = (NONE, INVITED, ACTIVE, SUSPENDED, REMOVED)
"""none: gets letters and does not sign in."""
INVITATION_LASTS = timedelta(days=7)


def address_key(address: str) -> str:
    """One spelling for each e-mail address; the same rule as identity has for sign-ins."""
    return unicodedata.normalize("NFC", address.strip()).casefold()


KEPT_STATES = (NONE, INVITED, ACTIVE, SUSPENDED)
"""Of contacts that are there: letters and signing in are two things."""
