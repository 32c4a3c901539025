"""`/api/directory/v1/parties`."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import url_for
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.directory.actions.parties import PartyNotFound, register_party, update_party
from services.directory.models import Party, PartyFacts
from services.directory.queries.changes import list_changes
from services.directory.queries.parties import (
    PartyFilter,
    count_parties,
    find_party,
    list_facts,
    list_parties,
)
from services.directory.schemas.parties import (
    ChangeOut,
    CountOut,
    PartyFilterQuery,
    PartyIn,
    PartyOut,
    PartyPatch,
    PartyQuery,
)
from shared.web import PageQuery, answer_page, current, idempotent, page_schema, require_scope
from shared.web.paging import Page

parties = Blueprint("parties", __name__, url_prefix="/parties", description="Tenants and owners.")


@parties.post("")
@require_scope("parties:write")
@idempotent
@parties.arguments(PartyIn)
@parties.response(201, PartyOut)
@parties.alt_response(409, description="Another party has this document or this code.")
def register(session: Session, body: dict[str, Any]) -> Any:
    """Register a party."""
    party = register_party(session, body, language=current().settings.language)
    location = url_for("parties.show", party_id=party.id)
    return describe(party, None), 201, {"Location": location}


@parties.get("")
@require_scope("parties:read")
@parties.arguments(PartyQuery, location="query")
@parties.response(200, page_schema(PartyOut))
def index(query: dict[str, Any]) -> Any:
    """List parties."""
    sort, cursor, limit = query.pop("sort"), query.pop("cursor"), query.pop("limit")
    with current().db.read() as session:
        page = list_parties(session, PartyFilter(**query), sort=sort, cursor=cursor, limit=limit)
        return answer_page(Page(describe_all(session, page.items), page.next))


@parties.get("/count")
@require_scope("parties:read")
@parties.arguments(PartyFilterQuery, location="query")
@parties.response(200, CountOut)
def count(query: dict[str, Any]) -> Any:
    """How many parties the filters leave; without filters all, active or not."""
    with current().db.read() as session:
        return {"count": count_parties(session, PartyFilter(**query))}


@parties.get("/<uuid:party_id>")
@require_scope("parties:read")
@parties.response(200, PartyOut)
def show(party_id: uuid.UUID) -> Any:
    """One party."""
    with current().db.read() as session:
        party = find_party(session, party_id)
        if party is None:
            raise PartyNotFound
        return describe_all(session, [party])[0]


@parties.patch("/<uuid:party_id>")
@require_scope("parties:write")
@parties.arguments(PartyPatch)
@parties.response(200, PartyOut)
@parties.alt_response(409, description="Taken document or code, or changed since `version`.")
def change(body: dict[str, Any], party_id: uuid.UUID) -> Any:
    """Change what is given. Without a difference nothing happens and no event is published."""
    version = body.pop("version", None)
    with current().db.write() as session:
        party = update_party(session, party_id, body, version=version)
        return describe_all(session, [party])[0]


@parties.get("/<uuid:party_id>/changes")
@require_scope("parties:read")
@parties.arguments(PageQuery, location="query")
@parties.response(200, page_schema(ChangeOut))
def changes(query: dict[str, Any], party_id: uuid.UUID) -> Any:
    """The change log of a party, the newest first."""
    with current().db.read() as session:
        if find_party(session, party_id) is None:
            raise PartyNotFound
        return answer_page(list_changes(session, party_id, cursor=query["cursor"], limit=query["limit"]))


def describe_all(session: Session, found: Iterable[Party]) -> list[dict[str, Any]]:
    """Parties as `PartyOut` shows them; one more query for all of them."""
    found = list(found)
    facts = list_facts(session, [party.id for party in found])
    return [describe(party, facts.get(party.id)) for party in found]


def describe(party: Party, facts: PartyFacts | None) -> dict[str, Any]:
    """A party as `PartyOut` shows it, with what is known of its access."""
    address = ("street", "city", "region", "postal_code", "country")
    return {
        "id": party.id,
        "version": party.version,
        "code": party.code,
        "classes": party.classes,
        "document_type": party.document_type,
        "document_number": party.document_number,
        "document_key": party.document_key,
        "name": party.name,
        "emails": party.emails,
        "language": party.language,
        "active": party.active,
        "has_credentials": facts is not None and facts.has_credentials,
        "signed_in_at": facts.signed_in_at if facts else None,
        "letter_state": (facts.letter_state or None) if facts else None,
        "letter_at": facts.letter_at if facts else None,
        "phones": party.phones,
        "address": {name: getattr(party, name) for name in address},
        "notes": party.notes,
        "created_at": party.created_at,
        "updated_at": party.updated_at,
    }
