"""Generar y enviar contraseñas de terceros: choose, look at what will happen, accept."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from services.identity.actions.catching_up import SHORTLY, wait_for_copy
from services.identity.actions.drafts import (
    AlreadyStarted,
    as_it_counts,
    change_draft,
    count_picks,
    ensure_draft,
    start_from_draft,
    tick_matching,
    tick_parties,
    untick_all,
)
from services.identity.actions.runtime import runtime
from services.identity.models.batches import BatchDraft
from services.identity.pages.shown import BY_NAME, WORDS, asked_filter, ids_of
from services.identity.queries.batches import list_picked, preview_members, skipped_of_preview
from services.identity.queries.parties import parties_matching
from shared.web import Staff, current, current_staff, paginate, staff_required

blp = Blueprint("drafts", __name__, url_prefix="/backoffice/identity")

ROWS = 50
SHOWN_SKIPPED = 500
CLASS_CHOICES = {"tenant": ["tenant"], "owner": ["owner"], "both": ["tenant", "owner"]}
SCOPES = ("all", "only", "except")
DELIVERIES = ("password", "link")


@blp.get("/")
@staff_required()
def home() -> Any:
    """The back office opens where most work is done."""
    staff = current_staff()
    return redirect(url_for("drafts.show" if staff and staff.may_change else "batch_pages.show_all"), 303)


@blp.get("/batches/new")
@staff_required("agent")
def show() -> str:
    """Class, scope, and the people to pick."""
    chosen, given = asked_filter()
    with current().db.write() as session:
        draft = ensure_draft(session, _me())
        page = paginate(session, parties_matching(chosen), BY_NAME, cursor=request.args.get("cursor"), limit=ROWS)
        picked = list_picked(session, draft.id, [party.id for party in page.items])
        picks = count_picks(session, draft)
    return render_template(
        "identity/draft.html", draft=draft, page=page, picked=picked, picks=picks, given=given, **WORDS
    )


@blp.post("/batches/new")
@staff_required("agent")
def change() -> Any:
    """Every button of the page comes here: whatever was chosen and ticked is kept first, then the button counts."""
    chosen, given = asked_filter()
    form, go = request.form, request.form.get("go", "")
    with current().db.write() as session:
        draft = ensure_draft(session, _me())
        if "scope" in form:
            _take_choices(draft)
        tick_parties(session, draft, ids_of(form.getlist("shown")), ids_of(form.getlist("party")))
        if go == "tick_matching":
            tick_matching(session, draft, chosen)
        elif go == "untick_all":
            untick_all(session, draft)
    if go == "generate":
        return redirect(url_for("drafts.confirm"), 303)
    if go == "clear":
        given = {}
    cursor = go.removeprefix("cursor:") if go.startswith("cursor:") else None
    if go == "save":
        cursor = form.get("cursor") or None
    query: dict[str, Any] = {**given, "cursor": cursor}
    return redirect(url_for("drafts.show", _anchor="people", **query), 303)


def _take_choices(draft: BatchDraft) -> None:
    form = request.form
    change_draft(
        draft,
        classes=CLASS_CHOICES.get(form.get("classes", ""), CLASS_CHOICES["both"]),
        scope=form["scope"] if form["scope"] in SCOPES else "all",
        delivery=form["delivery"] if form.get("delivery") in DELIVERIES else "password",
        exclude_with_access="exclude_with_access" in form,
    )


@blp.get("/batches/new/confirm")
@staff_required("agent")
def confirm() -> Any:
    """How many letters, to whom not and why: before anything is started."""
    complete = wait_for_copy(current().db, runtime().clients.directory, SHORTLY)
    with current().db.write() as session:
        draft = ensure_draft(session, _me())
        return _confirm_page(session, draft, complete)


def _confirm_page(session: Session, draft: BatchDraft, complete: bool) -> str:
    meant = as_it_counts(session, draft)
    picks = count_picks(session, draft)
    preview = preview_members(session, meant)
    skipped = session.execute(skipped_of_preview(meant).limit(SHOWN_SKIPPED)).all() if preview.skipped else []
    return render_template(
        "identity/draft_confirm.html",
        draft=draft,
        meant=meant,
        picks=picks,
        preview=preview,
        skipped=sorted(skipped, key=lambda row: (row.reason, row.name or "")),
        complete=complete,
        **WORDS,
    )


@blp.post("/batches/new/start")
@staff_required("agent")
def start() -> Any:
    """Accepted: start the batch, if the number is still the one that was shown."""
    draft_ids, staff = ids_of([request.form.get("draft", "")]), _staff()
    try:
        with current().db.write() as session:
            draft = ensure_draft(session, _me())
            total = preview_members(session, as_it_counts(session, draft)).total
            if draft_ids != [draft.id]:
                raise AlreadyStarted
            if request.form.get("total") != str(total) or not total:
                flash(gettext("The number changed meanwhile. Look at it again before you accept."), "warning")
                return _confirm_page(session, draft, True)
            batch = start_from_draft(session, draft.id, _me(), staff.name, count=total)
    except AlreadyStarted:
        flash(gettext("This was already started; here is the history."), "info")
        return redirect(url_for("batch_pages.show_all"), 303)
    text = ngettext("Started: %(num)s letter is being prepared.", "Started: %(num)s letters are being prepared.", total)
    flash(text, "success")
    return redirect(url_for("batch_pages.show", batch_id=batch.id), 303)


def _staff() -> Staff:
    staff = current_staff()
    if staff is None:
        raise RuntimeError("only for views that need staff")
    return staff


def _me() -> uuid.UUID:
    return uuid.UUID(_staff().id)
