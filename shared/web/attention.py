"""What needs somebody's attention in a service, for the start page of the back office."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from marshmallow.validate import OneOf
from sqlalchemy.orm import Session

from shared.web.context import current
from shared.web.tokens import require_scope

LEVELS = ("bad", "waiting", "info")


@dataclass(frozen=True, kw_only=True)
class Attention:
    """One line of the start page: what there is, how many, how bad (one of LEVELS), and the page that deals with it."""

    text: str
    count: int
    level: str
    href: str


class AttentionOut(Schema):
    """One thing that needs attention."""

    text = fields.String(required=True, metadata={"description": "In the reader's language (Accept-Language)."})
    count = fields.Integer(required=True)
    level = fields.String(required=True, validate=OneOf(LEVELS))
    href = fields.String(required=True)


class AttentionList(Schema):
    """What needs attention, the most urgent first; empty when all is well."""

    items = fields.List(fields.Nested(AttentionOut), required=True)


def attention_blueprint(list_attention: Callable[[Session], Sequence[Attention]]) -> Blueprint:
    """`GET /attention` of a service. The reads behind it must be quick whatever the number of rows."""
    blueprint = Blueprint("attention", __name__, url_prefix="/attention", description="What needs attention")

    @blueprint.route("")
    class AttentionView(MethodView):
        @require_scope("attention:read")
        @blueprint.response(200, AttentionList)
        def get(self) -> Any:
            """What needs somebody's attention now."""
            with current().db.read() as session:
                return {"items": list_attention(session)}

    return blueprint
