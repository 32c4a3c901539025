"""PQRS: the kinds of requests, their legal deadlines in Colombian business days, and what may be done with a case.

The law, for private organisations through Ley 1755 de 2015, art. 32 (petitions before private organisations follow the
general rules of its chapter I):

- Ley 1755 de 2015, art. 14 (it replaces art. 14 of Ley 1437 de 2011): a petition is answered within 15 days after its
  receipt, one for documents or information within 10, a consultation within 30. Parágrafo: where that is impossible,
  the person is told so *before* the term expires, with the reasons and the day of the answer, "que no podrá exceder
  del doble del inicialmente previsto". We read the double as the whole term (15 become 30), which is never too long.
- Complaints, claims and suggestions have no term of their own: art. 13 says that they, too, exercise the right of
  petition, so they take the general term of 15 days. For a consumer's claim Ley 1480 de 2011, art. 58 no. 5 says 15
  business days as well.
- Personal data, Ley 1581 de 2012: a query (art. 14) within 10 business days from its receipt, and at most 5 more; a
  claim (art. 15 no. 3) within 15 business days from the day after its receipt, and at most 8 more; in both cases with
  reasons told to the person.
- Days are business days: Ley 4 de 1913, art. 62 (holidays and vacant days do not count), with the holidays of Ley 51 de
  1983 (*Ley Emiliani*). Saturdays count only where the agency works on them.

The day of receipt does not count; the first day that does is the next business day. What is received on a Sunday thus
has Monday as its first day: a reading that can only make us answer earlier, never too late.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6

PETITION, INFORMATION, CONSULTATION = "petition", "information", "consultation"
COMPLAINT, CLAIM, SUGGESTION = "complaint", "claim", "suggestion"
DATA_QUERY, DATA_CLAIM = "data_query", "data_claim"


@dataclass(frozen=True)
class Term:
    """Business days for the answer, and with the longest extension that the law allows."""

    days: int
    longest: int


KINDS: dict[str, Term] = {
    PETITION: Term(15, 30),
    COMPLAINT: Term(15, 30),
    CLAIM: Term(15, 30),
    SUGGESTION: Term(15, 30),
    INFORMATION: Term(10, 20),
    CONSULTATION: Term(30, 60),
    DATA_QUERY: Term(10, 10 + 5),
    DATA_CLAIM: Term(15, 15 + 8),
}
"""Kind → its term; the articles stand at the top of this module."""

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"
STATES = (OPEN, ANSWERED, CLOSED)
UNANSWERED, WRITTEN_AGAIN = "unanswered", "written_again"
"""Two ways of being open, never stored: not answered yet, or the client wrote again after the answer."""
SHOWN_STATES = (UNANSWERED, WRITTEN_AGAIN, ANSWERED, CLOSED)

CLOSING_AFTER_ANSWER = ("solved", "no_reply", "withdrawn", "other")
CLOSING_WITHOUT_ANSWER = ("withdrawn", "duplicate", "incomplete", "not_ours")
"""Why a case may end without an answer: withdrawn (Ley 1755, art. 18), the same as another one, not completed when
asked (art. 17), or somebody else's to answer, to whom it was handed on (art. 21)."""

OVERDUE, TODAY, SOON, IN_TIME = "overdue", "today", "soon", "in_time"
SOON_DAYS = 2
"""So many business days before the deadline the staff is reminded."""

LONGEST_SUBJECT, LONGEST_TEXT, MOST_FILES = 200, 20_000, 5


@cache
def _holidays_of(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("CO", years=year))


def is_business_day(day: date, saturday_counts: bool = False) -> bool:
    """Whether a day counts for a legal term in Colombia."""
    if day.weekday() == SUNDAY or (day.weekday() == SATURDAY and not saturday_counts):
        return False
    return day not in _holidays_of(day.year)


def _business_days_after(day: date, saturday_counts: bool) -> Iterator[date]:
    while True:
        day += DAY
        if is_business_day(day, saturday_counts):
            yield day


def after_business_days(day: date, number: int, saturday_counts: bool = False) -> date:
    """The `number`th business day after `day`, which itself does not count."""
    following = _business_days_after(day, saturday_counts)
    return [next(following) for _ in range(number)][-1]


def deadline_of(kind: str, opened_on: date, saturday_counts: bool = False) -> date:
    """The last day on which a case that was received on `opened_on` must be answered."""
    return after_business_days(opened_on, KINDS[kind].days, saturday_counts)


def latest_extension(kind: str, opened_on: date, saturday_counts: bool = False) -> date:
    """The latest day to which that deadline may be extended."""
    return after_business_days(opened_on, KINDS[kind].longest, saturday_counts)


def business_days_left(today: date, due_on: date, saturday_counts: bool = False) -> int:
    """Business days after today up to the deadline: 0 on its day, negative when it is over (then at least -1)."""
    if today > due_on:
        return min(-1, -_count(due_on, today, saturday_counts))
    return _count(today, due_on, saturday_counts)


def _count(after: date, until: date, saturday_counts: bool) -> int:
    days = (after + DAY * number for number in range(1, (until - after).days + 1))
    return sum(is_business_day(day, saturday_counts) for day in days)


def urgency_of(today: date, due_on: date, saturday_counts: bool = False) -> str:
    """How near the deadline of an unanswered case is: overdue, today, soon or in_time."""
    if today >= due_on:
        return OVERDUE if today > due_on else TODAY
    return SOON if business_days_left(today, due_on, saturday_counts) <= SOON_DAYS else IN_TIME


def shown_state(state: str, is_answered: bool) -> str:
    """The state as people see it: one of SHOWN_STATES."""
    if state != OPEN:
        return state
    return WRITTEN_AGAIN if is_answered else UNANSWERED


def closing_reasons(is_answered: bool) -> tuple[str, ...]:
    """For which reasons a case may be closed: without an answer only for those that the law knows."""
    return CLOSING_AFTER_ANSWER if is_answered else CLOSING_WITHOUT_ANSWER


def may_extend(state: str, is_answered: bool, is_extended: bool, today: date, due_on: date) -> bool:
    """Whether the deadline can be extended: once, before it expires, while there is no answer."""
    return state == OPEN and not is_answered and not is_extended and today <= due_on


def series_prefix(year: int) -> str:
    """How the numbers (*radicados*) of a year begin."""
    return f"PQR-{year}-"
