"""Forms of PQRS, for clients and for the staff, and keeping what they carry."""

import uuid
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import MultipleFileField
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, ValidationError

from services.portal.actions.cases import Written
from services.portal.actions.files import keep_file, staged
from services.portal.clients.files import StorageFull
from services.portal.pages.visitor import portal
from services.portal.rules.cases import KINDS, LONGEST_SUBJECT, LONGEST_TEXT, MOST_FILES, closing_reasons
from services.portal.rules.files import CASE, PROOFS, FileTooLarge, UnusableFile
from services.portal.schemas.cases import closing_name
from services.portal.schemas.files import file_text, too_large_text
from shared.db import new_id
from shared.web import current

ACCEPT = "image/*,application/pdf"
"""Phones offer their camera for it; what is really taken is told by the content."""
LONGEST_REASON = 1000
WRITTEN = ("RadioField", "StringField", "TextAreaField")
RANDOM_BITS = (1 << 62) - 1
"""The end of a UUIDv7 (RFC 9562, 5.7)."""
TOO_LONG = _l("This is too long: at most %(max)d characters.")


def _bare(text: str | None) -> str:
    return (text or "").strip()


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _at_most(_form: FlaskForm, field: Any) -> None:
    if len(field.data or []) > MOST_FILES:
        raise ValidationError(gettext("At most %(most)s files.", most=MOST_FILES))


def _text(label: Any, missing: Any, most: int = LONGEST_TEXT) -> TextAreaField:
    checks = [DataRequired(missing), Length(max=most, message=TOO_LONG)]
    return TextAreaField(label, checks, filters=[_bare])


class OnceForm(FlaskForm):
    """A form that brings the id of what it makes, so that it has its effect once."""

    once = HiddenField()

    @property
    def made_id(self) -> uuid.UUID:
        """The id of what this form makes: the same for the same form with the same content.

        Whoever goes back in the browser and writes something else means something else, so the content counts. The
        beginning is the moment at which the form was shown, as of all ids.
        """
        try:
            begun = uuid.UUID(self.once.data or "")
        except ValueError:
            return new_id()
        content = [begun.hex, *(str(field.data) for field in self if field.type in WRITTEN)]
        mark = int.from_bytes(sha256(repr(content).encode()).digest()) & RANDOM_BITS
        return uuid.UUID(int=begun.int & ~RANDOM_BITS | mark)

    def begin(self) -> None:
        """Give a fresh form its id."""
        self.once.data = str(new_id())


class NewCaseForm(OnceForm):
    """A request to be."""

    kind = RadioField(
        _l("What is it about?"),
        [DataRequired(_l("Choose what it is about."))],
        choices=[SelectChoice(kind) for kind in KINDS],
    )
    subject = StringField(
        _l("Subject"),
        [DataRequired(_l("Write in a few words what it is about.")), Length(max=LONGEST_SUBJECT, message=TOO_LONG)],
        filters=[_one_line],
    )
    text = _text(_l("Tell us what happened and what you ask for"), _l("Write what you ask for."))
    files = MultipleFileField(_l("Photos or documents"), [_at_most])


class MessageForm(OnceForm):
    """Something that a client adds."""

    text = _text(_l("Your message"), _l("Write your message."))
    files = MultipleFileField(_l("Photos or documents"), [_at_most])


class ReplyForm(MessageForm):
    """Something that the staff writes to the client."""

    text = _text(_l("Message to the client"), _l("Write what the client is to read."))
    in_substance = BooleanField(_l("This answers the request"), default=True)


class NoteForm(OnceForm):
    """Something for the staff alone."""

    text = _text(_l("Note"), _l("Write the note."))


class ExtendForm(FlaskForm):
    """More time for the answer."""

    until = DateField(_l("New deadline"), [DataRequired(_l("Choose a day."))])
    reason = _text(_l("Why it takes longer"), _l("Write why it takes longer: the client reads it."), LONGEST_REASON)


class CloseForm(FlaskForm):
    """The end of a case."""

    reason = SelectField(_l("Why it is closed"), [DataRequired(_l("Choose why it is closed."))])
    note = TextAreaField(
        _l("What the client is to know"), [Length(max=LONGEST_REASON, message=TOO_LONG)], filters=[_bare]
    )

    def offer(self, is_answered: bool) -> None:
        """Offer the reasons that fit the case."""
        reasons = [SelectChoice(one, closing_name(one)) for one in closing_reasons(is_answered)]
        self.reason.choices = [SelectChoice("", gettext("Choose")), *reasons]


class ReopenForm(FlaskForm):
    """A closed case goes on."""

    note = _text(_l("Why it is opened again"), _l("Write why: the client reads it."), LONGEST_REASON)


def save_with_files(form: NewCaseForm | MessageForm, save: Callable[[Session], Written]) -> Written | None:
    """Write a message and keep the files of its form, all or nothing.

    None where a file is not taken; the field then says why.
    """
    uploads = [(one.stream, one.filename) for one in form.files.data or []]
    try:
        with staged(portal().files, uploads, PROOFS) as files, current().db.write() as session:
            written = save(session)
            for file in files if written.message else ():
                message_id = written.message.id if written.message else None
                keep_file(session, file, party_id=written.case.party_id, purpose=CASE, message_id=message_id)
        return written
    except UnusableFile as error:
        problem = file_text(error)
    except FileTooLarge as error:
        problem = too_large_text(error)
    except StorageFull:
        problem = gettext("There is no room for another file at the moment. Try again later.")
    form.files.errors = [problem, gettext("Choose the files again.")]
    return None
