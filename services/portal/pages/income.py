"""An owner's statements of income: the list, one of them, and its paper."""

import uuid

from flask import Blueprint, Response, abort, render_template, request

from services.portal.clients.papers import income_pdf
from services.portal.pages.area import income_state, month_text, send_pdf, today_here
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.agency import agency_of
from services.portal.queries.income import find_own_income, income_of, list_own_income
from services.portal.schemas.papers import paper_of_income
from shared.i18n import language
from shared.web import current

income = Blueprint("income", __name__, url_prefix=f"{AREA}/income")


@income.get("")
@client_required
def index(visitor: Visitor) -> str:
    """What the properties brought, the newest statement first."""
    year = today_here().replace(month=1, day=1)
    with current().db.read() as session:
        page = list_own_income(session, visitor.party.id, cursor=request.args.get("cursor"))
        sums = income_of(session, visitor.party.id, year)
    return render_template(
        "portal/area/income_list.html",
        page=page,
        sums=sums,
        year=year.year,
        income_state=income_state,
        month_text=month_text,
    )


@income.get("/<uuid:income_id>")
@client_required
def show(visitor: Visitor, income_id: uuid.UUID) -> str:
    """One statement: what came in, what was taken off, and whether the rest was paid out."""
    with current().db.read() as session:
        statement = find_own_income(session, visitor.party.id, income_id) or abort(404)
        paper = paper_of_income(agency_of(session), statement, statement.party, language())
    return render_template(
        "portal/area/income.html",
        statement=statement,
        paper=paper,
        income_state=income_state,
        month_text=month_text,
    )


@income.get("/<uuid:income_id>/pdf")
@client_required
def pdf(visitor: Visitor, income_id: uuid.UUID) -> Response:
    """The statement on paper."""
    with current().db.read() as session:
        statement = find_own_income(session, visitor.party.id, income_id) or abort(404)
        paper = paper_of_income(agency_of(session), statement, statement.party, language())
    return send_pdf(paper.number, income_pdf(paper))
