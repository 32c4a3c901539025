"""The change log of a party, page by page."""

import uuid

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from services.directory.actions.parties import PartyNotFound
from services.directory.pages.wording import line_of
from services.directory.queries.changes import list_changes
from services.directory.queries.parties import find_party
from shared.web import BadCursor, current, staff_required
from shared.web.paging import Page

PAGE = 50

history_pages = Blueprint("history_pages", __name__, url_prefix="/parties")


@history_pages.get("/<uuid:party_id>/changes")
@staff_required()
def show(party_id: uuid.UUID) -> str | Response:
    """All that changed in a party, the newest first."""
    with current().db.read() as session:
        party = find_party(session, party_id)
        if party is None:
            raise PartyNotFound
        try:
            page = list_changes(session, party_id, cursor=request.args.get("cursor"), limit=PAGE)
        except BadCursor:
            page = list_changes(session, party_id, limit=PAGE)
    lines = Page([line_of(change) for change in page.items], page.next, page.previous)
    return render_template("directory/changes.html", party=party, page=lines)
