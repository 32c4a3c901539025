"""Settings: frozen dataclasses whose fields say which environment variable fills them.

A service declares its own in `services/<service>/settings.py` by extending `CommonSettings`; `load` reads the
environment once, names everything that is wrong or missing, and the process does not start.
"""

import os
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

LANGUAGES = ("es", "en")


class SettingsError(Exception):
    """One or more settings are wrong or missing; the message names each of them."""


def setting(env: str, parse: Callable[[str], Any] = str, *, default: Any = MISSING, help: str) -> Any:  # noqa: A002
    """Declare a dataclass field that is read from the environment variable `env` with `parse` (ValueError = wrong)."""
    metadata = {"env": env, "parse": parse, "help": help}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """A parser for a whole number between two bounds, both included."""

    def parse(text: str) -> int:
        number = int(text) if text.strip().lstrip("-").isdigit() else None
        if number is None or not minimum <= number <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return number

    return parse


def seconds(text: str) -> float:
    """A parser for a duration in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 10**9:
        raise ValueError("must be a number of seconds, 0 or more")
    return value


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser that takes one of the given words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """A parser for an address with one of the given schemes; a trailing slash is dropped."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(f"must be an address that begins with {' or '.join(s + '://' for s in schemes)}")
        return text.rstrip("/")

    return parse


def zone(text: str) -> str:
    """A parser for the name of a time zone, such as America/Bogota."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be the name of a time zone, such as America/Bogota") from error
    return text


def database_pattern(text: str) -> str:
    """A parser for the database address, in which `{service}` stands for the service's name."""
    if "{service}" not in text:
        raise ValueError("must contain {service}, each service has its own database")
    if not text.startswith(("postgresql", "sqlite")):
        raise ValueError("must begin with postgresql+psycopg:// (or sqlite:///)")
    return text.replace("postgresql://", "postgresql+psycopg://", 1)


@dataclass(frozen=True, kw_only=True)
class CommonSettings:
    """What every service needs to know."""

    public_url: str = setting(
        "PORTERIA_PUBLIC_URL",
        url("http", "https"),
        default="",
        help="Address under which people reach Portería; none = http://localhost:PORTERIA_PORT.",
    )
    port: int = setting(
        "PORTERIA_PORT", whole_number(1, 65535), default=8000, help="Port of the front door of the embedded run."
    )
    data: Path = setting(
        "PORTERIA_DATA", Path, default=Path("var"), help="Folder for SQLite, the embedded broker, the sink and secrets."
    )
    database_pattern: str = setting(
        "PORTERIA_DATABASE_URL",
        database_pattern,
        default="",
        help="postgresql+psycopg://…/{service}; none = SQLite, one file per service below PORTERIA_DATA.",
    )
    broker_url: str = setting(
        "PORTERIA_BROKER_URL",
        url("amqp", "amqps", "embedded"),
        default="",
        help="amqp://user:password@host/vhost; none = embedded broker below PORTERIA_DATA.",
    )
    internal_pattern: str = setting(
        "PORTERIA_INTERNAL_URL",
        url("http", "https"),
        default="",
        help="How services reach each other, may contain {service}; none = the front door on this machine.",
    )
    otlp_url: str = setting(
        "PORTERIA_OTLP_URL",
        url("http", "https"),
        default="",
        help="OpenTelemetry collector for traces (OTLP over HTTP), such as http://localhost:4318; none = no traces.",
    )
    timezone: str = setting("PORTERIA_TIMEZONE", zone, default="America/Bogota", help="Zone in which times are shown.")
    language: str = setting(
        "PORTERIA_LANGUAGE", one_of(*LANGUAGES), default="es", help="Language where nobody chose one: es or en."
    )

    def __post_init__(self) -> None:
        defaults = {
            "public_url": f"http://localhost:{self.port}",
            "broker_url": f"embedded://{self.data.resolve()}/broker.db",
            "internal_pattern": f"http://127.0.0.1:{self.port}",
            "database_pattern": f"sqlite:///{self.data.resolve()}/{{service}}.db",
        }
        for name, value in defaults.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)

    def database_url(self, service: str) -> str:
        """The SQLAlchemy address of one service's own database."""
        return self.database_pattern.replace("{service}", service)

    def internal_url(self, service: str) -> str:
        """The base address at which another service is called, without a trailing slash."""
        return self.internal_pattern.replace("{service}", service)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read every setting from the environment.

        Raises SettingsError naming each variable that is wrong or missing.
        """
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        problems: list[str] = []
        for item in fields(cls):
            name, text = item.metadata["env"], environ.get(item.metadata["env"], "").strip()
            if text:
                try:
                    values[item.name] = item.metadata["parse"](text)
                except ValueError as error:
                    problems.append(f"{name}: {error}")
            elif item.default is MISSING:
                problems.append(f"{name} is missing: {item.metadata['help']}")
        if problems:
            raise SettingsError("\n".join(problems))
        return cls(**values)
