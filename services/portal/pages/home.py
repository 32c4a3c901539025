"""The home page of a client."""

from flask import Blueprint, Response, redirect, render_template, url_for
from flask_babel import gettext

from services.portal.pages.area import income_state, month_text, today_here
from services.portal.pages.invoice_words import invoice_state
from services.portal.pages.visitor import Visitor, client_required
from services.portal.queries.overview import money_in, money_out
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
    """What the client owes and receives, by profile; of it what whoever looks has the right to see."""
    party, today = visitor.party, today_here()
    profile = profile_of(party.classes)
    out = received = None
    with current().db.read() as session:
        if visitor.may("invoices.index") or visitor.may("paying.choose"):
            shown = {"invoices": visitor.may("invoices.index"), "credit": visitor.may("receipts.index")}
            out = money_out(session, party.id, profile, today, **shown)
        if profile.is_owner and visitor.may("income.index"):
            received = money_in(session, party.id, today)
    return render_template(
        "portal/home.html",
        visitor=visitor,
        party=party,
        profile=profile,
        out=out,
        received=received,
        today=today,
        invoice_state=invoice_state,
        income_state=income_state,
        shortcuts=_shortcuts(visitor),
        month_text=month_text,
    )


def _shortcuts(visitor: Visitor) -> list[tuple[str, str, str]]:
    """What else opens: endpoint, label and icon."""
    sees_cases = visitor.may("cases.index")
    every = [
        ("receipts.index", gettext("Receipts"), "check2-square"),
        ("statement.show", gettext("Account statement"), "journal-text"),
        ("cases.index", gettext("Requests and complaints"), "chat-left-text"),
        *([] if sees_cases else [("cases.new", gettext("New request"), "chat-left-text")]),
        ("profile.show", gettext("Your data") if visitor.is_holder else gettext("Contact data"), "person"),
        ("contacts.index", gettext("Contacts"), "people"),
        ("letters.index", gettext("Sent letters"), "envelope"),
        ("guide.download", gettext("Download the user guide"), "book"),
    ]
    return [one for one in every if visitor.may(one[0])]
