"""What goes in and out of the portal over HTTP."""

import uuid
from typing import Any

import marshmallow as ma

from services.portal.actions.parties import PartyData
from shared.events.directory import Email
from shared.web.api import PageQuery


class ClientQuery(PageQuery):
    """Filters of the list of clients."""

    q = ma.fields.String(load_default="", metadata={"description": "Words of the name, document or client code"})
    signed_in = ma.fields.Boolean(load_default=False, metadata={"description": "Only who is signed in at this moment"})


class ClientView(ma.Schema):
    """A party that has signed in at least once, or lets somebody in who has."""

    party_id = ma.fields.UUID(attribute="id", required=True)
    name = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    document_type = ma.fields.String(required=True)
    document_number = ma.fields.String(required=True)
    classes = ma.fields.List(ma.fields.String(), required=True)
    active = ma.fields.Boolean(required=True)
    last_sign_in_at = ma.fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "Of the party itself"}
    )
    open_sessions = ma.fields.Integer(required=True, metadata={"description": "Browsers signed in at this moment"})


class ClientSessionView(ma.Schema):
    """A browser in which a party is signed in, or somebody whom the party lets in."""

    session_id = ma.fields.UUID(attribute="id", required=True)
    name = ma.fields.String(required=True, metadata={"description": "Who signed in"})
    contact_id = ma.fields.UUID(
        required=True, allow_none=True, metadata={"description": "As whom they are let in; null: their own area"}
    )
    area_of = ma.fields.UUID(attribute="party_id", required=True, metadata={"description": "Whose area they look at"})
    created_at = ma.fields.AwareDateTime(required=True)
    last_seen_at = ma.fields.AwareDateTime(required=True)


class ClientSessions(ma.Schema):
    """Who is signed in at this moment, the latest seen first."""

    items = ma.fields.List(ma.fields.Nested(ClientSessionView), required=True)


def party_from_rest(body: dict[str, Any]) -> PartyData:
    """A party of the directory's REST interface. It is the present state, so it has the newest version."""
    emails = [Email(address=e["address"], principal=bool(e["principal"]), state=e["state"]) for e in body["emails"]]
    return PartyData(
        party_id=uuid.UUID(body["id"]),
        version=int(body["version"]),
        code=body["code"],
        classes=list(body["classes"]),
        document_type=body["document_type"],
        document_number=body["document_number"],
        document_key=body["document_key"],
        name=body["name"],
        emails=emails,
        language=body["language"],
        active=bool(body["active"]),
    )
