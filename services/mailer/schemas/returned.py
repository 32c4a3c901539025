"""HTTP in and out: addresses to which nothing is sent, returned messages, letters sent again."""

import marshmallow as ma

from services.mailer.rules.returned import Verdict
from services.mailer.rules.suppressing import BY_BOUNCE, BY_HAND
from services.mailer.schemas import ChosenIn, NotCancelledOut
from shared.web import PageQuery, page_schema

NOTE_LIMIT = 500


class SuppressionQuery(PageQuery):
    """Filters of the suppression list."""

    q = ma.fields.String(load_default=None, metadata={"description": "Part of an address"})
    reason = ma.fields.String(load_default=None, validate=ma.validate.OneOf((BY_BOUNCE, BY_HAND)))


class SuppressionIn(ma.Schema):
    """An address to which nothing must be sent."""

    address = ma.fields.Email(required=True, validate=ma.validate.Length(max=254))
    note = ma.fields.String(load_default="", validate=ma.validate.Length(max=NOTE_LIMIT))


class ReleaseIn(ma.Schema):
    """An address to which may be sent again."""

    address = ma.fields.String(required=True, validate=ma.validate.Length(1, 320))


class SuppressionOut(ma.Schema):
    """An address to which nothing is sent, and why."""

    address = ma.fields.String()
    reason = ma.fields.String(validate=ma.validate.OneOf((BY_BOUNCE, BY_HAND)))
    since = ma.fields.AwareDateTime()
    by = ma.fields.String(allow_none=True)
    letter_id = ma.fields.UUID(allow_none=True)
    note = ma.fields.String()


SuppressionPage = page_schema(SuppressionOut)


class ReleasedOut(ma.Schema):
    """The address that was taken off the list."""

    address = ma.fields.String()


class ReturnedOut(ma.Schema):
    """What was made of a returned message."""

    id = ma.fields.UUID()
    verdict = ma.fields.String(validate=ma.validate.OneOf([str(one) for one in Verdict]))
    letter_id = ma.fields.UUID(allow_none=True)
    guessed = ma.fields.Boolean(metadata={"description": "The letter was found by the recipient's address alone"})
    recipient = ma.fields.String()
    status = ma.fields.String(metadata={"description": "Enhanced status code (RFC 3463), such as 5.1.1"})
    answer = ma.fields.String()
    received_at = ma.fields.AwareDateTime()


class RetryIn(ChosenIn):
    """Which failed letters to send again: exactly one of these."""


class NotRetriedOut(NotCancelledOut):
    """A letter that is not sent again, and its state (null: there is no such letter)."""


class RetryOut(ma.Schema):
    """What came of it."""

    retried = ma.fields.Integer()
    to_issue_again = ma.fields.Integer(
        metadata={"description": "Failed letters whose secret is destroyed: issue the credential again"}
    )
    not_retried = ma.fields.List(
        ma.fields.Nested(NotRetriedOut), metadata={"description": "Of the given ids; else empty"}
    )
