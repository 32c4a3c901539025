"""The numbers that an operator may set, in the form in which the rooms below the settings take them."""

from dataclasses import dataclass
from datetime import timedelta

from limits import RateLimitItem

ENDS_SOON = timedelta(days=2)
"""Before it ends unused, somebody should write to its owner again."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """See services/identity/settings.py for what each one means."""

    password_cost: int
    initial_valid_for: timedelta
    initial_must_change: bool
    recovery_valid_for: timedelta
    account_limit: RateLimitItem
    address_limit: RateLimitItem
    recovery_limit: RateLimitItem
    second_factor_roles: frozenset[str] = frozenset()
