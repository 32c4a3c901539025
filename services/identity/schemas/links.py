"""Single-use links over HTTP."""

import marshmallow as ma

from shared.web import PageQuery

PURPOSES = ("activation", "recovery")


class LinkQuery(PageQuery):
    """Filters of the list of links that work now."""

    party_id = ma.fields.UUID(load_default=None, allow_none=True)
    batch_id = ma.fields.UUID(load_default=None, allow_none=True)
    purpose = ma.fields.String(load_default="", validate=ma.validate.OneOf(("", *PURPOSES)))
    expires_before = ma.fields.AwareDateTime(load_default=None, allow_none=True)


class LinkItem(ma.Schema):
    """A link that works now; where it leads is known only to its reader. `issued_by` is null where the client asked."""

    id = ma.fields.UUID(required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    party_id = ma.fields.UUID(required=True)
    credential_id = ma.fields.UUID(required=True, allow_none=True)
    batch_id = ma.fields.UUID(required=True, allow_none=True)
    issued_by = ma.fields.String(required=True, allow_none=True)
    created_at = ma.fields.AwareDateTime(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)


class LinkRevoked(ma.Schema):
    """How many links stopped working: one, or none if it had been used, revoked or had expired."""

    revoked = ma.fields.Integer(required=True)
