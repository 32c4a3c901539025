"""Waiting for a condition with a deadline, instead of sleeping and hoping."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def wait_until(
    condition: Callable[[], Result | None],
    timeout: float = 10,
    message: str | Callable[[], str] = "the condition never came true",
    *,
    interval: float = 0.02,
) -> Result:
    """Call `condition` until it returns something true, and return that.

    `timeout` and `interval` are seconds. `message` is the text of the error; a callable is asked only when time
    is up, so that it can tell the last state. Raises AssertionError when the time is up; what `condition` raises
    goes through.
    """
    # perf_counter, because tests that move the clock do not move this one.
    deadline = time.perf_counter() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.perf_counter() >= deadline:
            text = message() if callable(message) else message
            raise AssertionError(f"After {timeout:g} s: {text}")
        time.sleep(interval)
