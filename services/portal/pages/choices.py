"""One's own letters: which of them the client, or a contact, wants."""

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as BaseResponse

from services.portal.actions.choices import ReaderGone, choose_letters
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.choices import Choice, find_choice
from services.portal.rules.parties import writable_address
from services.portal.schemas.contacts import NOTICE_WORDS
from shared.web import current

choices = Blueprint("choices", __name__, url_prefix=f"{AREA}/letters/choices")


@choices.get("")
@client_required
def show(visitor: Visitor) -> str:
    """What the visitor gets, with a tick for each."""
    with current().db.read() as session:
        return _page(visitor, find_choice(session, visitor.party, _own(visitor)))


@choices.post("")
@client_required
def save(visitor: Visitor) -> Response | BaseResponse:
    """Keep the ticks; what goes to others stays as it is."""
    try:
        with current().db.write() as session:
            choose_letters(session, visitor.party.id, _own(visitor), request.form.getlist("wanted"))
    except ReaderGone:
        return redirect(url_for("home.show"), 303)  # where it is said that nobody lets them in any more
    flash(gettext("Your choice is saved. It counts from the next letter on."), "success")
    return redirect(url_for("choices.show"), 303)


def _own(visitor: Visitor) -> uuid.UUID | None:
    return visitor.contact.id if visitor.contact else None


def _page(visitor: Visitor, choice: Choice) -> str:
    address = choice.contact.address if choice.contact else writable_address(visitor.party.emails)
    return render_template(
        "portal/letters/choices.html", visitor=visitor, choice=choice, address=address, words=NOTICE_WORDS
    )
