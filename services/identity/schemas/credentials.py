"""Credentials over HTTP."""

import marshmallow as ma
from flask_babel import gettext

from services.identity.rules.eligibility import DELIVERIES


class CredentialOrder(ma.Schema):
    """Issue one credential."""

    party_id = ma.fields.UUID(required=True)
    mode = ma.fields.String(load_default="random", validate=ma.validate.OneOf(["random", "manual"]))
    password = ma.fields.String(
        load_default=None,
        allow_none=True,
        metadata={"description": "Only and always for mode manual", "writeOnly": True},
    )
    delivery = ma.fields.String(load_default="password", validate=ma.validate.OneOf(DELIVERIES))

    @ma.validates_schema
    def _password_goes_with_manual(self, data: dict[str, object], **_: object) -> None:
        if data["mode"] == "manual" and not data["password"]:
            raise ma.ValidationError(gettext("Missing data for required field."), "password")
        if data["mode"] == "random" and data["password"]:
            raise ma.ValidationError(gettext("A random password is not given but made."), "password")
        if data["mode"] == "manual" and data["delivery"] == "link":
            raise ma.ValidationError(
                gettext("With a link the client sets the password: there is none to give."), "delivery"
            )


class CredentialAnswer(ma.Schema):
    """What was issued. `password` only where nobody else will tell it: mode random, delivery none."""

    id = ma.fields.UUID(required=True)
    party_id = ma.fields.UUID(required=True)
    state = ma.fields.String(required=True)
    expires_at = ma.fields.AwareDateTime(required=True)
    letter = ma.fields.Boolean(required=True)
    address = ma.fields.String(required=True, allow_none=True)
    password = ma.fields.String()


class CredentialItem(ma.Schema):
    """One credential of a party."""

    id = ma.fields.UUID()
    state = ma.fields.String()
    origin = ma.fields.String()
    delivery = ma.fields.String()
    batch_id = ma.fields.UUID(allow_none=True)
    issued_at = ma.fields.AwareDateTime()
    issued_by = ma.fields.String()
    expires_at = ma.fields.AwareDateTime(allow_none=True)
    delivered_at = ma.fields.AwareDateTime(allow_none=True)
    activated_at = ma.fields.AwareDateTime(allow_none=True)
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    end_reason = ma.fields.String(allow_none=True)


class CredentialsOfParty(ma.Schema):
    """All credentials of a party, the newest first."""

    items = ma.fields.List(ma.fields.Nested(CredentialItem))
    can_sign_in = ma.fields.Boolean()


class Revoked(ma.Schema):
    """How many credentials ended."""

    revoked = ma.fields.Integer()


class SignIn(ma.Schema):
    """Who wants to sign in. `address` is that of the person's device."""

    login = ma.fields.String(required=True, validate=ma.validate.Length(1, 320))
    password = ma.fields.String(required=True, validate=ma.validate.Length(0, 1024), metadata={"writeOnly": True})
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class Verified(ma.Schema):
    """The answer: the same for every failure."""

    valid = ma.fields.Boolean(required=True)
    subject = ma.fields.UUID()
    guest = ma.fields.Boolean(
        metadata={"description": "Whether the subject is no party but somebody whom clients let in"}
    )
    credential_id = ma.fields.UUID()
    must_change = ma.fields.Boolean()
    second_factor = ma.fields.Boolean(
        metadata={
            "description": "Only where it is true: the password is right and opens nothing yet. Ask for the code and "
            "call verify-code with `proof`, which is good for five minutes"
        }
    )
    proof = ma.fields.String(metadata={"description": "With second_factor: for verify-code"})
    expired = ma.fields.Boolean(
        metadata={"description": "Only where it is true, of verify-code: begin again with login and password"}
    )


class CodeCheck(ma.Schema):
    """The second step of a sign-in. `address` is that of the person's device."""

    subject = ma.fields.UUID(required=True)
    proof = ma.fields.String(required=True, validate=ma.validate.Length(1, 200), metadata={"writeOnly": True})
    code = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 100),
        metadata={"description": "Of the phone, or a recovery code", "writeOnly": True},
    )
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class PasswordChange(ma.Schema):
    """A signed-in person chooses another password."""

    party_id = ma.fields.UUID(required=True)
    current_password = ma.fields.String(
        required=True, validate=ma.validate.Length(0, 1024), metadata={"writeOnly": True}
    )
    new_password = ma.fields.String(required=True, validate=ma.validate.Length(0, 1024), metadata={"writeOnly": True})
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class PasswordChanged(ma.Schema):
    """The credential that is valid now."""

    credential_id = ma.fields.UUID()
    subject = ma.fields.UUID()
    guest = ma.fields.Boolean(
        metadata={"description": "Whether the subject is no party but somebody whom clients let in"}
    )


class RecoveryWish(ma.Schema):
    """Somebody forgot the password."""

    login = ma.fields.String(required=True, validate=ma.validate.Length(1, 320))
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=100))


class LinkToken(ma.Schema):
    """The token of a single-use link."""

    token = ma.fields.String(required=True, validate=ma.validate.Length(1, 200), metadata={"writeOnly": True})


class LinkState(ma.Schema):
    """Whether the link may be used, and for what."""

    valid = ma.fields.Boolean(required=True)
    purpose = ma.fields.String()
    reason = ma.fields.String(
        validate=ma.validate.OneOf(("used", "expired", "replaced", "unknown")),
        metadata={"description": "Why it does not work; replaced: by a newer one, or revoked"},
    )


class LinkUse(LinkToken):
    """Set the password that a link allows to set."""

    new_password = ma.fields.String(required=True, validate=ma.validate.Length(0, 1024), metadata={"writeOnly": True})
