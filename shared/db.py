"""The database of one service: PostgreSQL in production, SQLite in the embedded run, the same code on both.

`write()` and `read()` are the only places where a transaction begins and ends; actions and queries receive the
session. Two column types take the differences between the two systems: UTC-aware times and exact decimals.
"""

import threading
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import uuid_utils.compat
from sqlalchemy import BigInteger, Connection, DateTime, Engine, MetaData, Numeric, String, create_engine, event, types
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Session

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

plumbing = MetaData(naming_convention=NAMING)
"""Tables that every service has in its own database: outbox, inbox, deferred messages, idempotency keys."""


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): unique, and in the order of creation, which keeps indexes compact."""
    return uuid_utils.compat.uuid7()


class UtcDateTime(types.TypeDecorator[datetime]):
    """A moment. Refuses naive values, stores UTC, gives back timezone-aware UTC on both systems."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What comes out; a decorated type does not tell by itself, and paging asks."""
        return datetime

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ExactDecimal(types.TypeDecorator[Decimal]):
    """A decimal that comes back as it went in; SQLite has none, so there it is text."""

    impl = Numeric(18, 6)
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        """What comes out."""
        return Decimal

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(18, 6))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Money(types.TypeDecorator[Decimal]):
    """An amount with two decimals, stored as a whole number of hundredths: both systems sum it exactly and fast.

    A sum over it is Money again. Raises ValueError for more than two decimals: rounding is a decision of rules, not of
    the storage. The currency stands in a column beside it.
    """

    impl = BigInteger
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        """What comes out."""
        return Decimal

    def process_bind_param(self, value: Decimal | int | None, _dialect: Dialect) -> int | None:
        if value is None:
            return None
        hundredths = Decimal(value).scaleb(2)
        if hundredths != hundredths.to_integral_value():
            raise ValueError(f"an amount has two decimals, not {value}")
        return int(hundredths)

    def process_result_value(self, value: Any, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-2)


def code_type(length: int) -> types.TypeEngine[str]:
    """A text such as the number of an invoice, sorted byte by byte: an index then finds it by its beginning.

    PostgreSQL with the collation of a language could not use one for that; SQLite compares bytes anyway.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


COLUMN_TYPES: dict[Any, Any] = {datetime: UtcDateTime, Decimal: ExactDecimal}
"""How a service declares its base: `class Base(DeclarativeBase)` with `metadata = new_metadata()` and
`type_annotation_map = COLUMN_TYPES`."""


def insert_into(session: Session, target: Any) -> Any:
    """An INSERT in the session's own dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(target)


def new_metadata() -> MetaData:
    """A MetaData with the project's naming of constraints, one per service."""
    return MetaData(naming_convention=NAMING)


class Database:
    """Engine and transactions of one service's database."""

    def __init__(self, url: str, *, pool_size: int = 12) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url, pool_size) if self.is_sqlite else _postgresql_engine(url, pool_size)
        self._reading = self.engine.execution_options(porteria_reading=True) if self.is_sqlite else self.engine
        # SQLite has one writer at a time, and whoever waits for it polls with growing pauses, so that of many threads
        # some starve. Those of one process therefore queue here, and wake when it is their turn.
        self._turn: AbstractContextManager[object] = threading.Lock() if self.is_sqlite else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that may change things: commits at the end, rolls back on any exception."""
        with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One transaction that only reads; on SQLite it does not wait for a writer."""
        with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _postgresql_engine(url: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "porteria", "options": "-c timezone=UTC"},
    )


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=8, connect_args={"timeout": 30, "check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, and says of which kind.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later can fail at the upgrade of its lock; IMMEDIATE waits at the start.
    reading = connection.get_execution_options().get("porteria_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
