"""When an invitation works, and the code with which somebody shows that its letter came to them."""

from datetime import datetime, timedelta

USED, EXPIRED, REVOKED, REPLACED, UNKNOWN = "used", "expired", "revoked", "replaced", "unknown"
"""Why a link does not work; `replaced`: by a newer one."""

CODE_DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
CODE_PAUSE = timedelta(minutes=1)
"""Between two letters with a code."""
MOST_TRIES = 5
"""Wrong codes before another one has to be sent."""
MOST_CODES = 5
"""Letters with a code for one invitation; so at most 25 of a million codes can be tried."""


def why_gone(ended_at: datetime | None, end_reason: str, expires_at: datetime, now: datetime) -> str:
    """Why an invitation does not work any more, "" while it does."""
    if ended_at is not None:
        return end_reason
    return EXPIRED if expires_at <= now else ""


def code_works(sent_at: datetime | None, tries: int, now: datetime) -> bool:
    """Whether the code that was sent last can still be given."""
    return sent_at is not None and now < sent_at + CODE_LASTS and tries < MOST_TRIES
