"""Legal deadlines of PQRS, against calendars of Colombia that anybody can look up."""

from datetime import date

import pytest

from services.portal.rules.case_words import CLOSING_NAMES, KIND_MEANINGS, KIND_NAMES, STATE_NAMES
from services.portal.rules.cases import (
    CLOSING_AFTER_ANSWER,
    CLOSING_WITHOUT_ANSWER,
    KINDS,
    SHOWN_STATES,
    business_days_left,
    closing_reasons,
    deadline_of,
    is_business_day,
    latest_extension,
    may_extend,
    shown_state,
    urgency_of,
)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "opened", "due", "latest", "why"),
    [
        # An ordinary month without a holiday: 15 business days are three weeks.
        ("petition", "2026-02-02", "2026-02-23", "2026-03-16", "three weeks, and six"),
        ("complaint", "2026-02-02", "2026-02-23", "2026-03-16", "as a petition"),
        ("claim", "2026-02-02", "2026-02-23", "2026-03-16", "as a petition"),
        ("suggestion", "2026-02-02", "2026-02-23", "2026-03-16", "as a petition"),
        ("information", "2026-02-02", "2026-02-16", "2026-03-02", "10, and 20"),
        ("consultation", "2026-02-02", "2026-03-16", "2026-04-30", "30, and 60 over Saint Joseph and Easter"),
        ("data_query", "2026-02-02", "2026-02-16", "2026-02-23", "10, and 5 more"),
        ("data_claim", "2026-02-02", "2026-02-23", "2026-03-05", "15, and 8 more"),
        # Semana Santa of 2026: Thursday 2 and Friday 3 April; the Monday to Wednesday before are business days.
        ("information", "2026-03-27", "2026-04-14", "2026-04-28", "over Easter"),
        ("petition", "2026-03-20", "2026-04-15", "2026-05-07", "Saint Joseph (Monday 23) and Easter"),
        # Semana Santa of 2025: Thursday 17 and Friday 18 April.
        ("information", "2025-04-11", "2025-04-29", "2025-05-14", "another Easter"),
        # Ley Emiliani: Saint Peter and Saint Paul of 2025 is Monday 30 June.
        ("data_query", "2025-06-20", "2025-07-08", "2025-07-15", "Sacred Heart on Monday 23, Saint Peter on 30"),
        # 8 December and Christmas never move, 1 January neither; Epiphany of 2027 is Monday the 11th.
        ("petition", "2026-12-04", "2026-12-29", "2027-01-21", "over the end of the year"),
        ("information", "2026-12-31", "2027-01-18", "2027-02-01", "the year begins within"),
        # A holiday or a Sunday is no day of receipt that counts, and no day of the term either.
        ("data_query", "2026-11-15", "2026-11-30", "2026-12-07", "opened on a Sunday, Monday 16 is a holiday"),
        ("data_query", "2026-11-16", "2026-11-30", "2026-12-07", "opened on that holiday"),
    ],
)
def test_terms_over_real_calendars(kind: str, opened: str, due: str, latest: str, why: str) -> None:
    assert (deadline_of(kind, day(opened)), latest_extension(kind, day(opened))) == (day(due), day(latest)), why


@pytest.mark.parametrize(
    ("kind", "opened", "due"),
    [
        ("petition", "2026-02-02", "2026-02-19"),
        (
            "information",
            "2026-03-27",
            "2026-04-10",
        ),  # Saturday 28 March and 4 April count, holy Thursday and Friday not
        ("information", "2026-12-31", "2027-01-14"),
    ],
)
def test_where_the_agency_works_on_saturdays_they_count(kind: str, opened: str, due: str) -> None:
    assert deadline_of(kind, day(opened), saturday_counts=True) == day(due)


def test_a_holiday_on_a_saturday_counts_nowhere() -> None:
    assert not is_business_day(day("2027-05-01"), saturday_counts=True)


def test_every_deadline_is_a_business_day_and_the_day_of_receipt_never_counts() -> None:
    for kind, term in KINDS.items():
        opened = day("2025-01-01")
        while opened < day("2027-12-31"):
            due = deadline_of(kind, opened)
            assert is_business_day(due)
            assert business_days_left(opened, due) == term.days
            assert business_days_left(opened, latest_extension(kind, opened)) == term.longest
            opened = date.fromordinal(opened.toordinal() + 17)


@pytest.mark.parametrize(
    ("today", "left", "urgency"),
    [
        ("2026-04-10", 3, "in_time"),
        ("2026-04-13", 2, "soon"),
        ("2026-04-12", 3, "in_time"),  # a Sunday
        ("2026-04-14", 1, "soon"),
        ("2026-04-15", 0, "today"),
        ("2026-04-16", -1, "overdue"),
        ("2026-04-20", -3, "overdue"),
    ],
)
def test_how_near_a_deadline_is(today: str, left: int, urgency: str) -> None:
    due = day("2026-04-15")
    assert (business_days_left(day(today), due), urgency_of(day(today), due)) == (left, urgency)


def test_on_the_saturday_after_a_friday_the_deadline_is_over() -> None:
    assert business_days_left(day("2026-02-21"), day("2026-02-20")) == -1
    assert urgency_of(day("2026-02-21"), day("2026-02-20")) == "overdue"


@pytest.mark.parametrize(
    ("state", "answered", "extended", "today", "possible"),
    [
        ("open", False, False, "2026-04-15", True),
        ("open", False, False, "2026-04-16", False),
        ("open", False, True, "2026-04-10", False),
        ("open", True, False, "2026-04-10", False),
        ("closed", False, False, "2026-04-10", False),
    ],
)
def test_a_deadline_is_extended_once_and_before_it_is_over(
    state: str, answered: bool, extended: bool, today: str, possible: bool
) -> None:
    assert may_extend(state, answered, extended, day(today), day("2026-04-15")) is possible


def test_without_an_answer_a_case_ends_only_for_reasons_of_the_law() -> None:
    assert "solved" not in closing_reasons(False)
    assert "duplicate" not in closing_reasons(True)


def test_every_kind_state_and_reason_has_its_words() -> None:
    assert set(KINDS) == set(KIND_NAMES) == set(KIND_MEANINGS)
    assert set(CLOSING_AFTER_ANSWER) | set(CLOSING_WITHOUT_ANSWER) == set(CLOSING_NAMES)
    assert (
        {shown_state(state, answered) for state in ("open", "answered", "closed") for answered in (True, False)}
        == set(SHOWN_STATES)
        == set(STATE_NAMES)
    )
