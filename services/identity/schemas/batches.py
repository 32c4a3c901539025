"""Batches over HTTP."""

from typing import Any

import marshmallow as ma
from flask_babel import gettext

from services.identity.actions.batches import BatchWish
from services.identity.rules.eligibility import CLASSES, SCOPES

MOST_PICKS = 100_000


class BatchOrder(ma.Schema):
    """Whom a batch is for. No class means both; naming nobody means everybody."""

    classes = ma.fields.List(ma.fields.String(validate=ma.validate.OneOf(CLASSES)), load_default=list(CLASSES))
    scope = ma.fields.String(load_default="all", validate=ma.validate.OneOf(SCOPES))
    party_ids = ma.fields.List(ma.fields.UUID(), load_default=list, validate=ma.validate.Length(max=MOST_PICKS))
    delivery = ma.fields.String(load_default="password", validate=ma.validate.OneOf(["password", "link"]))
    exclude_with_access = ma.fields.Boolean(load_default=False)

    @ma.validates_schema
    def _picks_need_a_scope(self, data: dict[str, Any], **_: object) -> None:
        if data["scope"] == "all" and data["party_ids"]:
            raise ma.ValidationError(gettext("With the scope all nobody is picked: say only or except."), "scope")

    @ma.post_load
    def _make(self, data: dict[str, Any], **_: object) -> BatchWish:
        return BatchWish(**data)


class Skipped(ma.Schema):
    """Who gets no letter, and why."""

    party_id = ma.fields.UUID()
    reason = ma.fields.String()


class BatchPreview(ma.Schema):
    """What a batch would do. `scope` is `all` where nobody was picked."""

    total = ma.fields.Integer(required=True, metadata={"description": "Letters to come"})
    scope = ma.fields.String(required=True)
    skipped = ma.fields.List(ma.fields.Nested(Skipped), required=True)
    skipped_total = ma.fields.Integer(required=True)
    complete = ma.fields.Boolean(
        required=True, metadata={"description": "False while parties that were just registered may still be missing"}
    )


class BatchAnswer(ma.Schema):
    """A batch. `total` counts letters to come; it is 0 until `counted`."""

    id = ma.fields.UUID(required=True)
    state = ma.fields.String(required=True, metadata={"description": "running, finished or failed"})
    counted = ma.fields.Function(lambda batch: batch.frozen_at is not None, metadata={"type": "boolean"})
    classes = ma.fields.List(ma.fields.String())
    scope = ma.fields.String()
    delivery = ma.fields.String()
    exclude_with_access = ma.fields.Boolean()
    total = ma.fields.Integer()
    issued = ma.fields.Integer()
    skipped = ma.fields.Integer()
    requested_by = ma.fields.String()
    requested_at = ma.fields.AwareDateTime()
    finished_at = ma.fields.AwareDateTime(allow_none=True)
    problem = ma.fields.String(allow_none=True)
