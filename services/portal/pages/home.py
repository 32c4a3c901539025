"""The home page of a client."""

from flask import Blueprint, Response, redirect, render_template, url_for

from services.portal.pages.visitor import Visitor, client_required
from services.portal.rules.parties import principal_address, profile_of

home = Blueprint("home", __name__)


@home.get("/")
def start() -> Response:
    """The bare address of the installation belongs to the clients."""
    return redirect(url_for("home.show"))  # type: ignore[return-value]


@home.get("/customerarea/", strict_slashes=False)
@client_required
def show(visitor: Visitor) -> str:
    """What the client owes and receives, by profile."""
    party = visitor.party
    return render_template(
        "portal/home.html", party=party, profile=profile_of(party.classes), email=principal_address(party.emails)
    )
