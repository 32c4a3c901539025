"""Policy of the portal: when a session is over, what a profile sees, how names are searched."""

import re
import unicodedata
from collections.abc import Iterable
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


@dataclass(frozen=True)
class Profile:
    """Which parts of the client area a person sees."""

    is_tenant: bool
    is_owner: bool

    @property
    def is_both(self) -> bool:
        """Money goes out as a tenant and comes in as an owner: the page keeps the two apart."""
        return self.is_tenant and self.is_owner


def profile_of(classes: Iterable[str]) -> Profile:
    """The profile that the directory's classes give."""
    held = set(classes)
    return Profile("tenant" in held, "owner" in held)


def principal_address(emails: Iterable[dict[str, object]]) -> str:
    """The principal e-mail address, "" if there is none."""
    return next((str(email["address"]) for email in emails if email.get("principal")), "")


def search_key(text: str) -> str:
    """A text as it is searched: small letters, no accents, one blank between words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def document_search_key(text: str) -> str:
    """What somebody typed as a document, as the middle of a `document_key` would have it: letters and digits only."""
    return "".join(c for c in search_key(text) if c.isalnum()).upper()


def is_link_token(text: str) -> bool:
    """Whether a text can be the token of a letter's link at all."""
    return LINK_TOKEN.fullmatch(text) is not None
