"""Payments that a client made outside and reports here, with proof."""

import uuid
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.files import staged
from services.portal.actions.reports import TooManyWaiting, submit_report
from services.portal.clients.files import StorageFull
from services.portal.pages.files import send_file_safely
from services.portal.pages.report_form import LABELS, MOST_PROOFS, ReportForm
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.agency import agency_of
from services.portal.queries.invoices import list_open_invoices
from services.portal.queries.reports import (
    find_own_proof,
    find_own_report,
    find_payment_of_report,
    list_own_reports,
    list_proofs,
    list_wanted_invoices,
)
from services.portal.rules.files import PROOFS, FileTooLarge, UnusableFile
from services.portal.schemas.files import file_text, too_large_text
from services.portal.schemas.reports import report_state
from shared import clock
from shared.web import current

reports = Blueprint("reports", __name__, url_prefix=f"{AREA}/reports")


@reports.get("", strict_slashes=False)
@client_required
def index(visitor: Visitor) -> str:
    """What was reported, and what became of it."""
    with current().db.read() as session:
        page = list_own_reports(session, visitor.party.id, cursor=request.args.get("cursor"))
    return render_template("portal/payments/reports.html", page=page, state_of_report=report_state)


@reports.route("/new", methods=["GET", "POST"])
@client_required
def new(visitor: Visitor) -> Any:
    """Report one: for which invoices, how much, when, how, and the proof."""
    form = _form(visitor)
    if request.method == "GET":
        return _page(form)
    files = [file for file in request.files.getlist("proof") if file.filename]
    wanted = form.report(visitor.party.id, files)
    if wanted is None:
        return _page(form), 422
    try:
        with (
            staged(portal().files, [(file.stream, file.filename) for file in files], PROOFS) as proofs,
            current().db.write() as session,
        ):
            fresh = submit_report(session, wanted, proofs)
    except UnusableFile as error:
        form.errors["proof"] = file_text(error)
        return _page(form), 422
    except FileTooLarge as error:
        form.errors["proof"] = too_large_text(error)
        return _page(form), 413
    except StorageFull:
        form.errors["proof"] = gettext("There is no room for another file at the moment. Try again later.")
        return _page(form), 503
    except TooManyWaiting:
        form.errors[""] = gettext("Many of your payments wait for us to look at them. Please wait until we have.")
        return _page(form), 422
    if fresh:
        flash(gettext("Thank you. We will look at your payment and write to you."), "success")
    return redirect(url_for("reports.show", report_id=wanted.report_id), 303)


@reports.get("/<uuid:report_id>")
@client_required
def show(visitor: Visitor, report_id: uuid.UUID) -> str:
    """One of them, with its proof."""
    with current().db.read() as session:
        report = find_own_report(session, visitor.party.id, report_id) or abort(404)
        proofs, invoices = list_proofs(session, report_id), list_wanted_invoices(session, report)
        payment = find_payment_of_report(session, report_id)
    return render_template(
        "portal/payments/report.html",
        report=report,
        proofs=proofs,
        invoices=invoices,
        payment=payment,
        state=report_state(report),
    )


@reports.get("/<uuid:report_id>/files/<uuid:file_id>")
@client_required
def file(visitor: Visitor, report_id: uuid.UUID, file_id: uuid.UUID) -> Response:
    """The proof as it was sent."""
    with current().db.read() as session:
        stored = find_own_proof(session, visitor.party.id, report_id, file_id) or abort(404)
    return send_file_safely(stored)


def _form(visitor: Visitor) -> ReportForm:
    today = clock.today(current().settings.timezone)
    with current().db.read() as session:
        agency, invoices = agency_of(session), list_open_invoices(session, visitor.party.id)
    if request.method == "POST":
        return ReportForm.sent(agency, invoices, today, request.form)
    return ReportForm.blank(agency, invoices, today, set(request.args.getlist("invoice")))


def _page(form: ReportForm) -> str:
    return render_template("portal/payments/new_report.html", form=form, labels=LABELS, most=MOST_PROOFS)
