"""When a session is over, and what a link's token looks like."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

LINK_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")


@dataclass(frozen=True)
class Lifetime:
    """How long a session lasts: `idle` without any request, `absolute` in any case."""

    idle: timedelta
    absolute: timedelta

    @classmethod
    def of_seconds(cls, idle: float, absolute: float) -> "Lifetime":
        """Both in seconds."""
        return cls(timedelta(seconds=idle), timedelta(seconds=absolute))


def is_expired(lifetime: Lifetime, created_at: datetime, last_seen_at: datetime, now: datetime) -> bool:
    """Whether nobody may use this session any more, although nobody ended it."""
    return now >= created_at + lifetime.absolute or now >= last_seen_at + lifetime.idle


def is_link_token(text: str) -> bool:
    """Whether a text can be the token of a letter's link at all."""
    return LINK_TOKEN.fullmatch(text) is not None
