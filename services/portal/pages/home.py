"""The home page of a client."""

from flask import Blueprint, Response, redirect, render_template, url_for

from services.portal.pages.area import income_state, link_to, month_text, today_here
from services.portal.pages.invoice_words import invoice_state
from services.portal.pages.visitor import Visitor, client_required
from services.portal.queries.overview import MoneyIn, money_in, money_out
from services.portal.rules.parties import profile_of
from shared.web import current

home = Blueprint("home", __name__)


@home.get("/")
def start() -> Response:
    """The bare address of the installation belongs to the clients."""
    return redirect(url_for("home.show"))  # type: ignore[return-value]


@home.get("/customerarea/", strict_slashes=False)
@client_required
def show(visitor: Visitor) -> str:
    """What the client owes and receives, by profile."""
    party, today = visitor.party, today_here()
    profile = profile_of(party.classes)
    with current().db.read() as session:
        out = money_out(session, party.id, profile, today)
        received = money_in(session, party.id, today) if profile.is_owner else MoneyIn([], [])
    return render_template(
        "portal/home.html",
        party=party,
        profile=profile,
        out=out,
        received=received,
        today=today,
        invoice_state=invoice_state,
        income_state=income_state,
        link_to=link_to,
        month_text=month_text,
    )
