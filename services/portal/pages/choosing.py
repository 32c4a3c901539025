"""Choosing the client whom something is for: what is typed finds some, and one of them is taken. No script needed."""

import uuid
from contextlib import suppress

from flask import render_template, request
from flask_babel import lazy_gettext as _l

from services.portal.models import Party
from services.portal.queries.parties import find_party, search_parties
from shared.web import current
from shared.web.context import Text

MOST = 20
CLASS_WORDS = {"tenant": _l("Tenant"), "owner": _l("Owner")}


def chosen_party() -> Party | None:
    """The client in the address (`?party=`), if there is such a one."""
    with suppress(ValueError), current().db.read() as session:
        return find_party(session, uuid.UUID(request.args.get("party", "")))
    return None


def choose_party(title: Text, back: str, back_label: Text, *, party_class: str = "") -> str:
    """The page that asks for the client; it leads to the present address with `?party=`."""
    text = request.args.get("q", "").strip()
    found = []
    if text:
        with current().db.read() as session:
            found = list(search_parties(session, text, party_class=party_class, limit=MOST + 1))
    return render_template(
        "portal/desk/choose.html",
        title=title,
        back=back,
        back_label=back_label,
        text=text,
        found=found[:MOST],
        more=len(found) > MOST,
        classes=CLASS_WORDS,
    )
