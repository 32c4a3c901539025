"""The correlation id: one value that follows a piece of work through requests, events and log lines."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("porteria_correlation_id", default=None)


def correlation_id() -> str | None:
    """The id of the work under way, if any."""
    return _current.get()


@contextmanager
def correlated(value: str | None = None) -> Iterator[str]:
    """Do a piece of work under this id (a new one if none is given)."""
    chosen = value or uuid.uuid4().hex
    token = _current.set(chosen)
    try:
        yield chosen
    finally:
        _current.reset(token)
