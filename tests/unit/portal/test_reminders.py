"""When a client is reminded: for any rules, due dates and missed days."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.rules.reminders import (
    OVERDUE_STEPS,
    STEPS,
    StepRule,
    beginning_of,
    due_days,
    out_of_order,
    schedule_of,
    step_of_run,
    worth_before,
)

DUE = date(2026, 11, 15)
DAY = timedelta(days=1)
USUAL = [
    StepRule("reminder_before", 5, True),
    StepRule("reminder_due", 0, True),
    StepRule("overdue_first", 1, True),
    StepRule("overdue_second", 8, True),
    StepRule("overdue_third", 15, True),
]

rules = st.builds(
    lambda days, on: [StepRule(kind, *one) for kind, one in zip(STEPS, zip(days, on, strict=True), strict=True)],
    st.lists(st.integers(1, 60), min_size=5, max_size=5),
    st.lists(st.booleans(), min_size=5, max_size=5),
)
days_apart = st.integers(-70, 70).map(lambda days: DUE + days * DAY)
pauses = st.lists(st.integers(1, 4), min_size=1, max_size=80)


@pytest.mark.parametrize(
    ("since", "today", "kind"),
    [
        (9, 10, "reminder_before"),
        (10, 11, None),
        (14, 15, "reminder_due"),
        (13, 16, "overdue_first"),
        (9, 14, "reminder_before"),
        (14, 23, "overdue_second"),
        (29, 30, "overdue_third"),
        (15, 15, None),
    ],
)
def test_a_run_tells_of_the_latest_step_of_its_days(since, today, kind):
    found = step_of_run(schedule_of(USUAL), DUE, date(2026, 11, since), date(2026, 11, today))
    assert (found.kind if found else None) == kind


def test_what_announces_the_due_date_is_not_told_after_it():
    schedule = schedule_of(USUAL[:2])
    assert step_of_run(schedule, DUE, DUE - 3 * DAY, DUE + DAY) is None


@given(rules, pauses)
def test_whenever_the_runs_are_no_step_comes_twice_and_none_goes_back(of_class, pauses):
    schedule, told, since = schedule_of(of_class), [], DUE - 70 * DAY
    for pause in pauses:
        today = since + pause * DAY
        step = step_of_run(schedule, DUE, since, today)
        told += [step] if step else []
        since = today
    days = [step.day(DUE) for step in told]
    assert days == sorted(set(days))


@given(rules, st.integers(0, 140))
def test_with_a_run_each_day_every_step_comes_on_its_day_unless_another_takes_its_place(of_class, number):
    schedule, today = schedule_of(of_class), DUE + (number - 70) * DAY
    there = [step for step in schedule if step.day(DUE) == today]
    step = step_of_run(schedule, DUE, today - DAY, today)
    assert step == (there[-1] if there else None)


@given(rules, days_apart, st.integers(1, 4))
def test_a_letter_is_worth_something_today_and_nothing_once_the_next_one_comes(of_class, today, pause):
    schedule = schedule_of(of_class)
    step = step_of_run(schedule, DUE, today - pause * DAY, today)
    if step:
        end = worth_before(schedule, step, DUE, today)
        assert end > today
        assert not any(today < other.day(DUE) < end for other in schedule)
        assert step.kind in OVERDUE_STEPS or end <= DUE + DAY


@given(rules, rules, days_apart, st.integers(1, 4))
def test_the_days_to_look_at_hold_every_invoice_with_a_step_and_no_other(of_class, of_client, today, pause):
    since = today - pause * DAY
    schedules = [schedule_of(of_class), schedule_of(of_class, of_client[::2])]
    has_one = any(since < step.day(DUE) <= today for schedule in schedules for step in schedule)
    assert (DUE in due_days(schedules, since, today)) == has_one


@given(rules, rules, st.sets(st.sampled_from(STEPS)))
def test_what_is_said_about_a_client_stands_in_place_of_the_class_step_by_step(of_class, of_client, named):
    schedule = {step.kind: step.days for step in schedule_of(of_class, (one for one in of_client if one.kind in named))}
    for usual, own in zip(of_class, of_client, strict=True):
        counts = own if own.kind in named else usual
        assert schedule.get(counts.kind) == (counts.days if counts.enabled else None)


@given(rules)
def test_overdue_notices_that_are_on_follow_one_another_or_it_is_said_which_does_not(of_class):
    days = [rule.days for rule in of_class if rule.kind in OVERDUE_STEPS and rule.enabled]
    assert (out_of_order(of_class) == []) == (days == sorted(set(days)))


def test_a_day_begins_where_the_agency_is():
    assert beginning_of(DUE, "America/Bogota") == datetime(2026, 11, 15, 5, tzinfo=UTC)
    assert beginning_of(date(2026, 7, 1), "America/Tijuana") == datetime(2026, 7, 1, 7, tzinfo=UTC)
