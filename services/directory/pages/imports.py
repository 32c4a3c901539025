"""Pages of imports: upload, look at what would happen, apply, watch, and the rows that were left out."""

import csv
import io
import uuid
from collections.abc import Iterator

from flask import Blueprint, flash, redirect, render_template, request, stream_with_context, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.directory.actions.imports import (
    FileTooLarge,
    ImportNotFound,
    ImportOptions,
    apply_import,
    receive_import,
)
from services.directory.models import Import
from services.directory.pages.forms import CLASS_NAMES, DOCUMENTS
from services.directory.queries.imports import (
    RUNNING,
    find_import,
    list_flagged_rows,
    list_imports,
    list_rejected_rows,
)
from services.directory.rules.files import UnusableFile
from services.directory.rules.parties import CLASSES
from services.directory.schemas.imports import describe_import
from services.directory.schemas.texts import problem_text
from shared.documents import DOCUMENT_TYPES
from shared.i18n import language
from shared.web import BadCursor, current, current_staff, error_answer, staff_required

Answer = str | Response | tuple[str, int]
REFRESH = 2
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 500

NEEDED = {
    "es": ("tipo de documento", "documento", "nombre", "clase"),
    "en": ("document type", "document number", "name", "class"),
}
OPTIONAL = {
    "es": (
        *("apellidos", "correo", "otros correos", "teléfono", "dirección", "ciudad", "departamento"),
        *("código postal", "país", "idioma", "código", "activo", "notas"),
    ),
    "en": (
        *("last name", "email", "other emails", "phone", "address", "city", "region"),
        *("postal code", "country", "language", "code", "active", "notes"),
    ),
}
"""Of the headings that rules/tables.py understands, those to show to a reader of each language."""

import_pages = Blueprint("import_pages", __name__, url_prefix="/imports")


@import_pages.get("/")
@staff_required()
def history() -> Answer:
    """Every import, the newest first."""
    with current().db.read() as session:
        try:
            page = list_imports(session, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_imports(session)
    running = any(entry.state in RUNNING for entry in page.items)
    shown = [describe_import(entry) for entry in page.items]
    return render_template("directory/imports.html", page=page, imports=shown, refresh=REFRESH * 2 if running else None)


@import_pages.get("/new")
@staff_required("agent")
def new() -> Answer:
    """The form to upload a file."""
    return _upload_page()


@import_pages.post("/new")
@staff_required("agent")
def upload() -> Answer:
    """Take a file in; the page that follows shows its check."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _upload_page(gettext("Choose a file."), 422)
    chosen = request.form.get("classes", "")
    options = ImportOptions(
        apply=False,
        document_type=request.form["document_type"] if request.form.get("document_type") in DOCUMENT_TYPES else "",
        classes=CLASSES if chosen == "both" else tuple(name for name in CLASSES if name == chosen),
    )
    staff, limit = current_staff(), current().settings.import_limit  # type: ignore[attr-defined]
    try:
        with current().db.write() as session:
            entry = receive_import(
                session, file.stream, file.filename, options, limit=limit, created_by=staff.name if staff else ""
            )
    except (UnusableFile, FileTooLarge) as error:
        status, text, _ = error_answer(error)
        return _upload_page(text, status)
    return redirect(url_for("import_pages.show", import_id=entry.id), 303)


@import_pages.get("/<uuid:import_id>")
@staff_required()
def show(import_id: uuid.UUID) -> Answer:
    """How far an import is, what it did or would do, and what is wrong with which row."""
    with current().db.read() as session:
        entry = _existing(session, import_id)
        warnings = "warnings" in request.args or not entry.skipped
        try:
            page = list_flagged_rows(session, import_id, warnings=warnings, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_flagged_rows(session, import_id, warnings=warnings)
    return render_template(
        "directory/import.html",
        entry=describe_import(entry),
        expected=entry.total - entry.skipped,
        purged=entry.purged_at,
        page=page,
        warnings=warnings,
        refresh=REFRESH if entry.state in RUNNING else None,
    )


@import_pages.post("/<uuid:import_id>/apply")
@staff_required("agent")
def apply(import_id: uuid.UUID) -> Answer:
    """Apply what was checked."""
    with current().db.write() as session:
        apply_import(session, import_id)
    flash(gettext("The import is being applied. It goes on even if you leave this page."), "info")
    return redirect(url_for("import_pages.show", import_id=import_id), 303)


@import_pages.get("/<uuid:import_id>/rejected.csv")
@staff_required()
def rejected(import_id: uuid.UUID) -> Response:
    """The rows that were left out, as they were, with the reason: to be corrected and uploaded again."""
    with current().db.read() as session:
        entry = _existing(session, import_id)
    reason = gettext("Problem")
    db = current().db

    def lines() -> Iterator[str]:
        yield "\ufeff" + _line([*entry.header, reason], entry.delimiter)
        after = 0
        while True:
            with db.read() as session:
                rows = list_rejected_rows(session, import_id, after, BATCH)
            for row in rows:
                texts = " · ".join(f"{p['column']}: {problem_text(p)}" for p in row.problems if not p["warning"])
                cells = [*(row.raw or []), *[""] * len(entry.header)][: len(entry.header)]
                yield _line([*cells, texts], entry.delimiter)
            if len(rows) < BATCH:
                return
            after = rows[-1].number

    name = entry.filename.rpartition(".")[0] or entry.filename
    response = Response(stream_with_context(lines()), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{gettext('rejected')}.csv")
    return response


def _line(cells: list[str], delimiter: str) -> str:
    """A line of CSV that a spreadsheet does not take for formulas."""
    text = io.StringIO()
    safe = [f"'{cell}" if cell.startswith(FORMULA) and not _is_phone(cell) else cell for cell in cells]
    csv.writer(text, delimiter=delimiter).writerow(safe)
    return text.getvalue()


def _is_phone(cell: str) -> bool:
    return cell.startswith("+") and cell[1:].replace(" ", "").isdigit()


def _existing(session: Session, import_id: uuid.UUID) -> Import:
    entry = find_import(session, import_id)
    if entry is None:
        raise ImportNotFound
    return entry


def _upload_page(error: str = "", status: int = 200) -> Answer:
    page = render_template(
        "directory/upload.html",
        error=error,
        documents=DOCUMENTS,
        classes=CLASS_NAMES,
        needed=NEEDED[language()],
        optional=OPTIONAL[language()],
        megabytes=current().settings.import_megabytes,  # type: ignore[attr-defined]
    )
    return page, status
