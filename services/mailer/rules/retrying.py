"""Which failed letters may be sent again as they are.

The secret of a letter was destroyed when it ended, and identity has ended the credential of one that failed: such a
letter would carry nothing. There the way is a new credential, which brings a new letter.
"""

from datetime import datetime

from services.mailer.rules.notices import SEALED
from services.mailer.rules.states import GENERAL, NOTICES, REMINDERS, TEST, is_expired

PASSING = REMINDERS
"""Kinds that speak of a day: once they have expired, what they say is not so any more."""
WITHOUT_SECRET = (GENERAL, TEST, *(kind for kind in NOTICES if kind not in SEALED))


def may_go_again(kind: str, expires_at: datetime, now: datetime) -> bool:
    """Whether a failed letter of this kind may be sent again as it is."""
    return kind in WITHOUT_SECRET and (kind not in PASSING or not is_expired(expires_at, now))
