"""The agent's pages about late fees: the rules with their history, the fees, a client's own rule, and waiving."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.fee_waiving import waive_fee
from services.portal.actions.refusals import FeeChanged, NotOpen, SeriesExhausted, TooMuch
from services.portal.models import FeeRule, Party
from services.portal.pages.area import today_here
from services.portal.pages.fee_words import FEE_STATES, ROLE_NAMES, fee_facts, rule_words
from services.portal.pages.invoice_deciding import LONGEST_REASON
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.fees import Fee, FeeFilter, find_fee, list_fees, list_own_rules, list_rules
from services.portal.rules.amounts import written_amount
from services.portal.rules.fees import CHARGED
from services.portal.rules.invoices import ROLES
from services.portal.rules.money import money_text
from services.portal.schemas.fields import amount_of, text_of
from shared.audit import record_act
from shared.db import Database
from shared.i18n import language
from shared.web import current, staff_required
from shared.web.exports import Row, stream_table
from shared.web.paging import BadCursor, Page

MOST_OWN, CHUNK = 50, 1000

fee_desk = Blueprint("fee_desk", __name__, url_prefix="/backoffice/portal")


@dataclass(frozen=True)
class Scope:
    """A rule of a class in a currency: the version that is in force, None where there is none, and those before."""

    name: str
    role: str | None
    currency: str
    in_force: FeeRule | None
    former: Sequence[FeeRule]


@fee_desk.get("/fees", strict_slashes=False)
@staff_required()
def index() -> str:
    """The rules in plain words, class by class, with their history."""
    with current().db.read() as session:
        agency = agency_of(session)
        scopes = _scopes(list_rules(session), agency.currency)
        own = list_own_rules(session, MOST_OWN)
    return render_template("portal/fees/index.html", scopes=scopes, own=own, agency=agency, rule_words=rule_words)


@fee_desk.get("/clients/<uuid:party_id>/fees")
@staff_required()
def client(party_id: uuid.UUID) -> str:
    """A client's own rule, and their fees."""
    with current().db.read() as session:
        party = session.get(Party, party_id) or abort(404)
        versions = list_rules(session, party_id)
        fees = list_fees(session, FeeFilter(party_id=party_id), limit=20)
        currency = agency_of(session).currency
    known = {one.currency for one in versions} | {currency}
    scopes = [_scope(party.name, None, one, versions) for one in sorted(known)]
    return render_template(
        "portal/fees/client.html", party=party, scopes=scopes, fees=fees, states=FEE_STATES, rule_words=rule_words
    )


@fee_desk.get("/fees/charged")
@staff_required()
def charged() -> str:
    """All fees, the newest first."""
    wanted = _asked()
    with current().db.read() as session:
        try:
            page = list_fees(session, wanted, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_fees(session, wanted)
    return render_template("portal/fees/charged.html", page=page, filtered=wanted != FeeFilter(), states=FEE_STATES)


@fee_desk.get("/fees/export.<any(csv, xlsx):kind>")
@staff_required()
def export(kind: str) -> Response:
    """Exactly the fees that the list with the same address shows."""
    wanted, db = _asked(), current().db
    picked = {name: str(value) for name, value in asdict(wanted).items() if value}
    with db.write() as session:
        record_act(session, "portal", "invoices.exported", subject="late_fees", details={"format": kind, **picked})
    return stream_table(kind, gettext("late fees"), _header(), _rows(db, wanted))


@fee_desk.route("/fees/<uuid:late_fee_id>/waive", methods=["GET", "POST"])
@staff_required("agent")
def waive(late_fee_id: uuid.UUID) -> Any:
    """Let a client off a fee, in whole or part, with a reason."""
    with current().db.read() as session:
        one = find_fee(session, late_fee_id) or abort(404)
        country = agency_of(session).country
    left = one.fee.amount - one.fee.waived
    form = Written(request.form.to_dict() or {"amount": written_amount(left, country), "before": str(one.fee.waived)})
    if request.method == "POST" and left:
        amount = form.read("amount", lambda text: amount_of(text, country))
        reason = form.read(
            "reason",
            lambda text: text_of(text, LONGEST_REASON, needed=gettext("Write the reason. The client reads it.")),
        )
        if amount is not None and not 0 < amount <= left:
            most = money_text(left, one.fee.currency, language())
            form.errors["amount"] = gettext("More than nothing, and at most %(amount)s.", amount=most)
        if form.value("before") != str(one.fee.waived):
            flash(gettext("Something of this fee was waived meanwhile. Look at it again."), "warning")
            return redirect(request.path, 303)
        if not form.errors:
            return _waive(one, amount, reason)
    page = render_template(
        "portal/fees/waive.html",
        one=one,
        left=left,
        form=form,
        facts=fee_facts(one),
        most=LONGEST_REASON,
        states=FEE_STATES,
    )
    return page, 422 if form.errors else 200


def _waive(one: Fee, amount: Any, reason: str) -> Any:
    try:
        with current().db.write() as session:
            waive_fee(session, one.fee.id, amount, reason, today_here(), waived_before=one.fee.waived)
    except FeeChanged:
        flash(gettext("Something of this fee was waived meanwhile. Look at it again."), "warning")
        return redirect(request.path, 303)
    except (NotOpen, TooMuch):
        flash(gettext("Its document was credited or voided in another way, so there is nothing to waive."), "warning")
        return redirect(request.path, 303)
    except SeriesExhausted:
        flash(gettext("No series has a number left for it. An administrator adds one under “Agency”."), "warning")
        return redirect(request.path, 303)
    if one.fee.state == CHARGED:
        flash(gettext("Waived, with a credit note."), "success")
    else:
        flash(gettext("Waived. It will not come on the next invoice."), "success")
    return redirect(url_for("fee_desk.charged"), 303)


def _scopes(versions: Sequence[FeeRule], currency: str) -> list[Scope]:
    """Each class in the agency's currency, and in the others in which it has had a rule."""
    known = [(role, currency) for role in ROLES]
    known += sorted({(one.role or "", one.currency) for one in versions} - set(known))
    return [_scope(str(ROLE_NAMES[role]), role, money, versions) for role, money in known]


def _scope(name: str, role: str | None, currency: str, versions: Sequence[FeeRule]) -> Scope:
    mine = [one for one in versions if one.role == role and one.currency == currency]
    in_force = next((one for one in mine if not one.replaced_at and not one.switched_off_at), None)
    return Scope(name, role, currency, in_force, [one for one in mine if one is not in_force])


def _asked() -> FeeFilter:
    party_id = None
    with suppress(ValueError):
        party_id = uuid.UUID(request.args.get("party", ""))
    state = request.args.get("state", "")
    return FeeFilter(request.args.get("q", "").strip(), state if state in FEE_STATES else "", party_id)


def _header() -> list[str]:
    return [
        gettext("Client"),
        gettext("Document type"),
        gettext("Document number"),
        gettext("Late invoice"),
        gettext("Fee number"),
        gettext("Owed from"),
        gettext("Computed on"),
        gettext("Currency"),
        gettext("Owed of the invoice"),
        gettext("Late fee"),
        gettext("Waived"),
        gettext("Reason"),
        gettext("State"),
        gettext("Charged on"),
    ]


def _rows(db: Database, wanted: FeeFilter) -> Iterator[Row]:
    """Each chunk is a short transaction of its own, so that a slow reader holds nothing back."""
    cursor = None
    while True:
        with db.read() as session:
            page: Page[Fee] = list_fees(session, wanted, cursor=cursor, limit=CHUNK)
            rows = [_row(one) for one in page.items]
        yield from rows
        if page.next is None:
            return
        cursor = page.next


def _row(one: Fee) -> Row:
    fee = one.fee
    return [
        one.party.name,
        one.party.document_type,
        one.party.document_number,
        one.number,
        fee.period + 1,
        fee.fee_day.isoformat(),
        fee.assessed_on.isoformat(),
        fee.currency,
        str(fee.base),
        str(fee.amount),
        str(fee.waived),
        fee.waiver_reason,
        str(FEE_STATES[fee.state][0]),
        one.charged_number or "",
    ]
