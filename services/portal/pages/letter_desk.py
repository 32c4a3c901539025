"""The agent's page about the letters of a client."""

import uuid

from flask import Blueprint, abort, render_template, request, url_for

from services.portal.models import Notice
from services.portal.pages.letters import asked, kinds_asked_for
from services.portal.queries.letters import list_letters
from services.portal.queries.parties import find_party
from services.portal.schemas.letters import DESK_WAYS, kind_words, state_of_letter, way_of
from shared import clock
from shared.web import current, staff_required

letter_desk = Blueprint("letter_desk", __name__, url_prefix="/backoffice/portal")


@letter_desk.get("/clients/<uuid:party_id>/letters")
@staff_required()
def index(party_id: uuid.UUID) -> str:
    """What was told about a client, to whom, and how it ended."""
    wanted = asked(party_id)
    with current().db.read() as session:
        party = find_party(session, party_id) or abort(404)
        page = list_letters(session, wanted, cursor=request.args.get("cursor"))
    now = clock.now()
    return render_template(
        "portal/letters/desk.html",
        party=party,
        page=page,
        filtered=bool(wanted.preference or wanted.text),
        kinds=kinds_asked_for(),
        kind_words=kind_words,
        address_of=_address_of,
        state_of=lambda letter: state_of_letter(letter, now),
    )


def _address_of(letter: Notice) -> str:
    way = way_of(letter, DESK_WAYS)
    return url_for(way[0], **way[1]) if way else ""
