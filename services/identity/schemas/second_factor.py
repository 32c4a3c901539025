"""The second factor in forms, and over HTTP."""

import marshmallow as ma
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length


class CodeForm(FlaskForm):
    """The code of the phone or, at the sign-in, a recovery code."""

    code = StringField(_l("Code"), [InputRequired(_l("Write the code.")), Length(max=100)])


class ProofForm(FlaskForm):
    """Showing once more who one is, before the second factor is changed."""

    proof = PasswordField(
        _l("Your password or a code"), [InputRequired(_l("Write your password or a code.")), Length(max=1000)]
    )


class FactorAnswer(ma.Schema):
    """Whether there is a second factor, since when, and how many recovery codes are left."""

    enabled = ma.fields.Boolean(required=True)
    enabled_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    recovery_codes = ma.fields.Integer(required=True)


class FactorBegun(ma.Schema):
    """What the phone needs: the key in base32, and the same as an otpauth URI for a QR code."""

    secret = ma.fields.String(required=True)
    uri = ma.fields.String(required=True)


class FactorCode(ma.Schema):
    """The first code of a phone. `address` is that of the person's device."""

    code = ma.fields.String(required=True, validate=ma.validate.Length(1, 100), metadata={"writeOnly": True})
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=45))


class FactorProof(ma.Schema):
    """Who is signed in shows once more who they are. `address` is that of the person's device."""

    proof = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, 1024),
        metadata={"description": "The present password, a code of the phone or a recovery code", "writeOnly": True},
    )
    address = ma.fields.String(load_default=None, allow_none=True, validate=ma.validate.Length(max=45))


class RecoveryCodes(ma.Schema):
    """Ten codes, each of which opens once in place of the phone's. They are never told again."""

    recovery_codes = ma.fields.List(ma.fields.String(), required=True)
