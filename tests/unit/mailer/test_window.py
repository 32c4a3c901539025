"""The send window: what the clocks on the wall say, on every day of the year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.states import RECOVERY
from services.mailer.rules.window import CAN_WAIT, URGENT_KINDS, Window, window_of

BOGOTA, MADRID, SANTIAGO = "America/Bogota", "Europe/Madrid", "America/Santiago"
ZONES = (BOGOTA, MADRID, SANTIAGO, "America/Mexico_City", "Australia/Lord_Howe", "Asia/Kathmandu")

minutes = st.integers(0, 1439)
days = st.sets(st.sampled_from("1234567"), min_size=1).map(lambda chosen: "".join(sorted(chosen)))
windows = st.builds(
    lambda start, end, on, zone: Window(start, end, on, ZoneInfo(zone)), minutes, minutes, days, st.sampled_from(ZONES)
)
# Whole minutes around the changes of the clocks, and anywhere.
CHANGES = (
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 9, 6, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2026, 10, 3, tzinfo=UTC),
)
moments = st.one_of(
    st.builds(
        lambda near, minute: near + timedelta(minutes=minute), st.sampled_from(CHANGES), st.integers(-2880, 2880)
    ),
    st.builds(lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), st.integers(0, 525_600)),
)


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@given(windows, moments)
def test_it_is_open_when_it_opens_and_never_before(window: Window, moment: datetime) -> None:
    opens = window.opens_at(moment)
    assert opens >= moment
    assert window.is_open(opens)
    if opens > moment:
        assert not window.is_open(moment)
        assert not window.is_open(opens - timedelta(minutes=1))
        step = max((opens - moment) / 40, timedelta(minutes=1))
        passed = moment
        while passed < opens:
            assert not window.is_open(passed)
            passed += step


@given(windows, moments)
def test_it_opens_again_within_eight_days(window: Window, moment: datetime) -> None:
    assert window.opens_at(moment) - moment < timedelta(days=8)


def test_office_hours_on_weekdays() -> None:
    window = Window(8 * 60, 18 * 60, "12345", ZoneInfo(BOGOTA))
    assert window.is_open(at("2026-11-20 08:00", BOGOTA))  # a Friday
    assert window.is_open(at("2026-11-20 17:59", BOGOTA))
    assert not window.is_open(at("2026-11-20 18:00", BOGOTA))
    assert not window.is_open(at("2026-11-21 10:00", BOGOTA))
    assert window.opens_at(at("2026-11-20 18:00", BOGOTA)) == at("2026-11-23 08:00", BOGOTA)


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = Window(22 * 60, 2 * 60, "5", ZoneInfo(BOGOTA))
    assert window.is_open(at("2026-11-20 23:00", BOGOTA))
    assert window.is_open(at("2026-11-21 01:59", BOGOTA))
    assert not window.is_open(at("2026-11-20 01:00", BOGOTA))
    assert not window.is_open(at("2026-11-21 23:00", BOGOTA))
    assert window.opens_at(at("2026-11-21 02:00", BOGOTA)) == at("2026-11-27 22:00", BOGOTA)


def test_the_same_hour_twice_is_the_whole_day() -> None:
    window = Window(0, 0, "1", ZoneInfo(BOGOTA))
    assert window.is_open(at("2026-11-23 00:00", BOGOTA))
    assert window.is_open(at("2026-11-23 23:59", BOGOTA))
    assert not window.is_open(at("2026-11-24 00:00", BOGOTA))


def test_an_opening_in_the_hour_that_is_left_out_comes_when_the_clocks_have_jumped() -> None:
    window = Window(2 * 60 + 30, 10 * 60, "1234567", ZoneInfo(MADRID))
    assert window.opens_at(at("2026-03-29 01:00", MADRID)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 there
    midnight = Window(0, 5 * 60, "1234567", ZoneInfo(SANTIAGO))  # 2026-09-06 begins at 01:00
    assert midnight.opens_at(at("2026-09-05 23:00", SANTIAGO)) == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    window = Window(2 * 60 + 30, 3 * 60, "1234567", ZoneInfo(MADRID))
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert window.opens_at(first - timedelta(hours=1)) == first
    assert window.opens_at(first + timedelta(minutes=30)) == second


def test_an_hour_that_comes_twice_opens_again_in_the_middle_of_a_window() -> None:
    window = Window(0, 2 * 60 + 30, "1234567", ZoneInfo(MADRID))
    closed = datetime(2026, 10, 25, 0, 40, tzinfo=UTC)  # 02:40, and at 03:00 it is 02:00 again
    assert window.opens_at(closed) == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def test_no_hours_are_always_and_no_days_every_day() -> None:
    assert window_of(None, None, None, BOGOTA) is None
    assert window_of(60, 120, None, BOGOTA) == Window(60, 120, "1234567", ZoneInfo(BOGOTA))


@pytest.mark.parametrize("kind", [RECOVERY])
def test_what_somebody_waits_for_is_urgent(kind: str) -> None:
    assert kind in URGENT_KINDS
    assert not set(CAN_WAIT) & set(URGENT_KINDS)
