"""What an agent decides about an invoice, each asked first: issuing or discarding a draft, voiding, a credit note."""

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.portal.actions.invoicing import discard_draft, issue_credit_note, issue_draft, void_invoice
from services.portal.actions.refusals import (
    HasCreditNote,
    InvoiceUnknown,
    NotADraft,
    NothingToPay,
    NotOpen,
    NumberTaken,
    SeriesExhausted,
    TooMuch,
)
from services.portal.models import Invoice
from services.portal.pages.area import today_here
from services.portal.pages.invoice_desk import address_of
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.fees import list_fees_of, pending_total
from services.portal.queries.invoices import find_invoice, list_credit_notes
from services.portal.rules.amounts import written_amount
from services.portal.rules.fees import CHARGED, PENDING
from services.portal.rules.money import money_text
from services.portal.schemas.fields import amount_of, text_of
from shared.i18n import language
from shared.web import current, staff_required

Answer = str | Response | tuple[str, int]
LONGEST_REASON = 300
REFUSALS = {
    InvoiceUnknown: _l("There is no such invoice any more."),
    NotADraft: _l("It is no draft any more: somebody else issued it meanwhile."),
    NotOpen: _l("This cannot be done with an invoice in this state."),
    NothingToPay: _l("Its lines add up to nothing that could be paid."),
    NumberTaken: _l("The next number of the series is taken by another invoice. An administrator has to look at it."),
    SeriesExhausted: _l("No series has a number left for it. An administrator adds one under “Agency”."),
    HasCreditNote: _l("It has a credit note, so it cannot be voided."),
    TooMuch: _l("That is more than the invoice less its other credit notes."),
}

invoice_deciding = Blueprint("invoice_deciding", __name__, url_prefix="/backoffice/portal/invoices")


@invoice_deciding.route("/<uuid:invoice_id>/issue", methods=["GET", "POST"])
@staff_required("agent")
def issue(invoice_id: uuid.UUID) -> Answer:
    """Give a draft its number."""
    invoice = _existing(invoice_id)
    if request.method == "POST":
        return _do(invoice, lambda session: issue_draft(session, invoice_id), gettext("The invoice was issued."))
    with current().db.read() as session:
        fees = pending_total(session, invoice.party_id, invoice.role, invoice.currency)
    takes_fees = bool(fees) and invoice.external_id is None
    total = money_text(invoice.total + (fees if takes_fees else 0), invoice.currency, language())
    late = money_text(fees, invoice.currency, language())
    days = {
        "issued": format_date(invoice.issued_on, "long") if invoice.issued_on else "—",
        "due": format_date(invoice.due_on, "long") if invoice.due_on else "—",
    }
    return _confirm(
        invoice,
        title=gettext("Issue the invoice"),
        number=total,
        message=gettext("%(name)s will owe this and see the invoice.", name=invoice.party.name),
        details=[
            gettext("Issued on %(issued)s, due on %(due)s.", **days),
            *([gettext("Late fees that wait for it come along: %(amount)s.", amount=late)] if takes_fees else []),
            gettext("It gets the next number of its series and does not change any more."),
        ],
        accept=gettext("Issue the invoice"),
    )


@invoice_deciding.route("/<uuid:invoice_id>/discard", methods=["GET", "POST"])
@staff_required("agent")
def discard(invoice_id: uuid.UUID) -> Answer:
    """Delete a draft."""
    invoice = _existing(invoice_id)
    if request.method == "POST":
        said, back = gettext("The draft was discarded."), url_for("invoice_desk.index")
        return _do(invoice, lambda session: discard_draft(session, invoice_id), said, back)
    return _confirm(
        invoice,
        title=gettext("Discard the draft"),
        message=gettext("The draft for %(name)s is deleted. It never had a number.", name=invoice.party.name),
        accept=gettext("Discard the draft"),
        kind="danger",
    )


@invoice_deciding.route("/<uuid:invoice_id>/void", methods=["GET", "POST"])
@staff_required("agent")
def void(invoice_id: uuid.UUID) -> Answer:
    """Let an invoice count no longer, with a reason."""
    invoice = _existing(invoice_id)
    decision = Written(request.form.to_dict())
    if request.method == "POST":
        reason = decision.read("reason", _reason)
        if reason is not None:
            said = gettext("The invoice was voided.")
            return _do(invoice, lambda session: void_invoice(session, invoice_id, reason, today_here()), said)
    paid = invoice.total - invoice.balance
    details = [gettext("It keeps its number, and the client sees it as void with the reason.")]
    if paid > 0:
        amount = money_text(paid, invoice.currency, language())
        details.append(gettext("What was paid for it, %(amount)s, becomes the client's credit.", amount=amount))
    with current().db.read() as session:
        states = {one.fee.state for one in list_fees_of(session, invoice_id)}
    if CHARGED in states:
        details.append(
            gettext("Late fees that were charged for it stay: the client may have paid them. You can waive them.")
        )
    if PENDING in states:
        details.append(gettext("Late fees for it that wait for the next invoice go with it."))
    return _decide(
        invoice,
        decision,
        title=gettext("Void %(number)s", number=invoice.number),
        message=gettext("The invoice counts no longer. This cannot be undone."),
        details=details,
        accept=gettext("Void the invoice"),
    )


@invoice_deciding.route("/<uuid:invoice_id>/credit", methods=["GET", "POST"])
@staff_required("agent")
def credit(invoice_id: uuid.UUID) -> Answer:
    """Take something away from an invoice with a credit note."""
    with current().db.read() as session:
        invoice = find_invoice(session, invoice_id) or abort(404)
        left = invoice.total - sum(note.total for note in list_credit_notes(session, invoice_id))
        country = agency_of(session).country
    decision = Written(request.form.to_dict() or {"amount": written_amount(left, country)})
    if request.method == "POST":
        amount = decision.read("amount", lambda text: amount_of(text, country))
        reason = decision.read("reason", _reason)
        if amount is not None and amount <= 0:
            decision.errors["amount"] = gettext("More than nothing, please.")
        elif amount is not None and amount > left:
            decision.errors["amount"] = gettext(
                "At most %(amount)s.", amount=money_text(left, invoice.currency, language())
            )
        if not decision.errors:
            said = gettext("The credit note was issued.")
            return _do(
                invoice, lambda session: issue_credit_note(session, invoice_id, amount, reason, today_here()), said
            )
    return _decide(
        invoice,
        decision,
        title=gettext("Credit note for %(number)s", number=invoice.number),
        message=gettext("It takes away from what the client owes. What is already paid becomes their credit."),
        details=[
            gettext("At most %(amount)s.", amount=money_text(left, invoice.currency, language())),
            gettext("A credit note cannot be taken back."),
        ],
        accept=gettext("Issue the credit note"),
        with_amount=True,
    )


def _existing(invoice_id: uuid.UUID) -> Invoice:
    with current().db.read() as session:
        return find_invoice(session, invoice_id) or abort(404)


def _reason(text: str) -> str:
    return text_of(text, LONGEST_REASON, needed=gettext("Write the reason. The client reads it."))


def _do(invoice: Invoice, deciding: Callable[[Session], Any], said: str, following: str = "") -> Response:
    """Do it, or say why not."""
    try:
        with current().db.write() as session:
            done = deciding(session)
    except tuple(REFUSALS) as error:
        flash(str(REFUSALS[type(error)]), "warning")
        gone = isinstance(error, InvoiceUnknown)
        return redirect(url_for("invoice_desk.index") if gone else address_of(invoice), 303)
    flash(said, "success")
    return redirect(following or address_of(done if isinstance(done, Invoice) else invoice), 303)


def _confirm(invoice: Invoice, **shown: Any) -> str:
    return render_template("confirm.html", action=request.path, cancel=address_of(invoice), **shown)


def _decide(invoice: Invoice, decision: Written, **shown: Any) -> Answer:
    page = render_template(
        "portal/desk/decide.html",
        action=request.path,
        cancel=address_of(invoice),
        form=decision,
        kind="danger",
        most=LONGEST_REASON,
        **shown,
    )
    return page, 422 if decision.errors else 200
