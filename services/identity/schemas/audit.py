"""The audit trail over HTTP."""

import marshmallow as ma

from services.identity.schemas.acts import KINDS
from shared.web import PageQuery


class ActQuery(PageQuery):
    """Of whom acts are asked for."""

    party_id = ma.fields.UUID(
        load_default=None, allow_none=True, metadata={"description": "Only what was done to, or for, this party"}
    )
    audience = ma.fields.String(
        load_default="staff",
        validate=ma.validate.OneOf(["staff", "client"]),
        metadata={"description": "`client`: only what the client may read, without internal notes and the like"},
    )


class ActDetail(ma.Schema):
    """One thing more about an act, in words."""

    label = ma.fields.String(required=True)
    value = ma.fields.String(required=True)


class ActItem(ma.Schema):
    """One act. `text`, `label` and `value` are in the language of Accept-Language."""

    id = ma.fields.UUID(required=True)
    at = ma.fields.AwareDateTime(required=True)
    act = ma.fields.String(required=True)
    text = ma.fields.String(required=True, metadata={"description": "What happened, as a sentence"})
    actor_kind = ma.fields.String(required=True, validate=ma.validate.OneOf(list(KINDS)))
    actor_id = ma.fields.String(required=True)
    actor_name = ma.fields.String(required=True)
    details = ma.fields.List(ma.fields.Nested(ActDetail), required=True)
