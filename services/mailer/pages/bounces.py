"""Letters that came back: said by hand, handed in as a message, and what the mailbox brought."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from services.mailer.actions.bouncing import (
    CAN_BOUNCE,
    StillSending,
    accept_guess,
    dismiss_guess,
    mark_bounced,
    take_returned,
)
from services.mailer.models import ReturnedMessage
from services.mailer.queries import find_letter, queue_of
from services.mailer.queries.returned import find_returned, list_returned
from services.mailer.rules.mailbox_url import parse_mailbox_url
from services.mailer.rules.options import mail_options
from services.mailer.rules.returned import LARGEST, Verdict
from services.mailer.rules.states import ANSWER_LIMIT
from shared.web import current, current_staff, staff_required

VERDICTS = {
    Verdict.BOUNCED: (_l("Letter marked as come back"), "bad", "arrow-return-left"),
    Verdict.GUESS: (_l("Needs your decision"), "waiting", "question-circle"),
    Verdict.DELAYED: (_l("Delayed, still under way"), "waiting", "hourglass-split"),
    Verdict.NOTED: (_l("Noted on the letter"), "info", "info-circle"),
    Verdict.UNMATCHED: (_l("None of our letters"), "off", "envelope"),
    Verdict.NO_BOUNCE: (_l("Not a returned letter"), "off", "chat-left-text"),
    Verdict.UNREADABLE: (_l("Could not be read"), "off", "exclamation-circle"),
}

bounces = Blueprint("bounces", __name__, url_prefix="/backoffice/mailer")


class BouncedForm(FlaskForm):
    """What came back."""

    answer = StringField(
        _l("What the answer says"),
        validators=[
            DataRequired(_l("Write what came back, so that others know why.")),
            Length(max=ANSWER_LIMIT, message=_l("At most 500 characters.")),
        ],
    )


class ReturnedForm(FlaskForm):
    """A returned message, as a file or pasted."""

    file = FileField(_l("The message as a file (.eml)"))
    text = TextAreaField(_l("Or its whole text, with its headers"))

    def content(self) -> bytes:
        """The message; empty if nothing was given."""
        if self.file.data:
            return bytes(self.file.data.stream.read(LARGEST + 1))
        return "\r\n".join((self.text.data or "").lstrip().splitlines()).encode()


def _name() -> str:
    staff = current_staff()
    return staff.name if staff else ""


@bounces.route("/letters/<uuid:letter_id>/bounced", methods=["GET", "POST"])
@staff_required("agent")
def mark(letter_id: uuid.UUID) -> Any:
    """Say what follows, ask what came back, and record it."""
    form, back = BouncedForm(), url_for("letters.show", letter_id=letter_id)
    if form.validate_on_submit():
        with current().db.write() as session:
            marked = mark_bounced(session, letter_id, form.answer.data, _name())
        return _done(back) if marked else _too_late(back)
    with current().db.read() as session:
        letter = find_letter(session, letter_id) or abort(404)
        if letter.state not in CAN_BOUNCE:
            return _too_late(back)
        page = render_template("mailer/bounced.html", letter=letter, form=form, back=back)
    return page, 422 if form.is_submitted() else 200


def _done(back: str) -> Any:
    flash(_("The letter is marked as come back, and nothing more is sent to its address."), "success")
    return redirect(back, 303)


def _too_late(back: str) -> Any:
    flash(_("Only a letter that was sent can come back; look at its present state."), "warning")
    return redirect(back, 303)


@bounces.get("/returned")
@staff_required()
def returned() -> str:
    """What came back, the newest first, and what was made of it."""
    verdict = request.args.get("verdict", "")
    url = mail_options(current().settings).bounce_url
    with current().db.read() as session:
        page = list_returned(
            session, verdict=verdict if verdict in VERDICTS else None, cursor=request.args.get("cursor")
        )
        queue = queue_of(session)
    return render_template(
        "mailer/returned.html",
        page=page,
        verdicts=VERDICTS,
        verdict=verdict,
        queue=queue,
        mailbox=parse_mailbox_url(url).name if url else None,
    )


@bounces.route("/returned/new", methods=["GET", "POST"])
@staff_required("agent")
def hand_in() -> Any:
    """Hand in a returned message that reached somebody else."""
    form = ReturnedForm()
    if form.validate_on_submit():
        content = form.content()
        if not content or len(content) > LARGEST:
            text = (
                _("Choose the file of the message, or paste its text.")
                if not content
                else _("The message is too large: at most 1 MiB.")
            )
            form.file.errors = [*form.file.errors, text]
        else:
            return _take(content)
    return render_template("mailer/hand_in.html", form=form), 422 if form.is_submitted() else 200


def _take(content: bytes) -> Any:
    try:
        with current().db.write() as session:
            row = take_returned(session, content, "page", _name())
    except StillSending:
        flash(_("This letter is just being sent. Try it again in a minute."), "warning")
        return redirect(url_for("bounces.hand_in"), 303)
    flash(_told(row), "success" if row.verdict in (Verdict.BOUNCED, Verdict.DELAYED) else "warning")
    if row.letter_id and row.verdict != Verdict.GUESS:
        return redirect(url_for("letters.show", letter_id=row.letter_id), 303)
    return redirect(url_for("bounces.returned"), 303)


def _told(row: ReturnedMessage) -> str:
    match row.verdict:
        case Verdict.BOUNCED if row.guessed:
            return _(
                "The newest letter to %(address)s was marked as come back. "
                "That it is this one is a guess: the message names no letter.",
                address=row.recipient,
            )
        case Verdict.BOUNCED:
            return _("The letter is marked as come back, and nothing more is sent to its address.")
        case Verdict.DELAYED:
            return _("The letter is late, but the other side still tries. It was noted; nothing else changes.")
        case Verdict.NOTED:
            return _("The letter had ended in another way already; the message was noted.")
        case Verdict.UNMATCHED:
            return _("A letter came back, but it is none of ours of the last 14 days.")
        case Verdict.NO_BOUNCE:
            return _("This message does not say that a letter came back. Nothing was changed.")
        case _:
            return str(VERDICTS[Verdict(row.verdict)][0])


@bounces.get("/returned/<uuid:returned_message_id>")
@staff_required()
def show(returned_message_id: uuid.UUID) -> str:
    """A returned message with the letter that it may be about."""
    with current().db.read() as session:
        row = find_returned(session, returned_message_id) or abort(404)
        letter = find_letter(session, row.letter_id) if row.letter_id else None
    return render_template("mailer/returned_message.html", row=row, letter=letter, verdicts=VERDICTS)


@bounces.post("/returned/<uuid:returned_message_id>")
@staff_required("agent")
def decide(returned_message_id: uuid.UUID) -> Any:
    """An agent agrees with a guess, or does not."""
    accepted = request.form.get("decision") == "accept"
    with current().db.write() as session:
        done = (
            accept_guess(session, returned_message_id, _name())
            if accepted
            else dismiss_guess(session, returned_message_id)
        )
    if not done:
        flash(_("That was decided already, or the letter ended in another way."), "warning")
    elif accepted:
        flash(_("The letter is marked as come back, and nothing more is sent to its address."), "success")
    else:
        flash(_("The letter stays as it was."), "success")
    return redirect(url_for("bounces.returned"), 303)
