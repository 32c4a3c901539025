"""The page of the trial gateway: whoever pays chooses here what becomes of it. No money moves."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask_babel import gettext

from services.portal.clients.gateways.sandbox import CHOICES, NotOurs, Sandbox
from services.portal.models import PaymentIntent
from services.portal.pages.visitor import AREA, Visitor, client_required, portal, safe_target
from services.portal.queries.paying import find_own_reference
from shared import clock
from shared.web import Problem, current

sandbox = Blueprint("sandbox", __name__, url_prefix=f"{AREA}/sandbox")


@sandbox.get("/<reference>")
@client_required
def show(visitor: Visitor, reference: str) -> str:
    """The amount and the choices."""
    intent, gateway = _called(visitor, reference)
    chosen = gateway.chosen(reference)
    return render_template(
        "portal/paying/sandbox.html",
        intent=intent,
        is_final=chosen is not None and chosen["status"] != "PENDING",
        back=_back(),
    )


@sandbox.post("/<reference>")
@client_required
def decide(visitor: Visitor, reference: str) -> Any:
    """Tell the portal what was chosen, as a gateway does, and send the browser back."""
    _, gateway = _called(visitor, reference)
    choice = request.form.get("choice", "")
    if choice not in CHOICES:
        raise Problem(422, gettext("Choose one of the three."))
    gateway.choose(request.args, choice)
    return redirect(_back(), 303)


def _called(visitor: Visitor, reference: str) -> tuple[PaymentIntent, Sandbox]:
    gateway = portal().gateways.get(Sandbox.name)
    if not isinstance(gateway, Sandbox) or request.args.get("reference") != reference:
        abort(404)
    with current().db.read() as session:
        intent = find_own_reference(session, visitor.party.id, Sandbox.name, reference) or abort(404)
    try:
        gateway.check(request.args, clock.now())
    except NotOurs:
        raise Problem(400, gettext("The time to pay is over. Begin again from your invoices.")) from None
    return intent, gateway


def _back() -> str:
    """Where the payer came from; nothing but a page of the client area."""
    public_url: str = current().settings.public_url
    return safe_target(request.args.get("redirect-url", "").removeprefix(public_url))
