"""`/api/directory/v1/parties/export` and `/imports/{id}/rejected`: whole tables at once."""

import uuid
from typing import Any

import marshmallow as ma
from flask_smorest import Blueprint
from marshmallow import fields, validate

from services.directory.actions.exporting import record_export
from services.directory.actions.imports import ImportNotFound
from services.directory.queries.imports import find_import
from services.directory.queries.parties import PartyFilter
from services.directory.schemas.exports import party_header, party_rows, rejected_header, rejected_rows
from services.directory.schemas.parties import PartyFilterQuery, PartyQuery
from shared.i18n import language
from shared.web import current, require_scope
from shared.web.exports import FORMATS, XLSX_TYPE, stream_table

exports = Blueprint("exports", __name__, url_prefix="", description="Tables of parties to download.")

TABLE = {
    "description": "The table. Titles are in the language of Accept-Language, and an import understands them again.",
    "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in ("text/csv", XLSX_TYPE)},
}


class FormatQuery(ma.Schema):
    """In which form a table is wanted."""

    format = fields.String(load_default="csv", validate=validate.OneOf(FORMATS))


class ExportQuery(PartyFilterQuery, FormatQuery):
    """Which parties, in which order and form."""

    sort = PartyQuery._declared_fields["sort"]


@exports.get("/parties/export")
@require_scope("parties:read")
@exports.arguments(ExportQuery, location="query")
@exports.doc(responses={"200": TABLE})
def parties(query: dict[str, Any]) -> Any:
    """Every party that the filters leave, as one table. In CSV a cell that looks like a formula begins with `'`."""
    kind, sort, db = query.pop("format"), query.pop("sort"), current().db
    wanted = PartyFilter(**query)
    with db.write() as session:
        record_export(session, wanted, kind)
    rows = party_rows(db, wanted, sort=sort, language=language())
    return stream_table(kind, "parties", party_header(language()), rows)


@exports.get("/imports/<uuid:import_id>/rejected")
@require_scope("parties:read")
@exports.arguments(FormatQuery, location="query")
@exports.doc(responses={"200": TABLE})
def rejected(query: dict[str, Any], import_id: uuid.UUID) -> Any:
    """The rows that an import left out as they were, and what is wrong: to be corrected and imported again."""
    db = current().db
    with db.read() as session:
        entry = find_import(session, import_id)
    if entry is None:
        raise ImportNotFound
    return stream_table(query["format"], "rejected", rejected_header(entry, language()), rejected_rows(db, entry))
