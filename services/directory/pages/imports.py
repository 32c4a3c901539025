"""Pages of imports: upload, look at what would happen, apply, watch, and the rows that were left out."""

import uuid
from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from services.directory.actions.imports import ImportNotFound, ImportNotReady, apply_import, map_columns
from services.directory.actions.uploads import ImportOptions, receive_import
from services.directory.models import Import
from services.directory.pages.forms import CLASS_NAMES, DOCUMENTS
from services.directory.queries.imports import (
    RUNNING,
    find_import,
    list_flagged_rows,
    list_imports,
    list_sample,
)
from services.directory.rules.columns import FIELDS, NEEDED, OWN, TITLES
from services.directory.rules.parties import CLASSES
from services.directory.schemas.imports import describe_import
from services.directory.schemas.texts import mapping_text
from shared.documents import DOCUMENT_TYPES
from shared.i18n import language
from shared.sheets.text import UnusableFile
from shared.sheets.uploads import FileTooLarge, open_upload
from shared.web import BadCursor, current, error_answer, staff_required

Answer = str | Response | tuple[str, int]
REFRESH = 2
SAMPLE = 3

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
    document_type, classes = _defaults()
    options = ImportOptions(apply=False, document_type=document_type, classes=classes, ask=True)
    limit: int = current().settings.import_limit  # type: ignore[attr-defined]
    try:
        opened = open_upload(file.stream, limit)
        with current().db.write() as session:
            entry = receive_import(session, opened, file.filename, options)
    except (UnusableFile, FileTooLarge) as error:
        status, text, _ = error_answer(error)
        return _upload_page(text, status)
    following = "import_pages.columns" if entry.state == "mapping" else "import_pages.show"
    return redirect(url_for(following, import_id=entry.id), 303)


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
        sheets=entry.sheets,
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


@import_pages.get("/<uuid:import_id>/columns")
@staff_required("agent")
def columns(import_id: uuid.UUID) -> Answer:
    """The form that says which column of the file is what."""
    return _columns_page(import_id)


@import_pages.post("/<uuid:import_id>/columns")
@staff_required("agent")
def choose_columns(import_id: uuid.UUID) -> Answer:
    """Take over what was chosen; the file is checked with it."""
    document_type, classes = _defaults()
    with current().db.read() as session:
        entry = _existing(session, import_id)
    own = entry.columns.fields
    chosen = [request.form.get(f"column-{number}", "") for number in range(len(entry.header))]
    fields = [mine if mine in OWN else name if name in FIELDS else "" for mine, name in zip(own, chosen, strict=True)]
    try:
        with current().db.write() as session:
            map_columns(session, import_id, fields, document_type=document_type, classes=classes)
    except UnusableFile as error:
        return _columns_page(import_id, fields, mapping_text(error.reason, error.hint), 422)
    flash(gettext("The file is checked with these columns. The next one with the same titles is read so too."), "info")
    return redirect(url_for("import_pages.show", import_id=import_id), 303)


def _existing(session: Session, import_id: uuid.UUID) -> Import:
    entry = find_import(session, import_id)
    if entry is None:
        raise ImportNotFound
    return entry


def _defaults() -> tuple[str, tuple[str, ...]]:
    """Document type and classes of rows that name none, as the form says."""
    kind, chosen = request.form.get("document_type", ""), request.form.get("classes", "")
    classes = CLASSES if chosen == "both" else tuple(name for name in CLASSES if name == chosen)
    return kind if kind in DOCUMENT_TYPES else "", classes


def _columns_page(
    import_id: uuid.UUID, chosen: Sequence[str] | None = None, error: str = "", status: int = 200
) -> Answer:
    with current().db.read() as session:
        entry = _existing(session, import_id)
        sample = list_sample(session, entry, SAMPLE)
    if entry.state not in ("mapping", "ready") or entry.purged_at:
        raise ImportNotReady
    document_type, classes = _defaults() if chosen is not None else (entry.default_document_type, entry.default_classes)
    page = render_template(
        "directory/import_columns.html",
        entry=entry,
        columns=[
            (number, title, [cells[number] for cells in sample], field)
            for number, (title, field) in enumerate(zip(entry.header, chosen or entry.columns.fields, strict=True))
            if field not in OWN
        ],
        fields={name: TITLES[language()][name] for name in FIELDS},
        needed=NEEDED,
        error=error,
        documents=DOCUMENTS,
        classes=CLASS_NAMES,
        document_type=document_type,
        chosen_classes="both" if len(classes) > 1 else next(iter(classes), ""),
    )
    return page, status


def _upload_page(error: str = "", status: int = 200) -> Answer:
    titles = TITLES[language()]
    page = render_template(
        "directory/upload.html",
        error=error,
        documents=DOCUMENTS,
        classes=CLASS_NAMES,
        needed=[titles[name] for name in NEEDED],
        optional=[titles[name] for name in FIELDS if name not in (*NEEDED, "tenant", "owner")],
        megabytes=current().settings.import_megabytes,  # type: ignore[attr-defined]
    )
    return page, status
