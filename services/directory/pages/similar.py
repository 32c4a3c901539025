"""Warnings of a party that may be there already: while somebody types (a script asks), and before it is saved.

Whoever has seen a warning, and says so with the field `seen`, saves without being asked again.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.directory.models import Party
from services.directory.queries.similar import Asked, Similar, list_similar
from services.directory.rules.parties import MOST_EMAILS, MOST_PHONES
from services.directory.rules.phones import BadPhone, normal_phone, phone_key, region_of
from shared.documents import BadDocument, document_key
from shared.web import current, staff_required

LONGEST = 300

similar_pages = Blueprint("similar_pages", __name__, url_prefix="/parties")


class SimilarFound(Exception):
    """Other parties may be the same one; nothing is saved until somebody has seen them."""

    def __init__(self, found: Sequence[Similar]) -> None:
        super().__init__(f"{len(found)} similar parties")
        self.found = found


@similar_pages.get("/similar")
@staff_required("agent")
def ask() -> Response:
    """What the form's script shows: who has the document, an address, a phone or a name like the one being typed."""
    args = request.args
    region = region_of(args.get("document_type", ""), args.get("country", ""))
    asked = Asked(
        name=args.get("name", "")[:LONGEST],
        document=_document(args.get("document_type", ""), args.get("document_number", "")),
        emails=[text.strip().lower()[:LONGEST] for text in args.getlist("email")[:MOST_EMAILS] if text.strip()],
        phones=_numbers(args.getlist("phone"), region),
        but=args.get("party_id", type=uuid.UUID),
    )
    with current().db.read() as session:
        found = list_similar(session, asked)
    return jsonify(items=[describe(one) for one in found])


def describe(one: Similar) -> dict[str, Any]:
    """A warning as the page shows it."""
    return {
        "field": one.field,
        "mark": one.mark,
        "text": similar_text(one),
        "href": url_for("pages.show", party_id=one.party_id),
    }


def similar_text(one: Similar) -> str:
    """The sentence of a warning."""
    texts = {
        "document_number": gettext("%(name)s (%(code)s) has this document already.", name=one.name, code=one.code),
        "emails": gettext("%(name)s (%(code)s) has the same e-mail address.", name=one.name, code=one.code),
        "phones": gettext("%(name)s (%(code)s) has the same phone.", name=one.name, code=one.code),
        "name": gettext("%(name)s (%(code)s) has a very similar name.", name=one.name, code=one.code),
    }
    return texts[one.field]


def require_unlike(session: Any, party: Party, before: Party | None = None) -> None:
    """Raises SimilarFound if others have what is new in a party that is being saved, and it was not said to be seen.

    `before`: the party as it was. Called in the transaction of the change, which then does not happen.
    """
    had_emails = {email.address_key for email in before.emails} if before else set()
    had_phones = set(before.phones) if before else set()
    asked = Asked(
        name="" if before and before.name_search == party.name_search else party.name,
        emails=[email.address_key for email in party.emails if email.address_key not in had_emails],
        phones=[key for phone in party.phones if phone not in had_phones and (key := phone_key(phone))],
        but=party.id,
    )
    seen = set(request.form.getlist("seen"))
    found = list_similar(session, asked)
    if any(one.mark not in seen for one in found):
        raise SimilarFound(found)


def _document(document_type: str, number: str) -> tuple[str, str] | None:
    try:
        return document_type, document_key(document_type, number[:LONGEST])
    except BadDocument:
        return None


def _numbers(texts: Iterable[str], region: str) -> list[str]:
    found = []
    for text in list(texts)[:MOST_PHONES]:
        try:
            found.append(phone_key(normal_phone(text.strip(), region)))
        except BadPhone:  # not yet typed to its end
            continue
    return found
