"""Pages of imports of invoices: upload, look at what would be issued, issue it, watch, and the rows with problems."""

import uuid
from collections.abc import Iterator

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from services.portal.actions.import_reading import receive_import
from services.portal.actions.invoice_imports import (
    RUNNING,
    UNREADABLE,
    ImportNotReady,
    ImportUnknown,
    apply_import,
    cancel_import,
)
from services.portal.models import InvoiceImport
from services.portal.queries.invoice_imports import count_rows, find_import, list_bad_rows, list_imports, sum_rows
from services.portal.rules.import_columns import COLUMNS, NEEDED, TITLES
from services.portal.schemas.import_texts import IMPORT_STATES, file_problem_text, row_problem_text, template_rows
from shared.db import Database
from shared.i18n import language
from shared.sheets.text import UnusableFile
from shared.sheets.uploads import FileTooLarge, open_upload
from shared.web import BadCursor, current, staff_required
from shared.web.exports import Row, stream_table

Answer = str | Response | tuple[str, int]
REFRESH = 2
CHUNK = 1000

invoice_imports = Blueprint("invoice_imports", __name__, url_prefix="/backoffice/portal/invoices/imports")


@invoice_imports.get("", strict_slashes=False)
@staff_required()
def index() -> Answer:
    """The form to upload a file, and every import, the newest first."""
    return _index()


@invoice_imports.post("", strict_slashes=False)
@staff_required("agent")
def upload() -> Answer:
    """Take a file in; the page that follows shows what it would issue."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return _index(gettext("Choose a file."), 422)
    limit: int = current().settings.upload_limit  # type: ignore[attr-defined]
    try:
        opened = open_upload(file.stream, limit)
        with opened.content as content:
            text = content.read()
        with current().db.write() as session:
            entry = receive_import(session, text, file.filename)
    except UnusableFile as error:
        return _index(file_problem_text(error.reason, error.hint), 422)
    except FileTooLarge:
        return _index(gettext("The file is too large: at most %(most)s MB.", most=limit // 2**20), 413)
    return redirect(url_for("invoice_imports.show", import_id=entry.id), 303)


@invoice_imports.get("/<uuid:import_id>")
@staff_required()
def show(import_id: uuid.UUID) -> Answer:
    """How far an import is, what it would issue or did, and what is wrong with which row."""
    with current().db.read() as session:
        entry = find_import(session, import_id) or abort(404)
        counts = count_rows(session, import_id)
        sums = sum_rows(session, import_id, "good")
        try:
            page = list_bad_rows(session, import_id, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_bad_rows(session, import_id)
    return render_template(
        "portal/desk/import.html",
        entry=entry,
        state=IMPORT_STATES[entry.state],
        counts=counts,
        sums=sums,
        page=page,
        titles=TITLES[language()],
        columns=COLUMNS,
        problem_text=row_problem_text,
        trouble=file_problem_text(*entry.message.partition(":")[::2]) if entry.state == UNREADABLE else "",
        refresh=REFRESH if entry.state in RUNNING else None,
    )


@invoice_imports.route("/<uuid:import_id>/issue", methods=["GET", "POST"])
@staff_required("agent")
def issue(import_id: uuid.UUID) -> Answer:
    """Issue what was found good, after asking."""
    entry = _existing(import_id)
    back = url_for("invoice_imports.show", import_id=import_id)
    if request.method == "GET":
        with current().db.read() as session:
            good, sums = count_rows(session, import_id).get("good", 0), sum_rows(session, import_id, "good")
        return render_template(
            "portal/desk/import_issue.html",
            title=gettext("Issue these invoices"),
            number=good,
            message=gettext("So many invoices are issued; their clients see them and owe them."),
            sums=sums,
            details=[gettext("Rows with problems are left out."), gettext("What was issued can only be voided.")],
            action=request.path,
            accept=gettext("Issue the invoices"),
            cancel=back,
            entry=entry,
        )
    try:
        with current().db.write() as session:
            apply_import(session, import_id)
    except (ImportNotReady, ImportUnknown):
        flash(gettext("This import cannot be issued any more."), "warning")
        return redirect(back, 303)
    flash(gettext("The invoices are being issued. It goes on even if you leave this page."), "info")
    return redirect(back, 303)


@invoice_imports.post("/<uuid:import_id>/cancel")
@staff_required("agent")
def cancel(import_id: uuid.UUID) -> Answer:
    """Leave it: nothing of it will be issued."""
    _existing(import_id)
    try:
        with current().db.write() as session:
            cancel_import(session, import_id)
        flash(gettext("Nothing of this file will be issued."), "info")
    except (ImportNotReady, ImportUnknown):
        flash(gettext("This import cannot be cancelled any more."), "warning")
    return redirect(url_for("invoice_imports.show", import_id=import_id), 303)


@invoice_imports.get("/<uuid:import_id>/problems.<any(csv, xlsx):kind>")
@staff_required()
def problems(import_id: uuid.UUID, kind: str) -> Response:
    """The rows with problems as they were, each with what is wrong: to be corrected and uploaded again."""
    entry = _existing(import_id)
    titles = TITLES[language()]
    header = [*(titles[name] for name in COLUMNS), titles["problem"]]
    name = f"{entry.filename.rpartition('.')[0] or entry.filename}-{gettext('problems')}"
    return stream_table(kind, name, header, _problem_rows(current().db, import_id))


@invoice_imports.get("/template.<any(csv, xlsx):kind>")
@staff_required()
def template(kind: str) -> Response:
    """An empty table with the right columns and two examples, which an import leaves out."""
    titles = TITLES[language()]
    header = [titles[name] for name in COLUMNS]
    return stream_table(kind, gettext("invoices-template"), header, template_rows(language()))


def _problem_rows(db: Database, import_id: uuid.UUID) -> Iterator[Row]:
    cursor = None
    while True:
        with db.read() as session:
            page = list_bad_rows(session, import_id, cursor=cursor, limit=CHUNK)
        for row in page.items:
            yield [*row.cells, " · ".join(row_problem_text(one, with_column=True) for one in row.problems)]
        if page.next is None:
            return
        cursor = page.next


def _existing(import_id: uuid.UUID) -> InvoiceImport:
    with current().db.read() as session:
        return find_import(session, import_id) or abort(404)


def _index(error: str = "", status: int = 200) -> Answer:
    with current().db.read() as session:
        try:
            page = list_imports(session, cursor=request.args.get("cursor"))
        except BadCursor:
            page = list_imports(session)
    titles = TITLES[language()]
    shown = render_template(
        "portal/desk/imports.html",
        page=page,
        states=IMPORT_STATES,
        error=error,
        megabytes=current().settings.upload_limit // 2**20,  # type: ignore[attr-defined]
        needed=[titles[name] for name in NEEDED],
        optional=[titles[name] for name in COLUMNS if name not in NEEDED],
        refresh=REFRESH * 2 if any(entry.state in RUNNING for entry in page.items) else None,
    )
    return shown, status
