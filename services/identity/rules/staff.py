"""The staff: roles, user names, and how long a sign-in lasts."""

import re
from datetime import timedelta

ADMINISTRATOR, AGENT, AUDITOR = "administrator", "agent", "auditor"
ROLES = (ADMINISTRATOR, AGENT, AUDITOR)
SESSION_LASTS = timedelta(hours=12)
INVITATION, RESET = "invitation", "reset"
LINK_LASTS = {INVITATION: timedelta(days=7), RESET: timedelta(days=1)}
"""How long a link works with which an administrator lets somebody choose a password."""

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
MIN_PASSWORD, MAX_PASSWORD_BYTES = 10, 72


def normal_username(text: str) -> str:
    """The user name as it is kept and compared."""
    return text.strip().lower()


def is_username(text: str) -> bool:
    """Whether a normalised user name may be given."""
    return USERNAME.fullmatch(text) is not None


def staff_state(*, active: bool, invited: bool) -> str:
    """`suspended` (was shut out), `invited` (has no password yet) or `active`."""
    if not active:
        return "suspended"
    return "invited" if invited else "active"
