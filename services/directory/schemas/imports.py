"""Imports over REST."""

import json
from collections.abc import Iterable
from typing import Any

import marshmallow as ma
from flask_babel import gettext
from flask_smorest.fields import Upload
from marshmallow import fields, validate

from services.directory.models import Import, ImportRow
from services.directory.rules.columns import FIELDS
from services.directory.rules.parties import CLASSES
from services.directory.schemas.texts import file_text, problem_text
from shared.documents import DOCUMENT_TYPES

SHOWN = 1000
STATES = ("mapping", "uploaded", "checking", "ready", "applying", "finished", "failed")


class ImportFile(ma.Schema):
    """The file, as multipart/form-data."""

    file = Upload(
        required=True,
        metadata={
            "description": "XLSX, or CSV: UTF-8, Latin-1 or Windows-1252; comma, semicolon, tab. Told by what is in it."
        },
    )


def _read_mapping(text: Any) -> dict[str, str]:
    """A mapping as a form sends it."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ma.ValidationError(gettext('Write a JSON object, such as {"Title of the column": "field"}.'))
    if unknown := sorted(name for name in found.values() if name and name not in FIELDS):
        raise ma.ValidationError(gettext("Unknown fields: %(names)s.", names=", ".join(unknown)))
    return found


class ImportForm(ma.Schema):
    """How the file is to be read."""

    apply = fields.Boolean(load_default=True, metadata={"description": "false: wait after the check for …/apply"})
    document_type = fields.String(
        load_default="",
        validate=validate.OneOf(["", *DOCUMENT_TYPES]),
        metadata={"description": "for rows that name none"},
    )
    classes = fields.String(
        load_default="",
        validate=validate.OneOf(["", *CLASSES, "both"]),
        metadata={"description": "class of rows that name none"},
    )
    mapping = fields.Function(
        deserialize=_read_mapping,
        metadata={
            "type": "string",
            "description": 'JSON object: title of a column to the field that it holds, "" for none; fields are '
            + ", ".join(FIELDS)
            + ". Columns that it leaves out are known by their names. Without it, what was chosen in the back office "
            "for a file with the same titles counts.",
            "example": '{"Nombre del arrendatario": "name"}',
        },
    )


class ProblemSchema(ma.Schema):
    """What is wrong with a row, or (as a warning, which does not keep it from being applied) worth knowing."""

    row = fields.Integer(metadata={"description": "as a spreadsheet counts: the header is row 1"})
    column = fields.String(metadata={"description": "as the file calls it; empty for the whole row"})
    value = fields.String()
    reason = fields.String(metadata={"description": "for programs"})
    message = fields.String(metadata={"description": "for people"})


class CountsSchema(ma.Schema):
    """Rows. Before it is applied, created, updated and unchanged tell what applying would do."""

    total = fields.Integer()
    checked = fields.Integer()
    applied = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    skipped = fields.Integer(metadata={"description": "rows with a problem; they are left out"})
    warnings = fields.Integer(metadata={"description": "rows with a warning; they are applied"})


class ImportOut(ma.Schema):
    """An import."""

    id = fields.UUID()
    state = fields.String(
        validate=validate.OneOf(STATES),
        metadata={"description": "mapping: waits until somebody says in the back office what its columns are"},
    )
    filename = fields.String()
    sheet = fields.String(metadata={"description": "of a workbook, the sheet that was read"})
    size = fields.Integer()
    apply = fields.Boolean()
    error = fields.String(allow_none=True, metadata={"description": "why the file as a whole failed"})
    counts = fields.Nested(CountsSchema)
    columns = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "title of a column to its field"}
    )
    ignored_columns = fields.List(fields.String())
    created_by = fields.String()
    created_at = fields.DateTime()
    ready_at = fields.DateTime(allow_none=True)
    finished_at = fields.DateTime(allow_none=True)


class ImportDetail(ImportOut):
    """An import with the first problems; the rest is at …/problems."""

    problems = fields.List(fields.Nested(ProblemSchema), metadata={"description": f"of the first {SHOWN} such rows"})
    warnings = fields.List(fields.Nested(ProblemSchema), metadata={"description": "of rows with nothing worse"})


def describe_import(entry: Import) -> dict[str, Any]:
    """An import as `ImportOut` shows it."""
    done = entry.state in ("applying", "finished")
    columns = entry.columns
    return {
        "id": entry.id,
        "state": entry.state,
        "filename": entry.filename,
        "sheet": entry.sheet,
        "size": entry.size,
        "apply": entry.apply,
        "error": file_text(entry.error, row=entry.error_row) if entry.error else None,
        "counts": {
            "total": entry.total,
            "checked": entry.total,
            "applied": entry.applied,
            "created": entry.created if done else entry.expected_created,
            "updated": entry.updated if done else entry.expected_updated,
            "unchanged": entry.unchanged if done else entry.expected_unchanged,
            "skipped": entry.skipped,
            "warnings": entry.warned,
        },
        "columns": {title: name for title, name in zip(columns.header, columns.fields, strict=True) if name in FIELDS},
        "ignored_columns": columns.unused,
        "created_by": entry.created_by,
        "created_at": entry.created_at,
        "ready_at": entry.ready_at,
        "finished_at": entry.finished_at,
    }


def describe_problems(rows: Iterable[ImportRow], *, warnings: bool = False) -> list[dict[str, Any]]:
    """The problems (or the warnings) of rows, one entry for each."""
    return [
        {
            "row": row.number,
            "column": problem["column"],
            "value": problem["value"],
            "reason": problem["reason"],
            "message": problem_text(problem),
        }
        for row in rows
        for problem in row.problems
        if problem["warning"] is warnings
    ]
