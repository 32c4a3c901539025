"""The account statement of a client: every movement of a period with the balance after it, as page, PDF and CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from services.portal.clients.papers import statement_pdf
from services.portal.pages.area import send_pdf, today_here
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.agency import agency_of
from services.portal.queries.invoices import owed
from services.portal.queries.payments import credit_of
from services.portal.queries.statements import Statement, balances_of, statement_of
from services.portal.rules.money import ZERO
from services.portal.rules.papers import MOST_MOVEMENTS
from services.portal.rules.periods import FIRST_DAY, MONTH, OWN, PERIODS, period_start
from services.portal.schemas.papers import paper_of_statement
from shared.i18n import language
from shared.web import Problem, current
from shared.web.exports import Row, stream_csv

MOVEMENTS = {
    "invoice": (_l("Invoice"), "receipt"),
    "credit_note": (_l("Credit note"), "arrow-counterclockwise"),
    "void": (_l("Invoice voided"), "x-circle"),
    "payment": (_l("Payment"), "check-circle"),
    "reversal": (_l("Payment reversed"), "exclamation-triangle"),
}

statement = Blueprint("statement", __name__, url_prefix=f"{AREA}/statement")


@dataclass(frozen=True)
class Asked:
    """The period and currency that the address asks for; `problem` is what is wrong with its own dates."""

    period: str
    start: date
    until: date
    currency: str
    currencies: list[str]
    problem: str = ""


@statement.get("")
@client_required
def show(visitor: Visitor) -> Any:
    """The statement on a page."""
    today = today_here()
    with current().db.read() as session:
        asked = _asked(session, visitor, today)
        found = _find(session, visitor, asked)
        owes = sum((one.open_total for one in owed(session, visitor.party.id, today)
                    if one.currency == asked.currency), ZERO)  # fmt: skip
        credit = credit_of(session, visitor.party.id).get(asked.currency, ZERO)
    page = render_template(
        "portal/area/statement.html",
        asked=asked,
        statement=found,
        movements=MOVEMENTS,
        today=today,
        owes=owes,
        credit=credit,
    )
    return page, 422 if asked.problem else 200


@statement.get("/pdf")
@client_required
def pdf(visitor: Visitor) -> Response:
    """The same on paper."""
    today = today_here()
    with current().db.read() as session:
        found = _find(session, visitor, _asked_well(session, visitor, today))
        if len(found.entries) > MOST_MOVEMENTS:
            text = gettext(
                "A PDF takes %(most)s movements at most. Choose a shorter period, or the CSV.", most=MOST_MOVEMENTS
            )
            raise Problem(422, text)
        paper = paper_of_statement(agency_of(session), visitor.party, found, language(), today)
    return send_pdf(_name(found), statement_pdf(paper))


@statement.get("/csv")
@client_required
def csv(visitor: Visitor) -> Response:
    """The same as a table."""
    with current().db.read() as session:
        found = _find(session, visitor, _asked_well(session, visitor, today_here()))
    header = [
        gettext("Date"),
        gettext("Movement"),
        gettext("Number"),
        gettext("Concept"),
        gettext("Charge"),
        gettext("Payment or credit"),
        gettext("Balance"),
        gettext("Currency"),
    ]
    return stream_csv(f"{_name(found)}.csv", header, _rows(found))


def _rows(found: Statement) -> Iterator[Row]:
    def end(day: date, text: str, balance: Decimal) -> Row:
        return day.isoformat(), text, "", "", None, None, balance, found.currency

    yield end(found.start, gettext("Opening balance"), found.opening)
    for entry, running in found.entries:
        charge, credit = (entry.amount, None) if entry.amount > 0 else (None, -entry.amount)
        kind = str(MOVEMENTS[entry.kind][0])
        yield (
            entry.booked_on.isoformat(), kind, entry.reference, entry.text, charge, credit, running, found.currency
        )  # fmt: skip
    yield end(found.until, gettext("Closing balance"), found.closing)


def _name(found: Statement) -> str:
    return f"{gettext('statement')}-{found.start.isoformat()}-{found.until.isoformat()}-{found.currency}"


def _find(session: Session, visitor: Visitor, asked: Asked) -> Statement:
    return statement_of(session, visitor.party.id, asked.currency, asked.start, asked.until)


def _asked_well(session: Session, visitor: Visitor, today: date) -> Asked:
    asked = _asked(session, visitor, today)
    if asked.problem:
        raise Problem(422, asked.problem)
    return asked


def _asked(session: Session, visitor: Visitor, today: date) -> Asked:
    args = request.args
    house = agency_of(session).currency
    currencies = sorted(balances_of(session, visitor.party.id), key=lambda one: (one != house, one)) or [house]
    currency = args.get("currency", "")
    currency = currency if currency in currencies else currencies[0]
    period = args.get("period", "")
    if period != OWN:
        period = period if period in PERIODS else MONTH
        return Asked(period, period_start(period, today), today, currency, currencies)
    try:
        start, until = date.fromisoformat(args.get("from", "")), date.fromisoformat(args.get("until", ""))
        problem = "" if FIRST_DAY <= start <= until else gettext("The first day comes before the last one.")
    except ValueError:
        problem = gettext("Write both days.")
    if problem:
        return Asked(OWN, period_start(MONTH, today), today, currency, currencies, problem)
    return Asked(OWN, start, until, currency, currencies)
