"""The agent's side of reported payments: what waits, the proof, accepting and rejecting."""

import uuid
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.refusals import SeriesExhausted
from services.portal.actions.reports import (
    REPORT_STATES,
    WAITING,
    ReportDecided,
    ReportUnknown,
    accept_report,
    reject_report,
)
from services.portal.models import PaymentReport
from services.portal.pages.files import send_file_safely
from services.portal.pages.invoice_deciding import LONGEST_REASON
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.reports import (
    count_waiting_reports,
    find_payment_of_report,
    find_proof,
    find_report,
    list_proofs,
    list_reports,
    list_similar_payments,
    list_wanted_invoices,
)
from services.portal.rules.amounts import written_amount
from services.portal.schemas import reports as words
from services.portal.schemas.fields import Wrong, amount_of, day_of, text_of
from shared import clock
from shared.web import current, staff_required

report_desk = Blueprint("report_desk", __name__, url_prefix="/backoffice/portal/reports")


@report_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """What waits, the oldest first; or what was decided."""
    state, text = request.args.get("state", WAITING), request.args.get("q", "")
    state = state if state in REPORT_STATES else WAITING
    with current().db.read() as session:
        page = list_reports(session, state=state, text=text, cursor=request.args.get("cursor"))
        waiting = count_waiting_reports(session)
    states = [(name, shown[0]) for name, shown in words.REPORT_STATES.items()]
    return render_template(
        "portal/payments/report_desk.html",
        page=page,
        waiting=waiting,
        state=state,
        states=states,
        filtered=bool(text) or state != WAITING,
        state_of_report=words.report_state,
    )


@report_desk.get("/<uuid:report_id>")
@staff_required()
def show(report_id: uuid.UUID) -> str:
    """One of them beside its proof, and what may be the same money."""
    return _page(_existing(report_id), Written({}))


@report_desk.post("/<uuid:report_id>/accept")
@staff_required("agent")
def accept(report_id: uuid.UUID) -> Any:
    """The money is there."""
    report, decision = _existing(report_id), Written(request.form.to_dict())
    with current().db.read() as session:
        country = agency_of(session).country
    amount = decision.read("amount", lambda text: _positive(text, country))
    received_on = decision.read("received_on", _past)
    if decision.errors:
        return _page(report, decision), 422
    try:
        with current().db.write() as session:
            payment = accept_report(session, report_id, amount, received_on)
    except (ReportDecided, ReportUnknown):
        return _too_late(report_id)
    except SeriesExhausted:
        decision.errors["amount"] = gettext("No series has a number left for receipts. An administrator adds one.")
        return _page(report, decision), 422
    flash(gettext("Accepted, with the receipt %(number)s.", number=payment.receipt_number), "success")
    return redirect(url_for("report_desk.index"), 303)


@report_desk.post("/<uuid:report_id>/reject")
@staff_required("agent")
def reject(report_id: uuid.UUID) -> Any:
    """The money is not there, or the proof shows something else."""
    report, decision = _existing(report_id), Written(request.form.to_dict())
    reason = decision.read("reason", _reason)
    if reason is None:
        return _page(report, decision), 422
    try:
        with current().db.write() as session:
            reject_report(session, report_id, reason)
    except (ReportDecided, ReportUnknown):
        return _too_late(report_id)
    flash(gettext("Rejected. The client is told why."), "success")
    return redirect(url_for("report_desk.index"), 303)


@report_desk.get("/<uuid:report_id>/files/<uuid:file_id>")
@staff_required()
def file(report_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """The proof."""
    with current().db.read() as session:
        stored = find_proof(session, report_id, file_id) or abort(404)
    return send_file_safely(stored)


def _existing(report_id: uuid.UUID) -> PaymentReport:
    with current().db.read() as session:
        return find_report(session, report_id) or abort(404)


def _page(report: PaymentReport, decision: Written) -> str:
    with current().db.read() as session:
        country = agency_of(session).country
        proofs, invoices = list_proofs(session, report.id), list_wanted_invoices(session, report)
        similar, payment = list_similar_payments(session, report), find_payment_of_report(session, report.id)
    values = {"amount": written_amount(report.amount, country), "received_on": report.paid_on.isoformat()}
    decision.values = values | decision.values
    return render_template(
        "portal/payments/report_decision.html",
        report=report,
        form=decision,
        proofs=proofs,
        invoices=invoices,
        similar=similar,
        payment=payment,
        most=LONGEST_REASON,
        state=words.report_state(report),
    )


def _positive(text: str, country: str) -> Any:
    amount = amount_of(text, country)
    if amount <= 0:
        raise Wrong(gettext("Write an amount of more than zero."))
    return amount


def _past(text: str) -> Any:
    day = day_of(text)
    if day > clock.today(current().settings.timezone):
        raise Wrong(gettext("This day has not come yet."))
    return day


def _reason(text: str) -> str:
    return text_of(text, LONGEST_REASON, needed=gettext("Write the reason. The client reads it."))


def _too_late(report_id: uuid.UUID) -> Any:
    flash(gettext("Somebody decided about it before."), "info")
    return redirect(url_for("report_desk.show", report_id=report_id), 303)
