"""Writing a statement of income: the owner is chosen, then the form is filled in and kept as a draft."""

import uuid
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from services.portal.actions.income import IncomeUnknown, WrongIncomeState, save_income
from services.portal.actions.refusals import PartyUnknown, TooMuch
from services.portal.models import IncomeStatement, Party
from services.portal.pages.area import today_here
from services.portal.pages.choosing import choose_party, chosen_party
from services.portal.pages.income_desk import address_of
from services.portal.pages.income_forms import (
    KINDS,
    LABELS,
    IncomeForm,
    IncomeRow,
    empty_form,
    form_of,
    read_form,
    read_period,
    sent_form,
)
from services.portal.queries.agency import agency_of
from services.portal.queries.income_desk import find_income, list_commissions
from services.portal.rules.income import DRAFT, MOST_LINES, IncomeTotals, income_totals
from services.portal.rules.money import CURRENCIES
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]

income_editing = Blueprint("income_editing", __name__, url_prefix="/backoffice/portal/income")


@income_editing.get("/new")
@staff_required("agent")
def new() -> Answer:
    """The form of a new statement, or first the question for whom it is. It is for last month, as a rule."""
    party = chosen_party()
    if party is None or "owner" not in party.classes:
        title, back = gettext("New statement of income"), gettext("Statements of income")
        return choose_party(title, url_for("income_desk.index"), back, party_class="owner")
    last = today_here().replace(day=1) - timedelta(days=1)
    with current().db.read() as session:
        currency = agency_of(session).currency
    return _page(empty_form(currency, last.replace(day=1), last), party)


@income_editing.post("/new")
@staff_required("agent")
def create() -> Answer:
    """Add a line, take the commissions over, show the totals, or keep a new draft."""
    party = chosen_party()
    if party is None or "owner" not in party.classes:
        abort(404)
    return _take(party, None)


@income_editing.get("/<uuid:statement_id>/edit")
@staff_required("agent")
def edit(statement_id: uuid.UUID) -> Answer:
    """The form of a draft."""
    statement = _draft(statement_id)
    return _page(form_of(statement, _country()), statement.party, statement)


@income_editing.post("/<uuid:statement_id>/edit")
@staff_required("agent")
def update(statement_id: uuid.UUID) -> Answer:
    """The same for a draft that is there already."""
    statement = _draft(statement_id)
    return _take(statement.party, statement)


def _draft(statement_id: uuid.UUID) -> IncomeStatement:
    with current().db.read() as session:
        statement = find_income(session, statement_id) or abort(404)
    if statement.state != DRAFT:
        abort(404)
    return statement


def _country() -> str:
    with current().db.read() as session:
        return agency_of(session).country


def _take(party: Party, statement: IncomeStatement | None) -> Answer:
    form, country = sent_form(request.form), _country()
    wish = request.form.get("do", "save")
    if wish == "add_line":
        form.rows += [IncomeRow()] if len(form.rows) < MOST_LINES else []
        return _page(form, party, statement)
    if wish == "commissions":
        return _take_commissions(form, party, statement, country)
    asked = read_form(form, party.id, country)
    if asked is None:
        return _page(form, party, statement)
    if wish == "preview":
        return _page(form, party, statement, income_totals(asked.lines))
    try:
        with current().db.write() as session:
            saved = save_income(session, asked, statement.id if statement else None)
    except TooMuch:
        form.errors["line-0-amount"] = gettext("This amount is too large.")
        return _page(form, party, statement)
    except (WrongIncomeState, IncomeUnknown, PartyUnknown):
        flash(gettext("Somebody else published or discarded this draft meanwhile. Nothing was saved."), "warning")
        return redirect(url_for("income_desk.index"), 303)
    flash(gettext("The draft was saved. The owner sees nothing before it is published."), "success")
    return redirect(address_of(saved), 303)


def _take_commissions(form: IncomeForm, party: Party, statement: IncomeStatement | None, country: str) -> Answer:
    period = read_period(form)
    if period is None:
        return _page(form, party, statement)
    room = MOST_LINES - len(form.rows)
    with current().db.read() as session:
        invoices = list_commissions(session, party, form.values["currency"], *period, limit=room)
    taken = form.take_commissions(invoices, country)
    said = ngettext("%(num)d commission invoice was added.", "%(num)d commission invoices were added.", taken)
    flash(said, "info")
    return _page(form, party, statement)


def _page(
    form: IncomeForm, party: Party, statement: IncomeStatement | None = None, totals: IncomeTotals | None = None
) -> Answer:
    form.rows = form.rows or [IncomeRow()]
    page = render_template(
        "portal/desk/income_form.html",
        form=form,
        party=party,
        income=statement,
        labels=LABELS,
        kinds=KINDS,
        currencies=[(name, name) for name in CURRENCIES],
        totals=totals,
    )
    return page, 422 if form.errors else 200
