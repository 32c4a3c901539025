"""The mail history of a client: which letters about them were sent, to whom, and how they ended."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.portal.models import Notice
from services.portal.pages.visitor import AREA, Visitor, client_required
from services.portal.queries.letters import LetterFilter, list_letters
from services.portal.rules.notices import PREFERENCES
from services.portal.schemas.contacts import NOTICE_WORDS
from services.portal.schemas.letters import CLIENT_WAYS, kind_words, state_of_letter, way_of
from shared import clock
from shared.web import current

letters = Blueprint("letters", __name__, url_prefix=f"{AREA}/letters")


@letters.get("")
@client_required
def index(visitor: Visitor) -> str:
    """The letters about the client, the newest first."""
    wanted = asked(visitor.party.id)
    with current().db.read() as session:
        page = list_letters(session, wanted, cursor=request.args.get("cursor"), limit=20)
    now = clock.now()

    def address_of(letter: Notice) -> str:
        way = way_of(letter, CLIENT_WAYS)
        return url_for(way[0], **way[1]) if way and visitor.may(way[0]) else ""

    return render_template(
        "portal/letters/index.html",
        visitor=visitor,
        page=page,
        wanted=wanted,
        kinds=kinds_asked_for(),
        kind_words=kind_words,
        address_of=address_of,
        state_of=lambda letter: state_of_letter(letter, now),
    )


def asked(party_id: Any) -> LetterFilter:
    """What the address of a page narrows the letters about a client down to."""
    preference = request.args.get("kind", "")
    return LetterFilter(
        party_id=party_id,
        preference=preference if preference in PREFERENCES else "",
        text=request.args.get("q", "")[:60],
    )


def kinds_asked_for() -> list[tuple[str, str]]:
    """The choices of the filter by kind."""
    return [(one, str(NOTICE_WORDS[one].name)) for one in PREFERENCES]
