"""Owners' statements of income at the agency: list, one of them, and what is decided about it."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.portal.actions.income import (
    IncomeUnknown,
    WrongIncomeState,
    discard_income,
    pay_out_income,
    publish_income,
    void_income,
)
from services.portal.actions.refusals import SeriesExhausted
from services.portal.clients.papers import income_pdf
from services.portal.models import IncomeStatement
from services.portal.pages.area import send_pdf, today_here
from services.portal.pages.invoice_deciding import LONGEST_REASON
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.income_desk import IncomeFilter, find_income, list_income
from services.portal.rules.income import DRAFT, PUBLISHED, load_income
from services.portal.rules.money import money_text
from services.portal.schemas.fields import day_of, text_of
from services.portal.schemas.papers import paper_of_income
from shared.i18n import language
from shared.web import BadCursor, current, staff_required
from shared.web.look import State

Answer = str | Response | tuple[str, int]
INCOME_STATES: dict[str, State] = {
    "draft": (_l("Draft"), "off", "pencil"),
    "waiting": (_l("To be paid out"), "waiting", "hourglass-split"),
    "paid": (_l("Paid out"), "good", "check-circle"),
    "void": (_l("Void"), "off", "x-circle"),
}
REFUSALS = {
    IncomeUnknown: _l("There is no such statement any more."),
    WrongIncomeState: _l("This cannot be done with a statement in this state: somebody else was quicker."),
    SeriesExhausted: _l("No series has a number left for it. An administrator adds one under “Agency”."),
}

income_desk = Blueprint("income_desk", __name__, url_prefix="/backoffice/portal/income")


@income_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The list with its filters."""
    party_id = None
    with suppress(ValueError):
        party_id = uuid.UUID(request.args["party"]) if request.args.get("party") else None
    state = request.args.get("state", "")
    wanted = IncomeFilter(
        text=request.args.get("q", "").strip(), state=state if state in INCOME_STATES else "", party_id=party_id
    )
    with current().db.read() as session:
        try:
            page = list_income(session, wanted, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_income(session, wanted)
    return render_template(
        "portal/desk/incomes.html",
        page=page,
        filtered=wanted != IncomeFilter(),
        states=[(name, shown[0]) for name, shown in INCOME_STATES.items()],
        state_of_income=state_of_income,
    )


def state_of_income(statement: IncomeStatement) -> State:
    """The state of a statement as the agency sees it."""
    if statement.state != PUBLISHED:
        return INCOME_STATES[statement.state]
    return INCOME_STATES["paid" if statement.paid_on else "waiting"]


@income_desk.get("/<uuid:statement_id>")
@staff_required()
def show(statement_id: uuid.UUID) -> str:
    """One statement."""
    statement = _existing(statement_id)
    return render_template(
        "portal/desk/income.html",
        income=statement,
        lines=load_income(statement.lines),
        state=state_of_income(statement),
    )


@income_desk.get("/<uuid:statement_id>/pdf")
@staff_required()
def pdf(statement_id: uuid.UUID) -> Response:
    """The statement on paper, in the owner's language."""
    with current().db.read() as session:
        statement = find_income(session, statement_id)
        if statement is None or statement.state == DRAFT:
            abort(404)
        paper = paper_of_income(agency_of(session), statement, statement.party, statement.party.language)
    return send_pdf(statement.number or "", income_pdf(paper))


@income_desk.route("/<uuid:statement_id>/publish", methods=["GET", "POST"])
@staff_required("agent")
def publish(statement_id: uuid.UUID) -> Answer:
    """Let the owner see a draft."""
    statement = _existing(statement_id)
    if request.method == "POST":
        said = gettext("The statement was published.")
        return _do(statement, lambda session: publish_income(session, statement_id), said)
    return _confirm(
        statement,
        title=gettext("Publish the statement"),
        number=money_text(statement.net, statement.currency, language()),
        message=gettext("%(name)s will see the statement with this net amount.", name=statement.party.name),
        details=[gettext("It gets the next number of its series and does not change any more.")],
        accept=gettext("Publish the statement"),
    )


@income_desk.route("/<uuid:statement_id>/discard", methods=["GET", "POST"])
@staff_required("agent")
def discard(statement_id: uuid.UUID) -> Answer:
    """Delete a draft."""
    statement = _existing(statement_id)
    if request.method == "POST":
        said, back = gettext("The draft was discarded."), url_for("income_desk.index")
        return _do(statement, lambda session: discard_income(session, statement_id), said, back)
    return _confirm(
        statement,
        title=gettext("Discard the draft"),
        message=gettext("The draft for %(name)s is deleted. It never had a number.", name=statement.party.name),
        accept=gettext("Discard the draft"),
        kind="danger",
    )


@income_desk.route("/<uuid:statement_id>/void", methods=["GET", "POST"])
@staff_required("agent")
def void(statement_id: uuid.UUID) -> Answer:
    """Take a published statement back, with a reason."""
    statement, decision = _existing(statement_id), Written(request.form.to_dict())
    if request.method == "POST":
        needed = gettext("Write the reason. It stays in the audit trail.")
        reason = decision.read("reason", lambda text: text_of(text, LONGEST_REASON, needed=needed))
        if reason is not None:
            said = gettext("The statement was voided.")
            return _do(statement, lambda session: void_income(session, statement_id, reason), said)
    return _decide(
        statement,
        decision,
        title=gettext("Void %(number)s", number=statement.number),
        message=gettext("The owner does not see it any more. This cannot be undone."),
        details=[gettext("It keeps its number.")],
        accept=gettext("Void the statement"),
        kind="danger",
    )


@income_desk.route("/<uuid:statement_id>/paid", methods=["GET", "POST"])
@staff_required("agent")
def paid(statement_id: uuid.UUID) -> Answer:
    """Note that the net was paid out to the owner."""
    statement = _existing(statement_id)
    decision = Written(request.form.to_dict() or {"paid_on": str(today_here())})
    if request.method == "POST":
        day = decision.read("paid_on", day_of)
        reference = decision.read("reference", lambda text: text_of(text, 200))
        if day is not None and day > today_here():
            decision.errors["paid_on"] = gettext("This day is still to come.")
        if not decision.errors:
            said = gettext("It is noted that this was paid out.")
            return _do(statement, lambda session: pay_out_income(session, statement_id, day, reference), said)
    return _decide(
        statement,
        decision,
        title=gettext("Paid out"),
        number=money_text(statement.net, statement.currency, language()),
        message=gettext("Note that %(name)s was paid this. No money is moved by it.", name=statement.party.name),
        accept=gettext("Note it as paid out"),
        paying=True,
        kind="primary",
    )


def address_of(statement: IncomeStatement) -> str:
    """Where a statement is shown."""
    return url_for("income_desk.show", statement_id=statement.id)


def _existing(statement_id: uuid.UUID) -> IncomeStatement:
    with current().db.read() as session:
        return find_income(session, statement_id) or abort(404)


def _do(statement: IncomeStatement, deciding: Callable[[Session], Any], said: str, following: str = "") -> Response:
    """Do it, or say why not."""
    try:
        with current().db.write() as session:
            deciding(session)
    except tuple(REFUSALS) as error:
        flash(str(REFUSALS[type(error)]), "warning")
        gone = isinstance(error, IncomeUnknown)
        return redirect(url_for("income_desk.index") if gone else address_of(statement), 303)
    flash(said, "success")
    return redirect(following or address_of(statement), 303)


def _confirm(statement: IncomeStatement, **shown: Any) -> str:
    return render_template("confirm.html", action=request.path, cancel=address_of(statement), **shown)


def _decide(statement: IncomeStatement, decision: Written, **shown: Any) -> Answer:
    page = render_template(
        "portal/desk/income_decide.html",
        action=request.path,
        cancel=address_of(statement),
        form=decision,
        most=LONGEST_REASON,
        **shown,
    )
    return page, 422 if decision.errors else 200
