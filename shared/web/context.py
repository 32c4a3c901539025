"""What the parts of the web package know about the service they serve."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import current_app
from flask_babel import LazyString
from joserfc.jwk import KeySet

from shared.db import Database
from shared.keyring import Keyring
from shared.settings import CommonSettings

Text: TypeAlias = str | LazyString
TokenKeys = Callable[[str], KeySet]
"""Gives the keys that may have signed a token, being told its `kid`."""


@dataclass(frozen=True, kw_only=True)
class Staff:
    """A signed-in member of the staff."""

    id: str
    name: str
    role: str
    """administrator, agent or auditor."""
    language: str = ""

    @property
    def may_change(self) -> bool:
        """Auditors only read."""
        return self.role in ("administrator", "agent")


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """An entry of a back office's own menu. `endpoint` is a view without parameters, `role` the least that it needs.

    hidden_from: roles that have it no less, but nothing to do there.
    """

    endpoint: str
    label: Text
    icon: str = ""
    role: str = "auditor"
    hidden_from: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Porteria:
    """The service behind an application: `shared.web.current()`."""

    service: str
    title: Text
    settings: CommonSettings
    db: Database
    keyring: Keyring
    token_keys: TokenKeys
    load_staff: Callable[[], Staff | None]
    signin_path: str
    menu: tuple[MenuItem, ...] = ()
    checks: tuple[Callable[[], None], ...] = ()
    body_limits: Mapping[str, int] = field(default_factory=dict)
    problems: dict[type[Exception], Any] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """The path of this service's own back office."""
        return f"/backoffice/{self.service}/"

    @property
    def stay_path(self) -> str:
        """Where a page on which somebody writes for long has its sign-in renewed; "" where that is not needed."""
        return f"{self.home}stay" if self.signin_path == f"{self.home}signin" else ""


def current() -> Porteria:
    """The service that answers the present request."""
    service: Porteria = current_app.extensions["porteria"]
    return service
