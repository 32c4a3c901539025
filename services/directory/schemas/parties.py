"""Parties over REST."""

import marshmallow as ma
from marshmallow import fields, validate

from services.directory.rules.changes import ACTORS, CHANGED
from services.directory.rules.parties import CLASSES, EMAIL_STATES, NO_EMAIL
from shared.documents import DOCUMENT_TYPES
from shared.settings import LANGUAGES
from shared.web import PageQuery

LETTER_STATES = ("sent", "failed", "bounced")
SORTS = ("name", "code", "document", "created_at", "updated_at")


class EmailSchema(ma.Schema):
    """An e-mail address of a party. Letters go to the principal one, unless it bounced or is blocked."""

    address = fields.String(required=True)
    principal = fields.Boolean(load_default=False)
    state = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(EMAIL_STATES),
        metadata={"description": "none given: an address that is known keeps its state, a new one is unverified"},
    )


class AddressSchema(ma.Schema):
    """A postal address."""

    street = fields.String()
    city = fields.String()
    region = fields.String()
    postal_code = fields.String()
    country = fields.String(metadata={"description": "two letters of ISO 3166-1, such as CO"})


class PartyIn(ma.Schema):
    """What is sent to register or change a party."""

    classes = fields.List(fields.String(validate=validate.OneOf(CLASSES)), metadata={"description": "at least one"})
    document_type = fields.String(metadata={"enum": list(DOCUMENT_TYPES)})
    document_number = fields.String(metadata={"description": "in any spelling; a NIT with its check digit"})
    code = fields.String(metadata={"description": "client code; automatic if it is left out"})
    name = fields.String()
    emails = fields.List(fields.Nested(EmailSchema))
    language = fields.String(metadata={"enum": list(LANGUAGES)})
    active = fields.Boolean()
    phones = fields.List(
        fields.String(),
        metadata={"description": "with +, or as they are written in the country of the address, else of the document"},
    )
    address = fields.Nested(AddressSchema)
    notes = fields.String()


class PartyPatch(PartyIn):
    """What is left out stays as it is. `version`: the one that the change was made from; another one now is a 409."""

    version = fields.Integer(strict=True)


class PartyOut(ma.Schema):
    """A party."""

    id = fields.UUID()
    version = fields.Integer()
    code = fields.String()
    classes = fields.List(fields.String())
    document_type = fields.String()
    document_number = fields.String()
    document_key = fields.String(metadata={"description": "the number in the form in which two are compared"})
    name = fields.String()
    emails = fields.List(fields.Nested(EmailSchema))
    language = fields.String()
    active = fields.Boolean()
    has_credentials = fields.Boolean()
    signed_in_at = fields.DateTime(allow_none=True, metadata={"description": "the last sign-in to the client area"})
    letter_state = fields.String(
        allow_none=True,
        validate=validate.OneOf(LETTER_STATES),
        metadata={"description": "how the latest letter ended; null if none has ended"},
    )
    letter_at = fields.DateTime(allow_none=True)
    phones = fields.List(fields.String(), metadata={"description": "in their international form: +573001234567"})
    address = fields.Nested(AddressSchema)
    notes = fields.String()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class PartyFilterQuery(ma.Schema):
    """Filters of parties; several narrow together."""

    q = fields.String(
        metadata={
            "description": "words of the name or their beginnings, in any order; accents and capitals do not matter"
        }
    )
    document = fields.String(metadata={"description": "document number in any spelling"})
    code = fields.String(metadata={"description": "client code"})
    party_class = fields.String(data_key="class", validate=validate.OneOf(CLASSES))
    active = fields.Boolean()
    email_state = fields.String(
        validate=validate.OneOf((*EMAIL_STATES, NO_EMAIL)),
        metadata={"description": "state of the principal address, or none"},
    )
    email = fields.String(metadata={"description": "a whole e-mail address"})
    has_credentials = fields.Boolean(metadata={"description": "holds a credential that is issued or active"})
    never_signed_in = fields.Boolean(metadata={"description": "holds a credential, and nobody has ever signed in"})
    letter_failed = fields.Boolean(metadata={"description": "the latest letter failed or came back"})


class PartyQuery(PageQuery, PartyFilterQuery):
    """The query of the list."""

    sort = fields.String(load_default="name", validate=validate.OneOf([*SORTS, *(f"-{name}" for name in SORTS)]))


class ChangeOut(ma.Schema):
    """One line of the change log of a party."""

    id = fields.UUID()
    at = fields.DateTime()
    actor_kind = fields.String(
        validate=validate.OneOf(ACTORS),
        metadata={"description": "staff, client (another system), party, import, or system (something heard of)"},
    )
    actor_id = fields.String()
    actor_name = fields.String()
    field = fields.String(
        validate=validate.OneOf(CHANGED),
        metadata={"description": "created, imported, deactivated and reactivated have nothing before and after"},
    )
    subject = fields.String(metadata={"description": "of email_state: the address"})
    before = fields.String()
    after = fields.String()


class CountOut(ma.Schema):
    """How many."""

    count = fields.Integer()
