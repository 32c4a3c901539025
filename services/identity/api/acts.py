"""REST: the audit trail, in words."""

from typing import Any

from flask_smorest import Blueprint

from services.identity.models.audit import AuditEntry
from services.identity.queries.audit import AUDIT_ORDER, AuditFilter, Names, entries_matching, names_of
from services.identity.schemas.acts import detail_label, detail_value
from services.identity.schemas.acts.entries import actor_name, sentence_of
from services.identity.schemas.audit import ActItem, ActQuery
from shared.web import answer_page, current, page_schema, paginate, require_scope

blp = Blueprint("acts", __name__, url_prefix="/acts", description="Who did what, when")


@blp.route("", methods=["GET"])
@require_scope("audit:read")
@blp.arguments(ActQuery, location="query")
@blp.response(200, page_schema(ActItem))
def list_all(query: dict[str, Any]) -> dict[str, Any]:
    """The acts, the newest first, as sentences in the language of Accept-Language."""
    party_id = query["party_id"]
    chosen = AuditFilter(party=str(party_id) if party_id else "", for_client=query["audience"] == "client")
    with current().db.read() as session:
        found = entries_matching(session, chosen)
        page = paginate(session, found, AUDIT_ORDER, cursor=query.get("cursor"), limit=query["limit"])
        names = names_of(session, page.items)
    return answer_page(page) | {"items": [_told(one, names) for one in page.items]}


def _told(entry: AuditEntry, names: Names) -> dict[str, Any]:
    details = [{"label": detail_label(d["name"]), "value": detail_value(d["name"], d["value"])} for d in entry.details]
    return {
        "id": entry.id,
        "at": entry.at,
        "act": entry.act,
        "text": sentence_of(entry, names),
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_name": actor_name(entry, names),
        "details": details,
    }
