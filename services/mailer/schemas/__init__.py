"""HTTP in and out."""

from typing import Any

import marshmallow as ma
from flask_babel import lazy_gettext as _l

from services.mailer.rules.states import ANSWER_LIMIT, KINDS, STATES
from shared.web import PageQuery, page_schema

MOST_IDS = 10_000
CLOCK_TIME = r"([01]\d|2[0-3]):[0-5]\d"


class LetterQuery(PageQuery):
    """Filters of the list of letters."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(STATES))
    kind = ma.fields.String(load_default=None, validate=ma.validate.OneOf(KINDS))
    batch_id = ma.fields.UUID(load_default=None)
    party_id = ma.fields.UUID(load_default=None)
    created_from = ma.fields.AwareDateTime(load_default=None, metadata={"description": "Created then or later"})
    created_before = ma.fields.AwareDateTime(load_default=None, metadata={"description": "Created before that"})
    q = ma.fields.String(
        load_default=None,
        metadata={"description": "Beginnings of words of the name, document, user, address, subject or number"},
    )


class LetterOut(ma.Schema):
    """A letter. Its secret is never shown."""

    id = ma.fields.UUID()
    kind = ma.fields.String(validate=ma.validate.OneOf(KINDS))
    state = ma.fields.String(validate=ma.validate.OneOf(STATES))
    party_id = ma.fields.UUID(allow_none=True)
    credential_id = ma.fields.UUID(allow_none=True)
    batch_id = ma.fields.UUID(allow_none=True)
    name = ma.fields.String()
    document = ma.fields.String()
    address = ma.fields.String()
    language = ma.fields.String()
    message_id = ma.fields.String()
    attempt_count = ma.fields.Integer(attribute="attempts")
    subject = ma.fields.String(allow_none=True, metadata={"description": "Of a letter that another system asked for"})
    requested_by = ma.fields.String(allow_none=True, metadata={"description": "Which system asked for it"})
    outcome = ma.fields.String(allow_none=True, metadata={"description": "The server's last answer, or why it ended"})
    created_at = ma.fields.AwareDateTime()
    due_at = ma.fields.AwareDateTime()
    expires_at = ma.fields.AwareDateTime()
    ended_at = ma.fields.AwareDateTime(allow_none=True)
    ended_by = ma.fields.String(allow_none=True)


class AttemptOut(ma.Schema):
    """One try to hand a letter to the mail server."""

    at = ma.fields.AwareDateTime()
    seconds = ma.fields.Float()
    verdict = ma.fields.String()
    code = ma.fields.Integer(allow_none=True)
    answer = ma.fields.String()


class LetterDetailOut(LetterOut):
    """A letter with its attempts."""

    attempts = ma.fields.List(ma.fields.Nested(AttemptOut), attribute="attempt_list")


LetterPage = page_schema(LetterOut)


class ChosenIn(ma.Schema):
    """Which letters it is about: exactly one of these."""

    ids = ma.fields.List(ma.fields.UUID(), validate=ma.validate.Length(1, MOST_IDS))
    batch_id = ma.fields.UUID()
    all = ma.fields.Boolean(validate=ma.validate.Equal(True))

    @ma.validates_schema
    def check_one(self, data: dict[str, Any], **_: Any) -> None:
        """Nobody means everything by leaving something out."""
        if len(data) != 1:
            raise ma.ValidationError(str(_l("Give exactly one of ids, batch_id and all.")))


class CancelIn(ChosenIn):
    """Which letters to cancel: exactly one of these."""


class NotCancelledOut(ma.Schema):
    """A letter that could not be cancelled, and its state (null: there is no such letter)."""

    id = ma.fields.UUID()
    state = ma.fields.String(allow_none=True)


class CancellationOut(ma.Schema):
    """What came of a request to cancel."""

    cancelled = ma.fields.Integer()
    not_cancelled = ma.fields.List(ma.fields.Nested(NotCancelledOut))


class BouncedIn(ma.Schema):
    """What came back."""

    answer = ma.fields.String(
        required=True,
        validate=ma.validate.Length(1, ANSWER_LIMIT),
        metadata={"description": "What the receiving system said"},
    )

    @ma.validates("answer")
    def check_answer(self, value: str, **_: Any) -> None:
        """Somebody will want to know why."""
        if not value.strip():
            raise ma.ValidationError(str(_l("Write what came back, so that others know why.")))


class WindowSchema(ma.Schema):
    """Hours in the agency's zone within which letters go out; what somebody waits for goes at any time."""

    start = ma.fields.String(
        required=True,
        data_key="from",
        validate=ma.validate.Regexp(CLOCK_TIME),
        metadata={"description": "HH:MM"},
    )
    end = ma.fields.String(
        required=True,
        data_key="until",
        validate=ma.validate.Regexp(CLOCK_TIME),
        metadata={"description": "HH:MM, may lie after midnight; the same as `from` is 24 hours"},
    )
    days = ma.fields.List(
        ma.fields.Integer(validate=ma.validate.Range(1, 7)),
        load_default=lambda: [1, 2, 3, 4, 5, 6, 7],
        validate=ma.validate.Length(1, 7),
        metadata={"description": "ISO weekdays on which it begins, 1 is Monday"},
    )


class QueueOut(ma.Schema):
    """The queue: its state, its pace and how many letters are in which state."""

    state = ma.fields.String(validate=ma.validate.OneOf(("running", "paused", "unreachable")))
    paused = ma.fields.Boolean()
    paused_by = ma.fields.String(allow_none=True)
    paused_at = ma.fields.AwareDateTime(allow_none=True)
    delay = ma.fields.Float(metadata={"description": "Seconds before the first attempt"})
    per_second = ma.fields.Float(metadata={"description": "0 = no limit"})
    per_domain_per_second = ma.fields.Float(metadata={"description": "0 = no limit"})
    trouble = ma.fields.String(allow_none=True, metadata={"description": "Why the mail server can not be reached"})
    trouble_since = ma.fields.AwareDateTime(allow_none=True)
    window = ma.fields.Nested(
        WindowSchema, allow_none=True, metadata={"description": "null = letters go out at any time"}
    )
    opens_at = ma.fields.AwareDateTime(
        allow_none=True, metadata={"description": "When letters go out again; null while the window is open"}
    )
    counts = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer())


class QueueIn(ma.Schema):
    """What to change of the queue's pace; null goes back to the settings."""

    delay = ma.fields.Float(allow_none=True, validate=ma.validate.Range(0, 7 * 86400))
    per_second = ma.fields.Float(allow_none=True, validate=ma.validate.Range(0, 100_000))
    per_domain_per_second = ma.fields.Float(allow_none=True, validate=ma.validate.Range(0, 100_000))
    window = ma.fields.Nested(WindowSchema, allow_none=True)


class SealingKeyOut(ma.Schema):
    """A public key for which secrets are sealed (X25519)."""

    id = ma.fields.String()
    public_key = ma.fields.String(metadata={"description": "base64"})


class SealingKeysOut(ma.Schema):
    """The sealing keys, the newest first: seal for the first."""

    items = ma.fields.List(ma.fields.Nested(SealingKeyOut))
