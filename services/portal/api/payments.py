"""`/api/portal/v1/payments`: money that another system received comes in, and all receipts can be read."""

import uuid
from typing import Any

from flask import url_for
from flask_babel import gettext
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.portal.actions.money import NewPayment, receive_payment
from services.portal.actions.refusals import PaymentUnknown
from services.portal.queries.invoices import list_foreign
from services.portal.queries.payments import (
    PaymentFilter,
    find_payment,
    list_allocations_of_payment,
    list_allocations_of_payments,
    list_payments,
)
from services.portal.rules.money import LARGEST
from services.portal.schemas.parties import party_for_rest
from services.portal.schemas.payments import PaymentIn, PaymentOut, PaymentQuery, payment_view
from shared import clock
from shared.web import Problem, answer_page, current, idempotent, page_schema, require_scope
from shared.web.paging import Page

payments = Blueprint("payments_api", __name__, url_prefix="/payments", description="Payments, which are receipts")


@payments.post("")
@require_scope("payments:write")
@idempotent
@payments.arguments(PaymentIn)
@payments.response(201, PaymentOut)
def record(session: Session, body: dict[str, Any]) -> Any:
    """Record money that was received. Send an `Idempotency-Key`: two such requests are two payments."""
    today = clock.today(current().settings.timezone)
    received_on = body.get("received_on", today)
    if received_on > today:
        raise _wrong("received_on", gettext("Money that is to come was not received yet."))
    party = party_for_rest(session, body)
    wanted = [(one["invoice_id"], one.get("amount", LARGEST)) for one in body["invoices"]]
    foreign = list_foreign(session, party.id, body["currency"], [invoice_id for invoice_id, _ in wanted])
    for position, (invoice_id, _) in enumerate(wanted):
        if invoice_id in foreign:
            text = gettext("This party has no such invoice in this currency.")
            raise _wrong(f"invoices.{position}.invoice_id", text)
    new = NewPayment(
        party_id=party.id,
        currency=body["currency"],
        amount=body["amount"],
        method=body["method"],
        received_on=received_on,
        wanted=wanted,
        reference=body["reference"],
        concept=body["concept"],
    )
    payment = receive_payment(session, new)
    return _shown(session, payment.id), 201, {"Location": url_for("payments_api.show", payment_id=payment.id)}


@payments.get("")
@require_scope("payments:read")
@payments.arguments(PaymentQuery, location="query")
@payments.response(200, page_schema(PaymentOut))
def index(query: dict[str, Any]) -> Any:
    """List payments, the newest first."""
    cursor, limit, text = query.pop("cursor"), query.pop("limit"), query.pop("q", "")
    with current().db.read() as session:
        page = list_payments(session, PaymentFilter(text=text, **query), cursor=cursor, limit=limit)
        applied = list_allocations_of_payments(session, [payment.id for payment in page.items])
    return answer_page(Page([payment_view(payment, applied[payment.id]) for payment in page.items], page.next))


@payments.get("/<uuid:payment_id>")
@require_scope("payments:read")
@payments.response(200, PaymentOut)
def show(payment_id: uuid.UUID) -> Any:
    """One payment, with what it paid."""
    with current().db.read() as session:
        return _shown(session, payment_id)


def _shown(session: Session, payment_id: uuid.UUID) -> dict[str, Any]:
    payment = find_payment(session, payment_id)
    if payment is None:
        raise PaymentUnknown
    return payment_view(payment, list_allocations_of_payment(session, payment_id))


def _wrong(field: str, message: str) -> Problem:
    return Problem(422, errors=[{"field": field, "message": message}])
