"""Requests (PQRS) as a table to download."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext

from services.portal.models import Case
from services.portal.schemas.cases import case_state, closing_name, kind_name, state_name
from shared.web.exports import Row


def case_header() -> list[str]:
    """The names of the columns."""
    return [
        gettext("Number"),
        gettext("Kind"),
        gettext("Subject"),
        gettext("Client"),
        gettext("Document type"),
        gettext("Document number"),
        gettext("Client code"),
        gettext("State"),
        gettext("Opened"),
        gettext("First deadline"),
        gettext("Legal deadline"),
        gettext("Answered"),
        gettext("Answered in time"),
        gettext("Closed"),
        gettext("Why it is closed"),
        gettext("Who sees to it"),
    ]


def case_row(case: Case, zone: ZoneInfo) -> Row:
    """One request, its moments in the agency's zone."""
    return [
        case.number,
        kind_name(case.kind),
        case.subject,
        case.party.name,
        case.party.document_type,
        case.party.document_number,
        case.party.code,
        state_name(case_state(case)),
        case.opened_on.isoformat(),
        case.first_due_on.isoformat(),
        case.due_on.isoformat(),
        _moment(case.answered_at, zone),
        _in_time(case, zone),
        _moment(case.closed_at, zone),
        closing_name(case.closing_reason) if case.closing_reason else "",
        case.assigned_to,
    ]


def _moment(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""


def _in_time(case: Case, zone: ZoneInfo) -> str:
    if case.answered_at is None:
        return ""
    return gettext("yes") if case.answered_at.astimezone(zone).date() <= case.due_on else gettext("no")
