"""The settings of identity, read from the environment here and nowhere else."""

import os
from dataclasses import dataclass
from datetime import timedelta

from limits import parse

from services.identity.rules.policy import Policy
from services.identity.rules.staff import ROLES
from shared.settings import CommonSettings, one_of, setting, whole_number


def _rate(text: str) -> str:
    """A parser for a limit such as "10 per 15 minutes"."""
    try:
        parse(text)
    except ValueError as error:
        raise ValueError('must be a limit such as "10 per 15 minutes"') from error
    return text


def _roles(text: str) -> str:
    """A parser for roles of the staff with commas between them."""
    if not _named(text) <= set(ROLES):
        raise ValueError(f"must be some of {', '.join(ROLES)}, with commas between them")
    return text


def _named(roles: str) -> frozenset[str]:
    return frozenset(name.strip() for name in roles.split(",") if name.strip())


def _yes_or_no(text: str) -> bool:
    return one_of("yes", "no")(text) == "yes"


@dataclass(frozen=True, kw_only=True)
class Settings(CommonSettings):
    """What identity needs to know."""

    admin_password: str = setting(
        "PORTERIA_ADMIN_PASSWORD", default="", help="First password of the first administrator; none = random."
    )
    password_cost: int = setting(
        "PORTERIA_PASSWORD_COST",
        whole_number(10, 16),
        default=12,
        help="bcrypt cost of passwords that people chose or typed; raised ones are renewed at the next sign-in.",
    )
    initial_days: int = setting(
        "PORTERIA_INITIAL_DAYS",
        whole_number(1, 90),
        default=7,
        help="Days after which an initial password or link that nobody used expires.",
    )
    initial_must_change: bool = setting(
        "PORTERIA_INITIAL_MUST_CHANGE",
        _yes_or_no,
        default=True,
        help="Whether an initial password must be changed at the first sign-in: yes or no.",
    )
    recovery_minutes: int = setting(
        "PORTERIA_RECOVERY_MINUTES",
        whole_number(5, 1440),
        default=60,
        help="Minutes for which the link of a forgotten password works.",
    )
    account_limit: str = setting(
        "PORTERIA_ACCOUNT_LIMIT", _rate, default="10 per 15 minutes", help="Failed sign-ins for one account."
    )
    address_limit: str = setting(
        "PORTERIA_ADDRESS_LIMIT", _rate, default="100 per 15 minutes", help="Failed sign-ins from one address."
    )
    recovery_limit: str = setting(
        "PORTERIA_RECOVERY_LIMIT", _rate, default="5 per hour", help="Letters for a forgotten password for one account."
    )
    second_factor_roles: str = setting(
        "PORTERIA_SECOND_FACTOR_ROLES",
        _roles,
        default="",
        help="Roles of the staff that must have a second factor, such as administrator,agent; none = nobody has to.",
    )
    verifications: int = setting(
        "PORTERIA_VERIFICATIONS",
        whole_number(1, 256),
        default=os.cpu_count() or 2,
        help="Password checks computed at once; none = one for each core.",
    )
    verifications_waiting: int = setting(
        "PORTERIA_VERIFICATIONS_WAITING",
        whole_number(0, 256),
        default=6,
        help="Password checks that may wait for their turn; more are told to come back.",
    )

    @property
    def policy(self) -> Policy:
        """The part of it that the rooms below work with."""
        return Policy(
            password_cost=self.password_cost,
            initial_valid_for=timedelta(days=self.initial_days),
            initial_must_change=self.initial_must_change,
            recovery_valid_for=timedelta(minutes=self.recovery_minutes),
            account_limit=parse(self.account_limit),
            address_limit=parse(self.address_limit),
            recovery_limit=parse(self.recovery_limit),
            second_factor_roles=_named(self.second_factor_roles),
        )
