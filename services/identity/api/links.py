"""REST: the single-use links that still work."""

import uuid
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy.orm import Session

from services.identity.actions.links import revoke_links
from services.identity.api.problems import requester
from services.identity.models.credentials import SecretLink
from services.identity.queries.links import SOONEST, LinkFilter, live_links
from services.identity.schemas.links import LinkItem, LinkQuery, LinkRevoked
from shared.web import Problem, answer_page, current, idempotent, page_schema, paginate, require_scope

blp = Blueprint("links", __name__, url_prefix="/links", description="Single-use links that still work")


@blp.route("", methods=["GET"])
@require_scope("credentials:issue")
@blp.arguments(LinkQuery, location="query")
@blp.response(200, page_schema(LinkItem))
def list_all(query: dict[str, Any]) -> dict[str, Any]:
    """The links that work now, first those that expire first."""
    cursor, limit = query.pop("cursor", None), query.pop("limit")
    with current().db.read() as session:
        return answer_page(paginate(session, live_links(LinkFilter(**query)), SOONEST, cursor=cursor, limit=limit))


@blp.route("/<uuid:link_id>/revoke", methods=["POST"])
@require_scope("credentials:issue")
@idempotent
@blp.response(200, LinkRevoked)
@blp.alt_response(404, description="There is no such link")
def revoke(session: Session, link_id: uuid.UUID) -> dict[str, int]:
    """Make a link useless before it is used. A password that worked before goes on."""
    if session.get(SecretLink, link_id) is None:
        raise Problem(404)
    return {"revoked": revoke_links(session, [link_id], requester())}
