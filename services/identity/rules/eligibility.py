"""Who may get a letter, and why not: the reasons that a preview and a batch tell."""

from typing import Protocol

UNKNOWN_PARTY = "unknown_party"
OTHER_CLASS = "other_class"
INACTIVE = "inactive"
NO_EMAIL = "no_email"
BLOCKED_ADDRESS = "blocked_address"
ALREADY_HAS_ACCESS = "already_has_access"
SAME_ADDRESS = "same_address"
REASONS = (UNKNOWN_PARTY, OTHER_CLASS, INACTIVE, NO_EMAIL, BLOCKED_ADDRESS, ALREADY_HAS_ACCESS, SAME_ADDRESS)

BLOCKED_STATES = ("bounced", "blocked")
CLASSES = ("tenant", "owner")
SCOPES = ("all", "only", "except")
DELIVERIES = ("password", "link", "none")


class Addressee(Protocol):
    """What the rule looks at."""

    @property
    def active(self) -> bool: ...
    @property
    def email(self) -> str | None: ...
    @property
    def email_state(self) -> str | None: ...


def why_no_letter(party: Addressee) -> str | None:
    """Why this party cannot get a letter now, or None. (What depends on others is decided where a batch is frozen.)"""
    if not party.active:
        return INACTIVE
    if not party.email:
        return NO_EMAIL
    if party.email_state in BLOCKED_STATES:
        return BLOCKED_ADDRESS
    return None
