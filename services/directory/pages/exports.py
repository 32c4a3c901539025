"""Downloads: the parties of the list, the rows that an import left out, and the template to fill in."""

import tempfile
import uuid

from flask import Blueprint
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.directory.actions.exporting import record_export
from services.directory.actions.imports import ImportNotFound
from services.directory.pages.parties import asked_filter, asked_sort
from services.directory.queries.imports import find_import
from services.directory.schemas.exports import party_header, party_rows, rejected_header, rejected_rows
from services.directory.schemas.template import template_header, template_rows, write_template
from shared.i18n import language
from shared.web import current, staff_required
from shared.web.exports import file_response, stream_csv, stream_table

export_pages = Blueprint("export_pages", __name__, url_prefix="")


@export_pages.get("/parties/export.<any(csv, xlsx):kind>")
@staff_required()
def parties(kind: str) -> Response:
    """Exactly the parties that the list with the same address shows, all pages of it."""
    wanted, sort, db = asked_filter(), asked_sort(), current().db
    with db.write() as session:
        record_export(session, wanted, kind)
    rows = party_rows(db, wanted, sort=sort, language=language())
    return stream_table(kind, gettext("parties"), party_header(language()), rows)


@export_pages.get("/imports/<uuid:import_id>/rejected.<any(csv, xlsx):kind>")
@staff_required()
def rejected(import_id: uuid.UUID, kind: str) -> Response:
    """The rows that were left out, as they were, with the reason: to be corrected and uploaded again."""
    db = current().db
    with db.read() as session:
        entry = find_import(session, import_id)
    if entry is None:
        raise ImportNotFound
    ending = gettext("rejected")  # texts within f-strings are not found for translation
    name = f"{entry.filename.rpartition('.')[0] or entry.filename}-{ending}"
    header, rows = rejected_header(entry, language()), rejected_rows(db, entry)
    if kind == "csv":
        return stream_csv(f"{name}.csv", header, rows, delimiter=entry.delimiter)
    return stream_table(kind, name, header, rows)


@export_pages.get("/imports/template.<any(csv, xlsx):kind>")
@staff_required()
def template(kind: str) -> Response:
    """An empty table with the right columns and two examples, which an import leaves out."""
    name = gettext("parties-template")
    if kind == "csv":
        return stream_csv(f"{name}.csv", template_header(language()), template_rows(language()))
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the response
    write_template(file, language())
    return file_response(f"{name}.xlsx", file)
