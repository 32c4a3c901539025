"""Guests over HTTP."""

import marshmallow as ma
from flask_babel import gettext

from shared.i18n import LANGUAGES

LONGEST_NAME = 300


class GuestAddress(ma.Schema):
    """An e-mail address of which the portal asks who it is."""

    address = ma.fields.String(required=True, validate=ma.validate.Length(1, 320))


class GuestFound(ma.Schema):
    """Who signs in with an address."""

    subject = ma.fields.UUID(
        required=True,
        allow_none=True,
        metadata={"description": "The guest, else the one active party that alone has the address; null: nobody"},
    )
    has_access = ma.fields.Boolean(required=True, metadata={"description": "Whether some password lets them in now"})


class GuestOrder(ma.Schema):
    """Let somebody in who is no party."""

    address = ma.fields.Email(required=True, validate=ma.validate.Length(max=254))
    name = ma.fields.String(required=True, validate=ma.validate.Length(1, LONGEST_NAME))
    language = ma.fields.String(required=True, validate=ma.validate.OneOf(LANGUAGES))
    password = ma.fields.String(required=True, validate=ma.validate.Length(0, 1024), metadata={"writeOnly": True})
    initial = ma.fields.Boolean(
        load_default=False,
        metadata={
            "description": "Somebody else typed the password: it has to be changed at the first sign-in, and ends if "
            "nobody uses it in time"
        },
    )

    @ma.validates("name")
    def _says_something(self, name: str, **_: object) -> None:
        if not name.strip():
            raise ma.ValidationError(gettext("Missing data for required field."))

    @ma.post_load
    def _trim(self, data: dict[str, object], **_: object) -> dict[str, object]:
        return data | {"address": str(data["address"]).strip(), "name": str(data["name"]).strip()}


class GuestAnswer(ma.Schema):
    """Who signs in with the address now."""

    subject = ma.fields.UUID(required=True)
    credential_id = ma.fields.UUID(required=True, allow_none=True)
    created = ma.fields.Boolean(
        required=True,
        metadata={"description": "False where the address had access before: nothing changed, the password is unknown"},
    )
