"""wait_until."""

import pytest
import time_machine

from tests.support.waiting import wait_until


def test_what_the_condition_returned_is_handed_on():
    answers = iter([None, 0, "", "here"])
    assert wait_until(lambda: next(answers), timeout=5, interval=0) == "here"


def test_a_condition_that_never_comes_true_fails_with_the_last_state():
    seen = []
    with pytest.raises(AssertionError, match=r"After 0\.01 s: asked \d+ times"):
        wait_until(lambda: seen.append(1), timeout=0.01, message=lambda: f"asked {len(seen)} times", interval=0)


def test_an_error_of_the_condition_goes_through():
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0)


def test_time_that_is_up_at_once_still_looks_once():
    assert wait_until(lambda: True, timeout=0)


def test_a_clock_that_a_test_moved_does_not_end_the_waiting():
    answers = iter([False, True])
    with time_machine.travel("2030-01-01", tick=False) as traveller:

        def moving() -> bool:
            traveller.shift(3600)
            return next(answers)

        assert wait_until(moving, timeout=5, interval=0)
