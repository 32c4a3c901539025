"""Requests (PQRS) of a client: what was asked, what was answered, and asking something new."""

import uuid
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from services.portal.actions.cases import CaseIsClosed, CaseUnknown, NewCase, Written, open_case, write_message
from services.portal.models import Case
from services.portal.pages.area import today_here
from services.portal.pages.case_forms import ACCEPT, MessageForm, NewCaseForm, save_with_files
from services.portal.pages.files import send_file_safely
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.agency import agency_of
from services.portal.queries.cases import (
    files_of_messages,
    find_case_file,
    find_own_case,
    list_messages,
    list_own_cases,
)
from services.portal.rules.cases import CLOSED, MOST_FILES
from services.portal.schemas.cases import closing_name, kind_choices, kind_name, promise, state_for_client
from shared.web import current

cases = Blueprint("cases", __name__, url_prefix=f"{AREA}/cases")


@cases.get("", strict_slashes=False)
@client_required
def index(visitor: Visitor) -> str:
    """What the client asked for, the newest first."""
    with current().db.read() as session:
        page = list_own_cases(session, visitor.party.id, cursor=request.args.get("cursor"))
    return render_template(
        "portal/cases/index.html", page=page, state_of_case=state_for_client, kind_name=kind_name, today=today_here()
    )


@cases.route("/new", methods=["GET", "POST"])
@client_required
def new(visitor: Visitor) -> Any:
    """Ask something new."""
    form = NewCaseForm()
    if request.method == "GET":
        form.begin()
        return _new_page(form)
    if not form.validate():
        return _new_page(form), 422

    def save(session: Session) -> Written:
        asked = NewCase(
            case_id=form.made_id,
            party_id=visitor.party.id,
            kind=form.kind.data,
            subject=form.subject.data or "",
            text=form.text.data or "",
        )
        return open_case(session, asked, today_here())

    try:
        written = save_with_files(form, save)
    except CaseUnknown:
        abort(404)
    if written is None:
        return _new_page(form), 422
    if written.message:
        text = gettext("We have received your request. Its number is %(number)s.", number=written.case.number)
        flash(text, "success")
    # Who opens requests and sees none has the number by the message, and nothing more to do here.
    seen = url_for("cases.show", case_id=written.case.id) if visitor.may("cases.show") else url_for("home.show")
    return redirect(seen, 303)


def _new_page(form: NewCaseForm) -> str:
    with current().db.read() as session:
        choices = kind_choices(today_here(), agency_of(session).saturday_counts)
    return render_template("portal/cases/new.html", form=form, choices=choices, accept=ACCEPT, most=MOST_FILES)


@cases.get("/<uuid:case_id>")
@client_required
def show(visitor: Visitor, case_id: uuid.UUID) -> str:
    """One request with its conversation."""
    with current().db.read() as session:
        case = find_own_case(session, visitor.party.id, case_id) or abort(404)
    form = MessageForm()
    form.begin()
    return _case_page(visitor, case, form)


@cases.post("/<uuid:case_id>")
@client_required
def write(visitor: Visitor, case_id: uuid.UUID) -> Any:
    """Add a message."""
    with current().db.read() as session:
        case = find_own_case(session, visitor.party.id, case_id) or abort(404)
    form = MessageForm()
    if not form.validate():
        return _case_page(visitor, case, form), 422
    try:
        written = save_with_files(
            form,
            lambda session: write_message(session, visitor.party.id, case_id, form.made_id, form.text.data or ""),
        )
    except CaseUnknown:
        abort(404)
    except CaseIsClosed:
        flash(gettext("This request was closed meanwhile, so your message was not sent. Open a new one."), "warning")
        return redirect(url_for("cases.show", case_id=case_id), 303)
    if written is None:
        return _case_page(visitor, case, form), 422
    flash(gettext("Your message was sent."), "success")
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _case_page(visitor: Visitor, case: Case, form: MessageForm) -> str:
    with current().db.read() as session:
        messages = list_messages(session, case.id, notes=False)
        files = files_of_messages(session, visitor.party.id, [one.id for one in messages])
        agency = agency_of(session)
    return render_template(
        "portal/cases/case.html",
        case=case,
        messages=messages,
        files=files,
        agency=agency,
        form=form,
        state=state_for_client(case),
        kind=kind_name(case.kind),
        promise=promise(case, today_here()),
        closing=closing_name(case.closing_reason) if case.closing_reason else "",
        may_write=case.state != CLOSED,
        accept=ACCEPT,
        most=MOST_FILES,
        party=visitor.party,
        visitor=visitor,
    )


@cases.get("/<uuid:case_id>/files/<uuid:file_id>")
@client_required
def file(visitor: Visitor, case_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """Something that is attached to a message."""
    with current().db.read() as session:
        stored = find_case_file(session, case_id, file_id, visitor.party.id) or abort(404)
    return send_file_safely(stored)
