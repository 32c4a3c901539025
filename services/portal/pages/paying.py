"""Paying online: choose, go to the gateway, and see what became of it."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext

from services.portal.actions.paying import AmountRefused, keep_gateway_id, start_payment
from services.portal.clients.gateways import Gateway, GatewayRefused, GatewayUnavailable
from services.portal.models import Agency, Invoice, Payment, PaymentIntent
from services.portal.pages.area import today_here
from services.portal.pages.paying_form import REFUSALS, PayForm, forms_of
from services.portal.pages.visitor import AREA, Visitor, client_required, portal
from services.portal.queries.agency import agency_of
from services.portal.queries.invoices import find_own_invoices, list_open_invoices
from services.portal.queries.paying import find_own_intent, find_payment_of, list_pending, order_of
from services.portal.rules.amounts import written_amount
from services.portal.rules.gateways import DECLINED, FAILED, PAID, PENDING
from shared import clock
from shared.web import current, set_policy

NEWS_WITHIN = timedelta(days=1)
"""For how long a payment without an answer is pointed out to whoever is about to pay again."""
LOOK_EVERY, LOOKS = 4, 45
"""The page of a pending payment renews itself so often (seconds), and so many times: for three minutes."""
LONGEST_DESCRIPTION = 200

log = structlog.get_logger(__name__)

paying = Blueprint("paying", __name__, url_prefix=f"{AREA}/pay")


@paying.get("/", strict_slashes=False)
@client_required
def choose(visitor: Visitor) -> str:
    """What can be paid. `?invoice=<id>`, repeated, chooses; without it everything is chosen."""
    agency, invoices = _open(visitor)
    forms = forms_of(invoices, agency, _gateways(), request.args)
    for form in forms:
        form.read(agency)
    return _page(visitor, agency, forms)


@paying.post("/", strict_slashes=False)
@client_required
def begin(visitor: Visitor) -> Any:
    """Write down what is wanted and go to the gateway; or add up once more what was written."""
    agency, invoices = _open(visitor)
    forms = forms_of(invoices, agency, _gateways(), request.form)
    form = next((one for one in forms if one.currency == request.form.get("currency")), None)
    if form is None:
        return redirect(url_for("paying.choose"), 303)
    if not request.form.getlist("invoice"):
        for row in form.rows:
            row.chosen = False
    is_good = form.read(agency)
    gateway = portal().gateways.get(form.gateway)
    if request.form.get("step") == "total" or gateway is None:
        return _page(visitor, agency, [form])
    if not is_good:
        return _page(visitor, agency, [form]), 422
    return _leave(visitor, agency, form, gateway)


def _leave(visitor: Visitor, agency: Agency, form: PayForm, gateway: Gateway) -> Any:
    try:
        with current().db.write() as session:
            intent = start_payment(session, visitor.party.id, form.wanted, gateway.name, gateway.currencies)
    except (AmountRefused, *REFUSALS) as error:
        form.refuse(error)
        return _page(visitor, agency, [form]), 422
    numbers = ", ".join(row.invoice.number or "" for row in form.rows if row.chosen)
    back = f"{current().settings.public_url}{url_for('paying.result', intent_id=intent.id)}"
    try:  # no transaction is open while the gateway is asked
        checkout = gateway.checkout(order_of(intent, numbers[:LONGEST_DESCRIPTION]), back)
    except GatewayRefused as error:
        log.warning("gateway_refused", gateway=gateway.name, reason=error.reason)
        form.problem = gettext(
            "The gateway does not take this payment, perhaps because it is too small. Ask your agency."
        )
        return _page(visitor, agency, [form]), 422
    except GatewayUnavailable as error:
        log.warning("gateway_unavailable", gateway=gateway.name, reason=error.reason)
        form.problem = gettext("The gateway does not answer at the moment. You have not paid anything. Try again soon.")
        return _page(visitor, agency, [form]), 503
    if checkout.gateway_id:
        with current().db.write() as session:
            keep_gateway_id(session, intent.id, checkout.gateway_id)
    return redirect(checkout.url, 303)


@paying.get("/<uuid:intent_id>")
@client_required
def result(visitor: Visitor, intent_id: uuid.UUID) -> Response:
    """What became of a payment. Only the gateway's word counts, never that somebody came back from it."""
    with current().db.read() as session:
        intent = find_own_intent(session, visitor.party.id, intent_id) or abort(404)
        payment = find_payment_of(session, intent.id)
        ids = [uuid.UUID(one["invoice_id"]) for one in intent.wanted]
        invoices = find_own_invoices(session, visitor.party.id, ids)
        agency = agency_of(session)
    looks = request.args.get("look", 0, type=int)
    waits = intent.state == PENDING and 0 <= looks < LOOKS
    response = make_response(
        render_template(
            "portal/paying/result.html",
            intent=intent,
            payment=payment,
            invoices=invoices,
            state=_state(intent, payment),
            again=_again(intent, agency),
            waits=waits,
        )
    )
    if waits:
        next_look = url_for("paying.result", intent_id=intent_id, look=looks + 1)
        response.headers["Refresh"] = f"{LOOK_EVERY}; url={next_look}"
    return response


def _gateways() -> Sequence[Gateway]:
    return tuple(portal().gateways.values())


def _open(visitor: Visitor) -> tuple[Agency, Sequence[Invoice]]:
    with current().db.read() as session:
        return agency_of(session), list_open_invoices(session, visitor.party.id)


def _page(visitor: Visitor, agency: Agency, forms: list[PayForm]) -> str:
    # Browsers follow a form's redirect only to where the page itself allows it.
    set_policy(form_action=" ".join(["'self'", *(one.origin for one in _gateways() if one.origin)]))
    with current().db.read() as session:
        pending = list_pending(session, visitor.party.id, clock.now() - NEWS_WITHIN)
    return render_template(
        "portal/paying/choose.html",
        agency=agency,
        forms=forms,
        pending=pending,
        today=today_here(),
    )


def _state(intent: PaymentIntent, payment: Payment | None) -> str:
    if payment is not None and payment.reversed_at:
        return "reversed"
    return DECLINED if intent.state == FAILED else intent.state


def _again(intent: PaymentIntent, agency: Agency) -> str:
    """The form as it was sent; "" where there is nothing to be tried again."""
    if intent.state == PAID:
        return ""
    amounts = {
        f"amount-{one['invoice_id']}": written_amount(Decimal(one["amount"]), agency.country) for one in intent.wanted
    }
    return url_for(
        "paying.choose",
        invoice=[one["invoice_id"] for one in intent.wanted],
        gateway=intent.gateway,
        **amounts,  # type: ignore[arg-type]
    )
