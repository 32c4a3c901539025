"""Parties as other systems name them when they are about something else."""

from typing import Any

import marshmallow as ma
from flask_babel import gettext
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from services.portal.models import Party
from services.portal.queries.parties import find_party, find_party_by_code, find_party_by_document
from services.portal.schemas.amounts import Text
from shared.documents import DOCUMENT_TYPES, BadDocument, document_key
from shared.web.errors import Problem


class PartyReference(ma.Schema):
    """Which party is meant: by its id, else by its document, else by its client code."""

    party_id = fields.UUID()
    document_type = fields.String(validate=validate.OneOf(DOCUMENT_TYPES))
    document_number = Text(60, least=1, description="in any spelling; a NIT with its check digit")
    code = Text(60, least=1, description="client code")


class PartyOfDocument(ma.Schema):
    """The party of an invoice or a payment."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True)
    document_type = fields.String(required=True)
    document_number = fields.String(required=True)


class PartyMissing(Exception):
    """The portal knows no such party. `field`: by what it was named; "" if it was not."""

    def __init__(self, field: str) -> None:
        super().__init__(f"no party by {field}" if field else "no party named")
        self.field = field


def referred_party(session: Session, named: dict[str, Any]) -> Party:
    """The party that a loaded PartyReference means. Raises PartyMissing."""
    party, field = None, ""
    if "party_id" in named:
        party, field = find_party(session, named["party_id"]), "party_id"
    elif "document_number" in named and "document_type" in named:
        party, field = _by_document(session, named["document_type"], named["document_number"]), "document_number"
    elif "code" in named:
        party, field = find_party_by_code(session, named["code"]), "code"
    if party is None:
        raise PartyMissing(field)
    return party


def party_for_rest(session: Session, named: dict[str, Any]) -> Party:
    """The same for a REST view. Raises Problem, at the field by which the party was named."""
    try:
        return referred_party(session, named)
    except PartyMissing as error:
        text = gettext("There is no such party here.")
        if not error.field:
            text = gettext("Say who it is for: party_id, document_type with document_number, or code.")
        errors = [{"field": error.field or "party_id", "message": text}]
        raise Problem(422, errors=errors) from None


def _by_document(session: Session, document_type: str, number: str) -> Party | None:
    try:
        key = document_key(document_type, number)
    except BadDocument:
        return None
    return find_party_by_document(session, document_type, key)
