"""A client's receipts (*recibos de caja*): the list, one of them, and its paper."""

import uuid
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, render_template, request

from services.portal.clients.papers import receipt_pdf
from services.portal.pages.area import payment_state, send_pdf
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.agency import agency_of
from services.portal.queries.payments import (
    PaymentFilter,
    find_own_payment,
    list_allocations_of_payment,
    list_payments,
)
from services.portal.rules.words import amount_in_words
from services.portal.schemas.papers import paper_of_receipt
from shared.i18n import language
from shared.web import current

receipts = Blueprint("receipts", __name__, url_prefix=f"{AREA}/receipts")


@receipts.get("")
@client_required
def index(visitor: Visitor) -> str:
    """What was paid, the newest first."""
    wanted = PaymentFilter(party_id=visitor.party.id)
    with current().db.read() as session:
        page = list_payments(session, wanted, cursor=request.args.get("cursor"), limit=20)
    return render_template("portal/area/receipts.html", page=page, payment_state=payment_state)


@receipts.get("/<uuid:payment_id>")
@client_required
def show(visitor: Visitor, payment_id: uuid.UUID) -> str:
    """One receipt, and for which invoices the money was used."""
    with current().db.read() as session:
        payment = find_own_payment(session, visitor.party.id, payment_id) or abort(404)
        applied = list_allocations_of_payment(session, payment_id)
    return render_template(
        "portal/area/receipt.html",
        payment=payment,
        applied=applied,
        words=amount_in_words(payment.amount, payment.currency, language()),
        payment_state=payment_state,
    )


@receipts.get("/<uuid:payment_id>/pdf")
@client_required
def pdf(visitor: Visitor, payment_id: uuid.UUID) -> Response:
    """The receipt on paper."""
    zone = ZoneInfo(current().settings.timezone)
    with current().db.read() as session:
        payment = find_own_payment(session, visitor.party.id, payment_id) or abort(404)
        applied = list_allocations_of_payment(session, payment_id)
        reversed_on = payment.reversed_at.astimezone(zone).date() if payment.reversed_at else None
        paper = paper_of_receipt(agency_of(session), payment, applied, language(), reversed_on)
    return send_pdf(payment.receipt_number, receipt_pdf(paper))
