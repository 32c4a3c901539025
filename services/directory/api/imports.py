"""`/api/directory/v1/imports`."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request, url_for
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.directory.actions.imports import ImportNotFound, apply_import
from services.directory.actions.uploads import ImportOptions, receive_import
from services.directory.models import Import
from services.directory.queries.imports import find_import, list_flagged_rows, list_imports
from services.directory.rules.parties import CLASSES
from services.directory.schemas.imports import (
    SHOWN,
    ImportDetail,
    ImportFile,
    ImportForm,
    ImportOut,
    ProblemSchema,
    describe_import,
    describe_problems,
)
from shared.sheets.uploads import open_upload
from shared.web import (
    PageQuery,
    answer_page,
    current,
    idempotent,
    page_schema,
    require_scope,
)
from shared.web.paging import Page

imports = Blueprint("imports", __name__, url_prefix="/imports", description="Tables of parties.")


def _opened(view: Callable[..., Any]) -> Callable[..., Any]:
    """Read what was sent before `idempotent` opens its transaction: a workbook takes seconds."""

    @wraps(view)
    def reading(*args: Any, **kwargs: Any) -> Any:
        file = request.files.get("file")
        limit: int = current().settings.import_limit  # type: ignore[attr-defined]
        g.upload = open_upload(file.stream, limit) if file else None
        return view(*args, **kwargs)

    return reading


@imports.post("")
@require_scope("parties:write")
@_opened
@idempotent
@imports.arguments(ImportForm, location="form")
@imports.arguments(ImportFile, location="files")
@imports.response(202, ImportOut)
@imports.alt_response(413, description="The file is larger than the setting allows.")
def upload(session: Session, form: dict[str, Any], files: dict[str, Any]) -> Any:
    """Upload an XLSX or CSV file. It is checked and (unless `apply` is false) applied in the background."""
    classes = CLASSES if form["classes"] == "both" else tuple(filter(None, [form["classes"]]))
    options = ImportOptions(
        apply=form["apply"], document_type=form["document_type"], classes=classes, mapping=form.get("mapping")
    )
    entry = receive_import(session, g.upload, files["file"].filename, options)
    return describe_import(entry), 202, {"Location": url_for("imports.show", import_id=entry.id)}


@imports.get("")
@require_scope("parties:read")
@imports.arguments(PageQuery, location="query")
@imports.response(200, page_schema(ImportOut))
def index(query: dict[str, Any]) -> Any:
    """List imports, the newest first."""
    with current().db.read() as session:
        page = list_imports(session, cursor=query["cursor"], limit=query["limit"])
        return answer_page(Page([describe_import(entry) for entry in page.items], page.next))


@imports.get("/<uuid:import_id>")
@require_scope("parties:read")
@imports.response(200, ImportDetail)
def show(import_id: uuid.UUID) -> Any:
    """One import: state, counts and problems."""
    with current().db.read() as session:
        entry = _existing(session, import_id)
        wrong = list_flagged_rows(session, import_id, limit=SHOWN).items
        warned = list_flagged_rows(session, import_id, warnings=True, limit=SHOWN).items
        found = {"problems": describe_problems(wrong), "warnings": describe_problems(warned, warnings=True)}
        return {**describe_import(entry), **found}


@imports.get("/<uuid:import_id>/problems")
@require_scope("parties:read")
@imports.arguments(PageQuery, location="query")
@imports.response(200, page_schema(ProblemSchema))
def problems(query: dict[str, Any], import_id: uuid.UUID) -> Any:
    """Every problem, page by page (a page holds `limit` rows of the file)."""
    with current().db.read() as session:
        _existing(session, import_id)
        page = list_flagged_rows(session, import_id, cursor=query["cursor"], limit=query["limit"])
        return answer_page(Page(describe_problems(page.items), page.next))


@imports.post("/<uuid:import_id>/apply")
@require_scope("parties:write")
@idempotent
@imports.response(202, ImportOut)
@imports.alt_response(409, description="It failed, or is too old.")
def apply(session: Session, import_id: uuid.UUID) -> Any:
    """Apply a checked import. Asking again changes nothing."""
    return describe_import(apply_import(session, import_id))


def _existing(session: Session, import_id: uuid.UUID) -> Import:
    entry = find_import(session, import_id)
    if entry is None:
        raise ImportNotFound
    return entry
