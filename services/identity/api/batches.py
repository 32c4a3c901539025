"""REST: credentials for many at once."""

import uuid
from typing import Any

import marshmallow as ma
from flask import g, request, url_for
from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.identity.actions.batches import BatchWish, preview_wish, start_batch
from services.identity.actions.catching_up import MOST_ASKED, SHORTLY, fetch_unknown, wait_for_copy
from services.identity.actions.runtime import runtime
from services.identity.api.credentials import prepared
from services.identity.api.problems import requester
from services.identity.models.batches import CredentialBatch
from services.identity.queries.batches import BATCH_ORDER, all_batches, find_batch
from services.identity.schemas.batches import BatchAnswer, BatchOrder, BatchPreview
from shared.web import PageQuery, Problem, answer_page, current, idempotent, page_schema, paginate, require_scope
from shared.web.services_http import ServiceUnavailable

blp = Blueprint("batches", __name__, url_prefix="/credential-batches", description="Keys for many at once")


@blp.route("", methods=["POST"])
@require_scope("credentials:issue")
@idempotent
@blp.arguments(BatchOrder)
@blp.response(202, BatchAnswer)
def start(session: Session, wish: BatchWish) -> tuple[CredentialBatch, dict[str, str]]:
    """Start a batch. With an Idempotency-Key asking twice starts one."""
    batch = start_batch(session, wish, requester())
    return batch, {"Location": url_for("batches.get", batch_id=batch.id)}


def _prepare_preview() -> None:
    try:
        wish: Any = BatchOrder().load(request.get_json(silent=True) or {})
    except ma.ValidationError:
        return
    g.complete = catch_up(wish)


def catch_up(wish: BatchWish) -> bool:
    """Wait a little for parties that were just registered; whether all of them are known now."""
    held, db = runtime(), current().db
    complete = wait_for_copy(db, held.clients.directory, SHORTLY)
    try:
        fetch_unknown(db, held.clients.directory, list(wish.party_ids)[:MOST_ASKED])
    except ServiceUnavailable:
        return False
    return complete


@blp.route("/preview", methods=["POST"])
@require_scope("credentials:issue")
@prepared(_prepare_preview)
@blp.arguments(BatchOrder)
@blp.response(200, BatchPreview)
def preview(wish: BatchWish) -> dict[str, Any]:
    """Count who would get a letter, and tell who would not and why. Nothing is started."""
    with current().db.write() as session:
        found = preview_wish(session, wish)
    return {
        "total": found.total,
        "scope": wish.effective_scope,
        "skipped": [{"party_id": party, "reason": reason} for party, reason in found.skipped],
        "skipped_total": len(found.skipped),
        "complete": g.complete,
    }


@blp.route("", methods=["GET"])
@require_scope("credentials:issue")
@blp.arguments(PageQuery, location="query")
@blp.response(200, page_schema(BatchAnswer))
def list_all(query: dict[str, Any]) -> dict[str, Any]:
    """The batches, the newest first."""
    with current().db.read() as session:
        return answer_page(paginate(session, all_batches(), BATCH_ORDER, **query))


@blp.route("/<uuid:batch_id>", methods=["GET"])
@require_scope("credentials:issue")
@blp.response(200, BatchAnswer)
def get(batch_id: uuid.UUID) -> CredentialBatch:
    """One batch and how far it is."""
    with current().db.read() as session:
        batch = find_batch(session, batch_id)
    if batch is None:
        raise Problem(404)
    return batch
