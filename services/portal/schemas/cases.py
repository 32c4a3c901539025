"""PQRS in words: kinds, states and deadlines as pages and tables show them, and as REST gives them out."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import marshmallow as ma
from flask_babel import format_date, gettext, ngettext
from marshmallow.validate import OneOf

from services.portal.models import Case
from services.portal.rules.case_words import CLOSING_NAMES, KIND_MEANINGS, KIND_NAMES, STATE_NAMES
from services.portal.rules.cases import (
    ANSWERED,
    CLOSED,
    IN_TIME,
    KINDS,
    OVERDUE,
    SHOWN_STATES,
    SOON,
    TODAY,
    UNANSWERED,
    WRITTEN_AGAIN,
    business_days_left,
    deadline_of,
    shown_state,
    urgency_of,
)
from shared.web.api import PageQuery
from shared.web.look import State

STATE_LOOKS = {
    UNANSWERED: ("waiting", "hourglass-split"),
    WRITTEN_AGAIN: ("busy", "chat-dots"),
    ANSWERED: ("good", "chat-left-text"),
    CLOSED: ("off", "lock"),
}
URGENCY_LOOKS = {
    OVERDUE: ("bad", "exclamation-octagon"),
    TODAY: ("bad", "alarm"),
    SOON: ("waiting", "clock-history"),
    IN_TIME: ("good", "check-circle"),
}


@dataclass(frozen=True)
class KindChoice:
    """A kind of request, for people who have to choose one: what it is, and until when it would be answered."""

    kind: str
    name: str
    meaning: str
    days: int
    due_on: date


def kind_choices(today: date, saturday_counts: bool) -> list[KindChoice]:
    """All kinds, each with the deadline that a request of today would have."""
    return [
        KindChoice(
            kind, kind_name(kind), gettext(KIND_MEANINGS[kind]), term.days, deadline_of(kind, today, saturday_counts)
        )
        for kind, term in KINDS.items()
    ]


def kind_name(kind: str) -> str:
    """What a kind is called."""
    return gettext(KIND_NAMES[kind])


def closing_name(reason: str) -> str:
    """Why a case was closed."""
    return gettext(CLOSING_NAMES[reason])


def state_name(shown: str) -> str:
    """What one of SHOWN_STATES is called."""
    return gettext(STATE_NAMES[shown])


def case_state(case: Case) -> str:
    """One of SHOWN_STATES."""
    return shown_state(case.state, case.answered_at is not None)


def state_for_staff(case: Case) -> State:
    """The state of a case as the staff sees it."""
    shown = case_state(case)
    return (state_name(shown), *STATE_LOOKS[shown])


def state_for_client(case: Case) -> State:
    """The state of a case as its client sees it."""
    names = {
        UNANSWERED: gettext("Received, in progress"),
        WRITTEN_AGAIN: gettext("In progress again"),
        ANSWERED: gettext("Answered"),
        CLOSED: gettext("Closed"),
    }
    shown = case_state(case)
    return (names[shown], *STATE_LOOKS[shown])


def urgency(case: Case, today: date, saturday_counts: bool) -> State | None:
    """How near the deadline is, in words; None where nothing is due any more."""
    if case.answered_at or case.closed_at:
        return None
    level = urgency_of(today, case.due_on, saturday_counts)
    days = abs(business_days_left(today, case.due_on, saturday_counts))
    texts = {
        OVERDUE: ngettext("Overdue by %(num)d business day", "Overdue by %(num)d business days", days),
        TODAY: gettext("Due today"),
        SOON: ngettext("Due in %(num)d business day", "Due in %(num)d business days", days),
        IN_TIME: ngettext("In time: %(num)d business day left", "In time: %(num)d business days left", days),
    }
    return (texts[level], *URGENCY_LOOKS[level])


def promise(case: Case, today: date) -> str:
    """The deadline of a case in a sentence for its client."""
    if case.closed_at:
        return ""
    if case.answered_at:
        return gettext("We answered it. If you write again, we go on here, without a new legal term.")
    day = format_date(case.due_on, "full")
    if today > case.due_on:
        return gettext("We should have answered until %(day)s. We are sorry, and still owe you the answer.", day=day)
    if case.extended_at:
        return gettext("We need more time: you get an answer by %(day)s at the latest.", day=day)
    return gettext("You get an answer by %(day)s at the latest.", day=day)


class CaseQuery(PageQuery):
    """Filters of the list of requests."""

    state = ma.fields.String(load_default="", validate=OneOf(["", *SHOWN_STATES]))
    kind = ma.fields.String(load_default="", validate=OneOf(["", *KINDS]))
    party_id = ma.fields.UUID(load_default=None)
    q = ma.fields.String(load_default="", metadata={"description": "Part of number, subject, or the client's name"})


class CaseView(ma.Schema):
    """A request of a client (PQRS)."""

    id = ma.fields.UUID(required=True)
    number = ma.fields.String(required=True, metadata={"description": "The radicado"})
    party_id = ma.fields.UUID(required=True)
    kind = ma.fields.String(required=True, validate=OneOf(list(KINDS)))
    subject = ma.fields.String(required=True)
    state = ma.fields.Function(case_state, required=True, metadata={"type": "string", "enum": list(SHOWN_STATES)})
    opened_on = ma.fields.Date(required=True)
    due_on = ma.fields.Date(required=True, metadata={"description": "Last day for the answer, with the extension"})
    first_due_on = ma.fields.Date(required=True)
    extended_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    answered_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    closed_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    closing_reason = ma.fields.String(required=True)
    assigned_to = ma.fields.String(required=True)


class CaseMessageView(ma.Schema):
    """One message of the conversation. Notes of the staff are not given out."""

    id = ma.fields.UUID(required=True)
    author_kind = ma.fields.String(required=True)
    author_name = ma.fields.String(required=True)
    kind = ma.fields.String(required=True)
    text = ma.fields.String(required=True)
    at = ma.fields.AwareDateTime(required=True)


class WholeCaseView(CaseView):
    """A request with its conversation."""

    messages = ma.fields.List(ma.fields.Nested(CaseMessageView), required=True)


def whole_case(case: Case, messages: Any) -> dict[str, Any]:
    """What WholeCaseView gives out."""
    shown = CaseView().dump(case)
    return {**shown, "messages": CaseMessageView(many=True).dump(messages)}
