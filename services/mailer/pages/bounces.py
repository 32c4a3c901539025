"""Saying that a letter came back."""

import uuid
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from services.mailer.actions.bouncing import mark_bounced
from services.mailer.queries import find_letter
from services.mailer.rules.states import ANSWER_LIMIT, SENT
from shared.web import current, current_staff, staff_required

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


@bounces.route("/letters/<uuid:letter_id>/bounced", methods=["GET", "POST"])
@staff_required("agent")
def mark(letter_id: uuid.UUID) -> Any:
    """Say what follows, ask what came back, and record it."""
    form, back = BouncedForm(), url_for("letters.show", letter_id=letter_id)
    if form.validate_on_submit():
        staff = current_staff()
        with current().db.write() as session:
            marked = mark_bounced(session, letter_id, form.answer.data, staff.name if staff else "")
        return _done(back) if marked else _too_late(back)
    with current().db.read() as session:
        letter = find_letter(session, letter_id) or abort(404)
        if letter.state != SENT:
            return _too_late(back)
        page = render_template("mailer/bounced.html", letter=letter, form=form, back=back)
    return page, 422 if form.is_submitted() else 200


def _done(back: str) -> Any:
    flash(_("The letter is marked as come back."), "success")
    return redirect(back, 303)


def _too_late(back: str) -> Any:
    flash(_("Only a letter that was sent can come back; look at its present state."), "warning")
    return redirect(back, 303)
