"""Throttling of attempts, counted in identity's own database: a restart forgives nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from limits import RateLimitItem
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from services.identity.models.throttle import ThrottleCounter
from shared import clock
from shared.db import insert_into


@dataclass
class Throttled(Exception):
    """Too many attempts. `retry_after` is in whole seconds."""

    retry_after: int


class SqlStorage(Storage):
    """The storage interface of `limits`, inside the caller's transaction."""

    STORAGE_SCHEME = ["porteria+sql"]  # noqa: RUF012 - the library reads it so

    def __init__(self, session: Session) -> None:
        super().__init__("porteria+sql://")
        self._session = session

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the database may raise."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, in one statement: whoever comes at the same time waits for the row and sees this count."""
        moment = clock.now()
        fresh = {"key": key, "count": amount, "expires_at": moment + timedelta(seconds=expiry)}
        over = ThrottleCounter.expires_at <= moment
        statement = insert_into(self._session, ThrottleCounter).values(fresh)
        statement = statement.on_conflict_do_update(
            index_elements=[ThrottleCounter.key],
            set_={
                "count": case((over, statement.excluded.count), else_=ThrottleCounter.count + statement.excluded.count),
                "expires_at": case((over, statement.excluded.expires_at), else_=ThrottleCounter.expires_at),
            },
        ).returning(ThrottleCounter.count)
        return int(self._session.execute(statement).scalar_one())

    def get(self, key: str) -> int:
        """The count of the present window."""
        row = self._find(key)
        return row.count if row else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since the epoch."""
        row = self._find(key)
        return (row.expires_at if row else clock.now()).timestamp()

    def check(self) -> bool:
        """Whether the database answers."""
        return self._session.scalar(select(1)) == 1

    def reset(self) -> int:
        """Forget everything."""
        return int(getattr(self._session.execute(delete(ThrottleCounter)), "rowcount", 0))

    def clear(self, key: str) -> None:
        """Forget one counter."""
        self._session.execute(delete(ThrottleCounter).where(ThrottleCounter.key == key))

    def _find(self, key: str) -> Any:
        columns = select(ThrottleCounter.count, ThrottleCounter.expires_at)
        return self._session.execute(
            columns.where(ThrottleCounter.key == key, ThrottleCounter.expires_at > clock.now())
        ).first()


Counted = tuple[RateLimitItem, str]
"""A limit and the key that it counts."""


def count_attempt(session: Session, counted: Sequence[Counted]) -> None:
    """Count an attempt before it is made, so that a hundred at once are not all let through. Raises Throttled.

    A refused attempt counts nowhere, because its transaction is rolled back: nobody can keep an account locked by
    trying on, and an address that is refused locks no account. All callers count in the same order (account, then
    address), so that two transactions never wait for each other.
    """
    storage = SqlStorage(session)
    limiter = FixedWindowRateLimiter(storage)
    for limit, key in counted:
        if not limiter.hit(limit, key):
            ends = storage.get_expiry(limit.key_for(key))
            raise Throttled(max(1, round(ends - clock.now().timestamp())))


def forgive_attempt(session: Session, account: Counted, others: Sequence[Counted] = ()) -> None:
    """The attempt was right: forget the account's failures, and take this one attempt back elsewhere."""
    storage = SqlStorage(session)
    storage.clear(account[0].key_for(account[1]))
    for limit, key in others:
        storage.incr(limit.key_for(key), limit.get_expiry(), -1)


def forget_old_counters(session: Session) -> None:
    """Remove the counters of windows that are over."""
    session.execute(delete(ThrottleCounter).where(ThrottleCounter.expires_at <= clock.now()))
