"""What the staff does with a request (PQRS): opening it for a client who called, answering, extending, closing."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from sqlalchemy.orm import Session

from services.portal.actions.cases import (
    CaseIsClosed,
    CaseIsNotClosed,
    CaseUnknown,
    NewCase,
    NotExtendable,
    UnfitDay,
    UnfitReason,
    Written,
    add_note,
    answer_case,
    assign_case,
    close_case,
    extend_case,
    open_case,
    reopen_case,
)
from services.portal.models import Case
from services.portal.pages.area import today_here
from services.portal.pages.case_desk import case_page
from services.portal.pages.case_forms import (
    ACCEPT,
    CloseForm,
    ExtendForm,
    NewCaseForm,
    NoteForm,
    ReopenForm,
    ReplyForm,
    save_with_files,
)
from services.portal.pages.choosing import choose_party, chosen_party
from services.portal.queries.agency import agency_of
from services.portal.queries.cases import find_case
from services.portal.rules.cases import MOST_FILES, latest_extension
from services.portal.schemas.cases import kind_choices
from shared.web import current, current_staff, staff_required

case_acts = Blueprint("case_acts", __name__, url_prefix="/backoffice/portal/cases")


@case_acts.route("/new", methods=["GET", "POST"])
@staff_required("agent")
def new() -> Any:
    """Open a request for a client who called or came."""
    party = chosen_party()
    if party is None:
        return choose_party(gettext("New request"), url_for("case_desk.index"), gettext("Requests (PQRS)"))
    form = NewCaseForm()

    def page() -> str:
        with current().db.read() as session:
            choices = kind_choices(today_here(), agency_of(session).saturday_counts)
        return render_template(
            "portal/cases/desk_new.html", form=form, party=party, choices=choices, accept=ACCEPT, most=MOST_FILES
        )

    if request.method == "GET":
        form.begin()
        return page()
    if not form.validate():
        return page(), 422
    asked = NewCase(
        case_id=form.made_id,
        party_id=party.id,
        kind=form.kind.data,
        subject=form.subject.data or "",
        text=form.text.data or "",
    )
    try:
        written = save_with_files(form, lambda session: open_case(session, asked, today_here()))
    except CaseUnknown:
        abort(404)
    if written is None:
        return page(), 422
    flash(gettext("The request %(number)s is open.", number=written.case.number), "success")
    return _back(written.case.id)


@case_acts.post("/<uuid:case_id>/reply")
@staff_required("agent")
def reply(case_id: uuid.UUID) -> Any:
    """Write to the client."""
    form = ReplyForm()
    if not form.validate():
        return case_page(case_id, reply=form), 422

    def save(session: Session) -> Written:
        return answer_case(session, case_id, form.made_id, form.text.data or "", in_substance=form.in_substance.data)

    try:
        written = save_with_files(form, save)
    except CaseUnknown:
        abort(404)
    except CaseIsClosed:
        flash(gettext("It was closed meanwhile, so nothing was sent. Open it again first."), "warning")
        return _back(case_id)
    if written is None:
        return case_page(case_id, reply=form), 422
    flash(gettext("The client can read it now, and gets a letter."), "success")
    return _back(case_id)


@case_acts.post("/<uuid:case_id>/note")
@staff_required("agent")
def note(case_id: uuid.UUID) -> Any:
    """Note something that the client does not see."""
    form = NoteForm()
    if not form.validate():
        return case_page(case_id, note=form), 422
    _do(lambda session: add_note(session, case_id, form.made_id, form.text.data or ""))
    flash(gettext("The note was saved."), "success")
    return _back(case_id)


@case_acts.post("/<uuid:case_id>/assign")
@staff_required("agent")
def assign(case_id: uuid.UUID) -> Any:
    """Take a request, or give it back."""
    staff = current_staff()
    name = staff.name if staff and request.form.get("take") == "yes" else ""
    note = gettext("I see to this request from now on.") if name else gettext("Nobody sees to this request now.")
    _do(lambda session: assign_case(session, case_id, name, note))
    flash(gettext("You see to this request now.") if name else note, "success")
    return _back(case_id)


@case_acts.route("/<uuid:case_id>/extend", methods=["GET", "POST"])
@staff_required("agent")
def extend(case_id: uuid.UUID) -> Any:
    """Take more time, before the deadline is over, and tell the client why."""
    case, form = _found(case_id), ExtendForm()
    if request.method == "GET" or not form.validate():
        return _extend_page(case, form), 200 if request.method == "GET" else 422
    until = form.until.data
    try:
        _do(lambda session: extend_case(session, case_id, until, form.reason.data or "", today_here()))
    except NotExtendable:
        flash(gettext("The deadline of this request cannot be extended any more."), "warning")
        return _back(case_id)
    except UnfitDay as error:
        day = format_date(error.latest, "long")
        text = gettext("Choose a business day after the present deadline, %(day)s at the latest.", day=day)
        form.until.errors = [text]
        return _extend_page(case, form), 422
    flash(gettext("The deadline was extended, and the client gets a letter."), "success")
    return _back(case_id)


def _extend_page(case: Case, form: ExtendForm) -> str:
    with current().db.read() as session:
        latest = latest_extension(case.kind, case.opened_on, agency_of(session).saturday_counts)
    return render_template("portal/cases/extend.html", case=case, form=form, latest=latest)


@case_acts.route("/<uuid:case_id>/close", methods=["GET", "POST"])
@staff_required("agent")
def close(case_id: uuid.UUID) -> Any:
    """End a request and tell the client why."""
    case, form = _found(case_id), CloseForm()
    form.offer(case.answered_at is not None)
    if request.method == "GET" or not form.validate():
        return render_template("portal/cases/close.html", case=case, form=form), 200 if request.method == "GET" else 422
    try:
        _do(lambda session: close_case(session, case_id, form.reason.data, form.note.data or ""))
    except CaseIsClosed:
        flash(gettext("It was closed already."), "info")
        return _back(case_id)
    except UnfitReason:
        flash(gettext("Somebody changed this request meanwhile. Look at it and close it again."), "warning")
        return _back(case_id)
    flash(gettext("The request is closed, and the client gets a letter."), "success")
    return _back(case_id)


@case_acts.route("/<uuid:case_id>/reopen", methods=["GET", "POST"])
@staff_required("agent")
def reopen(case_id: uuid.UUID) -> Any:
    """Go on with a closed request."""
    case, form = _found(case_id), ReopenForm()
    if request.method == "GET" or not form.validate():
        page = render_template("portal/cases/reopen.html", case=case, form=form)
        return page, 200 if request.method == "GET" else 422
    try:
        _do(lambda session: reopen_case(session, case_id, form.note.data or ""))
    except CaseIsNotClosed:
        flash(gettext("It is open already."), "info")
        return _back(case_id)
    flash(gettext("The request is open again."), "success")
    return _back(case_id)


def _found(case_id: uuid.UUID) -> Case:
    with current().db.read() as session:
        return find_case(session, case_id) or abort(404)


def _do(act: Callable[[Session], object]) -> None:
    try:
        with current().db.write() as session:
            act(session)
    except CaseUnknown:
        abort(404)


def _back(case_id: uuid.UUID) -> Any:
    return redirect(url_for("case_desk.show", case_id=case_id), 303)
