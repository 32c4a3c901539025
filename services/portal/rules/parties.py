"""What a profile sees, and how names are searched."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


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


def writable_address(emails: Iterable[dict[str, object]]) -> str:
    """The address to which a letter may be sent: the principal one unless letters came back from it, "" if none."""
    may = [email for email in emails if email.get("state") not in ("bounced", "blocked")]
    return next((str(email["address"]) for email in sorted(may, key=lambda one: not one.get("principal"))), "")


def search_key(text: str) -> str:
    """A text as it is searched: small letters, no accents, one blank between words."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def document_search_key(text: str) -> str:
    """What somebody typed as a document, as the middle of a `document_key` would have it: letters and digits only."""
    return "".join(c for c in search_key(text) if c.isalnum()).upper()
