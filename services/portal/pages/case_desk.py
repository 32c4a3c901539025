"""The staff's inbox of requests (PQRS): what expires first stands first."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as Download

from services.portal.models import Case
from services.portal.pages.area import today_here
from services.portal.pages.case_forms import ACCEPT, NoteForm, OnceForm, ReplyForm
from services.portal.pages.files import send_file_safely
from services.portal.queries.agency import agency_of
from services.portal.queries.cases import (
    CaseFilter,
    count_waiting,
    files_of_messages,
    find_case,
    find_case_file,
    list_cases,
    list_messages,
)
from services.portal.rules.cases import (
    KINDS,
    MOST_FILES,
    SHOWN_STATES,
    SOON_DAYS,
    UNANSWERED,
    after_business_days,
    latest_extension,
    may_extend,
)
from services.portal.schemas.case_tables import case_header, case_row
from services.portal.schemas.cases import closing_name, kind_name, state_for_staff, state_name, urgency
from shared.audit import record_act
from shared.db import Database
from shared.web import current, current_staff, staff_required
from shared.web.exports import Row, stream_table

ALL = "all"
CHUNK = 1000

case_desk = Blueprint("case_desk", __name__, url_prefix="/backoffice/portal/cases")


@dataclass(frozen=True)
class Calendar:
    """What deadlines are measured by."""

    today: date
    saturday_counts: bool


@case_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """What waits for an answer, or whatever is looked for."""
    with current().db.read() as session:
        calendar = Calendar(today_here(), agency_of(session).saturday_counts)
        wanted = asked_filter(calendar)
        page = list_cases(session, wanted, cursor=request.args.get("cursor"))
        waiting = count_waiting(session, calendar.today, calendar.saturday_counts)
    return render_template(
        "portal/cases/inbox.html",
        page=page,
        waiting=waiting,
        soon_days=SOON_DAYS,
        filtered=any(value for name, value in request.args.items() if name not in ("cursor", "lang")),
        states=[*((one, state_name(one)) for one in SHOWN_STATES[1:]), (ALL, gettext("All"))],
        default_state=state_name(UNANSWERED),
        kinds=[(one, kind_name(one)) for one in KINDS],
        kind_name=kind_name,
        state_of_case=state_for_staff,
        urgency=lambda case: urgency(case, calendar.today, calendar.saturday_counts),
    )


def asked_filter(calendar: Calendar) -> CaseFilter:
    """What the address asks for; without a state what waits for an answer."""
    state, kind, due = (request.args.get(name, "") for name in ("state", "kind", "due"))
    staff, today = current_staff(), calendar.today
    spans = {
        "overdue": (None, today - timedelta(days=1)),
        "soon": (today, after_business_days(today, SOON_DAYS, calendar.saturday_counts)),
    }
    due_from, due_until = spans.get(due, (None, None))
    party_id = None
    with suppress(ValueError):
        party_id = uuid.UUID(request.args.get("party_id", ""))
    return CaseFilter(
        state="" if state == ALL else state if state in SHOWN_STATES else UNANSWERED,
        kind=kind if kind in KINDS else "",
        text=request.args.get("q", "").strip(),
        assigned_to=staff.name if staff and request.args.get("mine") == "yes" else "",
        party_id=party_id,
        due_from=due_from,
        due_until=due_until,
    )


@case_desk.get("/export.<any(csv, xlsx):kind>")
@staff_required()
def export(kind: str) -> Download:
    """Exactly the requests that the list with the same address shows, all pages of it."""
    db, zone = current().db, ZoneInfo(current().settings.timezone)
    with db.write() as session:
        wanted = asked_filter(Calendar(today_here(), agency_of(session).saturday_counts))
        # Before the first of them leaves: whoever breaks the download off has some of them all the same.
        record_act(session, "portal", "cases.exported", subject="cases", details={"format": kind, **request.args})
    return stream_table(kind, gettext("requests"), case_header(), _rows(db, wanted, zone))


def _rows(db: Database, wanted: CaseFilter, zone: ZoneInfo) -> Iterator[Row]:
    """Each chunk is a short transaction of its own, so that a slow reader holds nothing back."""
    cursor = None
    while True:
        with db.read() as session:
            page = list_cases(session, wanted, cursor=cursor, limit=CHUNK)
        yield from (case_row(case, zone) for case in page.items)
        if page.next is None:
            return
        cursor = page.next


@case_desk.get("/<uuid:case_id>")
@staff_required()
def show(case_id: uuid.UUID) -> str:
    """One request: the conversation with the client, and what the staff noted."""
    return case_page(case_id)


def case_page(case_id: uuid.UUID, reply: ReplyForm | None = None, note: NoteForm | None = None) -> str:
    """The page of a request, with the forms as they were filled in."""
    with current().db.read() as session:
        case = find_case(session, case_id) or abort(404)
        messages = list_messages(session, case_id, notes=True)
        files = files_of_messages(session, case.party_id, [one.id for one in messages])
        calendar = Calendar(today_here(), agency_of(session).saturday_counts)
    return render_template(
        "portal/cases/desk_case.html",
        case=case,
        messages=messages,
        files=files,
        reply=reply or _fresh(ReplyForm(formdata=None)),
        note=note or _fresh(NoteForm(formdata=None)),
        kind=kind_name(case.kind),
        state=state_for_staff(case),
        urgency=urgency(case, calendar.today, calendar.saturday_counts),
        closing=closing_name(case.closing_reason) if case.closing_reason else "",
        accept=ACCEPT,
        most=MOST_FILES,
        **_extension(case, calendar),
    )


def _fresh(form: Any) -> Any:
    if isinstance(form, OnceForm):
        form.begin()
    return form


def _extension(case: Case, calendar: Calendar) -> dict[str, Any]:
    possible = may_extend(
        case.state, case.answered_at is not None, case.extended_at is not None, calendar.today, case.due_on
    )
    latest = latest_extension(case.kind, case.opened_on, calendar.saturday_counts)
    return {"may_extend": possible, "latest_extension": latest}


@case_desk.get("/<uuid:case_id>/files/<uuid:file_id>")
@staff_required()
def file(case_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """Something that is attached to a message."""
    with current().db.read() as session:
        stored = find_case_file(session, case_id, file_id) or abort(404)
    return send_file_safely(stored)
