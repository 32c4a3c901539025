"""The agent's payments: the list, one of them with its receipt, recording one by hand, reversing, using credit."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.money import apply_credit, receive_payment, reverse_payment
from services.portal.actions.refusals import AlreadyReversed, InvoiceUnknown, NotOpen, SeriesExhausted
from services.portal.clients.papers import receipt_pdf
from services.portal.models import Party, Payment
from services.portal.pages.area import payment_state, send_pdf
from services.portal.pages.choosing import choose_party, chosen_party
from services.portal.pages.invoice_deciding import LONGEST_REASON
from services.portal.pages.payment_form import LABELS, PaymentForm
from services.portal.pages.written import Written
from services.portal.queries.agency import agency_of
from services.portal.queries.invoices import list_open_invoices
from services.portal.queries.payments import (
    PaymentFilter,
    find_payment,
    list_allocations_of_payment,
    list_payments,
)
from services.portal.rules.money import CURRENCIES, METHODS, method_text, money_text
from services.portal.rules.words import amount_in_words
from services.portal.schemas.fields import Wrong, day_of, text_of
from services.portal.schemas.papers import paper_of_receipt
from shared import clock
from shared.audit import record_act
from shared.db import Database
from shared.i18n import language
from shared.web import current, staff_required
from shared.web.exports import Row, stream_table

payment_desk = Blueprint("payment_desk", __name__, url_prefix="/backoffice/portal/payments")
CHUNK = 1000


@payment_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """Payments, the newest first."""
    wanted = _asked()
    with current().db.read() as session:
        page = list_payments(session, wanted, cursor=request.args.get("cursor"))
    return render_template(
        "portal/payments/desk.html",
        page=page,
        filtered=wanted != PaymentFilter(),
        methods=[(one, method_text(one, language())) for one in METHODS],
        currencies=[(one, one) for one in CURRENCIES],
        payment_state=payment_state,
    )


@payment_desk.get("/<uuid:payment_id>")
@staff_required()
def show(payment_id: uuid.UUID) -> str:
    """One payment: what it paid, and its receipt."""
    with current().db.read() as session:
        payment = find_payment(session, payment_id) or abort(404)
        applied = list_allocations_of_payment(session, payment_id)
    return render_template(
        "portal/payments/payment.html",
        payment=payment,
        applied=applied,
        words=amount_in_words(payment.amount, payment.currency, language()),
        state=payment_state(payment),
    )


@payment_desk.get("/<uuid:payment_id>/pdf")
@staff_required()
def pdf(payment_id: uuid.UUID) -> Response:
    """The receipt on paper, in the client's language."""
    zone = ZoneInfo(current().settings.timezone)
    with current().db.read() as session:
        payment = find_payment(session, payment_id) or abort(404)
        applied = list_allocations_of_payment(session, payment_id)
        reversed_on = payment.reversed_at.astimezone(zone).date() if payment.reversed_at else None
        paper = paper_of_receipt(agency_of(session), payment, applied, payment.party.language, reversed_on)
    return send_pdf(payment.receipt_number, receipt_pdf(paper))


@payment_desk.route("/new", methods=["GET", "POST"])
@staff_required("agent")
def new() -> Any:
    """Record money that came in some other way than through a gateway."""
    party = chosen_party()
    if party is None:
        return choose_party(gettext("Record a payment"), url_for("payment_desk.index"), gettext("Payments"))
    form = _form(party)
    if request.method == "POST" and (wanted := form.payment()):
        try:
            with current().db.write() as session:
                payment = receive_payment(session, wanted)
        except SeriesExhausted:
            form.errors[""] = gettext("No series has a number left for receipts. An administrator adds one.")
        else:
            flash(gettext("Recorded, with the receipt %(number)s.", number=payment.receipt_number), "success")
            return redirect(url_for("payment_desk.show", payment_id=payment.id), 303)
    page = render_template("portal/payments/new.html", form=form, labels=LABELS, party=party)
    return page, 422 if form.errors else 200


@payment_desk.route("/<uuid:payment_id>/reverse", methods=["GET", "POST"])
@staff_required("agent")
def reverse(payment_id: uuid.UUID) -> Any:
    """A payment proved to be none: after a reason, what it had paid is owed again."""
    payment = _existing(payment_id)
    decision = Written(request.form.to_dict())
    if request.method == "POST":
        reason = decision.read("reason", _reason)
        if reason is not None:
            return _reverse(payment, reason)
    page = render_template(
        "portal/desk/decide.html",
        title=gettext("Reverse the payment %(number)s", number=payment.receipt_number),
        message=gettext("What it had paid is owed again. This cannot be undone."),
        details=[gettext("The receipt keeps its number and says that it was reversed, with the reason.")],
        accept=gettext("Reverse the payment"),
        action=request.path,
        cancel=url_for("payment_desk.show", payment_id=payment_id),
        form=decision,
        kind="danger",
        most=LONGEST_REASON,
    )
    return page, 422 if decision.errors else 200


@payment_desk.route("/<uuid:payment_id>/use", methods=["GET", "POST"])
@staff_required("agent")
def use(payment_id: uuid.UUID) -> Any:
    """Use the client's credit for one of their open invoices."""
    payment = _existing(payment_id)
    if request.method == "POST":
        return _use(payment)
    with current().db.read() as session:
        invoices = list_open_invoices(session, payment.party_id, payment.currency)
    return render_template("portal/payments/use.html", payment=payment, invoices=invoices)


@payment_desk.get("/export.<any(csv, xlsx):kind>")
@staff_required()
def export(kind: str) -> Response:
    """Exactly the payments that the list with the same address shows."""
    wanted, db = _asked(), current().db
    picked = {name: value for name, value in asdict(wanted).items() if value not in ("", None)}
    with db.write() as session:
        record_act(session, "portal", "payments.exported", subject="payments", details={"format": kind, **picked})
    return stream_table(kind, gettext("payments"), _header(), _rows(db, wanted))


def _asked() -> PaymentFilter:
    party_id = None
    with suppress(ValueError):
        party_id = uuid.UUID(request.args.get("party", ""))
    reversed_ = {"yes": True, "no": False}.get(request.args.get("reversed", ""))
    method, currency = request.args.get("method", ""), request.args.get("currency", "")
    return PaymentFilter(
        text=request.args.get("q", "").strip(),
        method=method if method in METHODS else "",
        currency=currency if currency in CURRENCIES else "",
        received_from=_day("from"),
        received_until=_day("until"),
        reversed=reversed_,
        party_id=party_id,
    )


def _day(name: str) -> date | None:
    with suppress(Wrong):
        return day_of(request.args.get(name, ""))
    return None


def _existing(payment_id: uuid.UUID) -> Payment:
    with current().db.read() as session:
        return find_payment(session, payment_id) or abort(404)


def _form(party: Party) -> PaymentForm:
    today = clock.today(current().settings.timezone)
    with current().db.read() as session:
        agency, invoices = agency_of(session), list_open_invoices(session, party.id)
    if request.method == "POST":
        return PaymentForm.sent(agency, party, invoices, today, request.form)
    return PaymentForm.blank(agency, party, invoices, today, set(request.args.getlist("invoice")))


def _reason(text: str) -> str:
    return text_of(text, LONGEST_REASON, needed=gettext("Write the reason. The client reads it."))


def _reverse(payment: Payment, reason: str) -> Any:
    try:
        with current().db.write() as session:
            reverse_payment(session, payment.id, reason, clock.today(current().settings.timezone))
    except AlreadyReversed:
        flash(gettext("Somebody reversed it before."), "info")
    else:
        flash(gettext("The payment is reversed."), "success")
    return redirect(url_for("payment_desk.show", payment_id=payment.id), 303)


def _use(payment: Payment) -> Any:
    try:
        with current().db.write() as session:
            used = apply_credit(session, payment.party_id, uuid.UUID(request.form.get("invoice", "")))
    except (ValueError, InvoiceUnknown, NotOpen):
        flash(gettext("Choose an invoice that is still to be paid."), "warning")
        return redirect(url_for("payment_desk.use", payment_id=payment.id), 303)
    amount = money_text(used, payment.currency, language())
    flash(gettext("%(amount)s of the credit was used for the invoice.", amount=amount), "success")
    return redirect(url_for("payment_desk.show", payment_id=payment.id), 303)


def _header() -> list[str]:
    return [
        gettext("Receipt"),
        gettext("Client"),
        gettext("Document type"),
        gettext("Document number"),
        gettext("Received on"),
        gettext("Method"),
        gettext("Reference"),
        gettext("Concept"),
        gettext("Currency"),
        gettext("Amount"),
        gettext("Credit left"),
        gettext("Reversed"),
    ]


def _rows(db: Database, wanted: PaymentFilter) -> Iterator[Row]:
    """Each chunk is a short transaction of its own, so that a slow reader holds nothing back."""
    cursor = None
    while True:
        with db.read() as session:
            page = list_payments(session, wanted, cursor=cursor, limit=CHUNK)
            rows = [_row(payment) for payment in page.items]
        yield from rows
        if page.next is None:
            return
        cursor = page.next


def _row(payment: Payment) -> Row:
    # Amounts as text with a dot: exact, and the same in every spreadsheet's language.
    return [
        payment.receipt_number,
        payment.party.name,
        payment.party.document_type,
        payment.party.document_number,
        payment.received_on.isoformat(),
        method_text(payment.method, language()),
        payment.reference,
        payment.concept,
        payment.currency,
        str(payment.amount),
        str(payment.unapplied),
        payment.reversal_reason or "" if payment.reversed_at else "",
    ]
