"""Marking an invoice as in dispute, and settling it; each asked first."""

import uuid
from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.portal.actions.disputes import dispute_invoice, settle_dispute
from services.portal.actions.refusals import InvoiceUnknown, NotInDispute, NotOpen
from services.portal.pages.area import today_here
from services.portal.pages.invoice_desk import address_of
from services.portal.pages.written import Written
from services.portal.queries.invoices import find_invoice
from services.portal.schemas.fields import text_of
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]
LONGEST_REASON = 300
REFUSALS = {
    NotOpen: _l("This cannot be done with an invoice in this state."),
    NotInDispute: _l("It was settled already."),
}

invoice_disputes = Blueprint("invoice_disputes", __name__, url_prefix="/backoffice/portal/invoices")


@invoice_disputes.route("/<uuid:invoice_id>/dispute", methods=["GET", "POST"])
@staff_required("agent")
def dispute(invoice_id: uuid.UUID) -> Answer:
    """Mark an invoice as in dispute, with a reason."""
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id) or abort(404)
    decision = Written(request.form.to_dict() or {"reason": invoice.dispute_reason})
    if request.method == "POST":
        reason = decision.read("reason", _reason)
        if reason is not None:
            said = gettext("The invoice is marked as in dispute.")
            return _do(invoice_id, lambda session: dispute_invoice(session, invoice_id, reason), said)
    page = render_template(
        "portal/desk/decide.html",
        action=request.path,
        cancel=address_of(invoice),
        form=decision,
        most=LONGEST_REASON,
        title=gettext("Mark %(number)s as in dispute", number=invoice.number),
        message=gettext("While you and the client do not agree about it, nobody is reminded of it."),
        details=[
            gettext("Reminders that were not sent yet are taken back, and no late fee is charged."),
            gettext("The client sees that it is in dispute, and can pay it all the same."),
        ],
        accept=gettext("Mark as in dispute"),
    )
    return page, 422 if decision.errors else 200


@invoice_disputes.route("/<uuid:invoice_id>/settle", methods=["GET", "POST"])
@staff_required("agent")
def settle(invoice_id: uuid.UUID) -> Answer:
    """The dispute is over."""
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id) or abort(404)
    if request.method == "POST":
        said = gettext("The dispute is settled.")
        return _do(invoice_id, lambda session: settle_dispute(session, invoice_id, today_here()), said)
    return render_template(
        "confirm.html",
        action=request.path,
        cancel=address_of(invoice),
        title=gettext("Settle the dispute about %(number)s", number=invoice.number),
        message=gettext("From now on the client is reminded of it again, and late fees are charged again."),
        details=[
            gettext("What went by meanwhile is not made up for: the next reminder goes out on its day."),
            gettext("If the client is right, void the invoice or issue a credit note instead."),
        ],
        accept=gettext("Settle the dispute"),
    )


def _reason(text: str) -> str:
    return text_of(text, LONGEST_REASON, needed=gettext("Write the reason. The client reads it."))


def _do(invoice_id: uuid.UUID, deciding: Callable[[Session], object], said: str) -> Response:
    try:
        with current().db.write() as session:
            deciding(session)
    except tuple(REFUSALS) as error:
        flash(str(REFUSALS[type(error)]), "warning")
    except InvoiceUnknown:
        abort(404)
    else:
        flash(said, "success")
    return redirect(address_of(invoice_id), 303)
