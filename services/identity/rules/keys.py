"""How long signing keys live."""

from datetime import datetime, timedelta

TOKEN, SEALING = "token", "sealing"
PURPOSES = (TOKEN, SEALING)

TOKEN_LIFETIME = timedelta(minutes=10)
"""Of access tokens and id tokens."""

OVERLAP = timedelta(minutes=15)
"""A new key is published so long before it signs: whoever keeps the key set has read it again by then."""

PUBLISHED_AFTER = {TOKEN: TOKEN_LIFETIME + timedelta(minutes=5), SEALING: timedelta(days=120)}
"""How long a retired key stays published: until all that it signed is over. A sealed secret may wait in a queue that
is paused or in a dead letter, and an unused initial password may last 90 days."""


def is_published(retired_at: datetime | None, purpose: str, now: datetime) -> bool:
    """Whether the key set still has to hold a key."""
    return retired_at is None or now < retired_at + PUBLISHED_AFTER[purpose]


def signs(active_from: datetime, retired_at: datetime | None, now: datetime) -> bool:
    """Whether a key is the one that signs at this moment."""
    return active_from <= now and (retired_at is None or now < retired_at)
