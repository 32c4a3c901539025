"""The batches: history, progress, and who got no letter."""

import uuid
from typing import Any

from flask import Blueprint, render_template, request

from services.identity.models.batches import BatchMember
from services.identity.pages.shown import WORDS
from services.identity.queries.batches import (
    BATCH_ORDER,
    all_batches,
    count_reasons,
    duration_of,
    find_batch,
    skipped_members,
)
from shared import clock
from shared.web import Problem, current, paginate, staff_required

blp = Blueprint("batch_pages", __name__, url_prefix="/backoffice/identity/batches")

REFRESH = 1
ROWS = 50


@blp.get("/")
@staff_required()
def show_all() -> str:
    """Who started which batch, when, and what became of it."""
    with current().db.read() as session:
        page = paginate(session, all_batches(), BATCH_ORDER, cursor=request.args.get("cursor"), limit=ROWS)
    running = any(batch.state == "running" for batch in page.items)
    return render_template("identity/batches.html", page=page, refresh=5 if running else None, **WORDS)


@blp.get("/<uuid:batch_id>")
@staff_required()
def show(batch_id: uuid.UUID) -> Any:
    """One batch, and how far it is; the page renews itself while it runs."""
    with current().db.read() as session:
        batch = find_batch(session, batch_id)
        if batch is None:
            raise Problem(404)
        reasons = count_reasons(session, batch_id)
        page = paginate(
            session,
            skipped_members(batch_id),
            [(BatchMember.party_id, False)],
            cursor=request.args.get("cursor"),
            limit=ROWS,
        )
    return render_template(
        "identity/batch.html",
        batch=batch,
        counts=reasons,
        page=page,
        seconds=duration_of(batch, clock.now()),
        refresh=REFRESH if batch.state == "running" else None,
        **WORDS,
    )
