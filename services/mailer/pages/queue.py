"""The queue: pause, resume, the delay and the limits."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FloatField
from wtforms.validators import NumberRange, Optional

from services.mailer.actions.queue import change_pace, pause_queue, resume_queue
from services.mailer.models import Queue
from services.mailer.queries import count_by_state, queue_of
from services.mailer.rules.options import mail_options
from shared.web import current, current_staff, safe_next, staff_required

LONGEST_DELAY = 7 * 86400

queue = Blueprint("queue", __name__, url_prefix="/backoffice/mailer")


class PaceForm(FlaskForm):
    """Delay and limits; an empty field means: as the settings say."""

    delay = FloatField(
        _l("Seconds before the first attempt"),
        validators=[
            Optional(),
            NumberRange(0, LONGEST_DELAY, _l("Give a number of seconds from 0 to 604800 (7 days).")),
        ],
    )
    per_second = FloatField(
        _l("Most letters per second"),
        validators=[Optional(), NumberRange(0, 100_000, _l("Give a number from 0 to 100000."))],
    )
    per_domain = FloatField(
        _l("Most letters per second to one receiving domain"),
        validators=[Optional(), NumberRange(0, 100_000, _l("Give a number from 0 to 100000."))],
    )


def _name() -> str:
    staff = current_staff()
    return staff.name if staff else ""


@queue.route("/queue", methods=["GET", "POST"])
@staff_required()
def pace() -> Any:
    """Show and change how the queue runs."""
    with current().db.read() as session:
        row, counts = queue_of(session), count_by_state(session)
    form = PaceForm(obj=row)
    if form.validate_on_submit():
        with current().db.write() as session:
            change_pace(
                session,
                _name(),
                delay=form.delay.data,
                per_second=form.per_second.data,
                per_domain=form.per_domain.data,
            )
        flash(_("Saved. It counts from now on, for letters that wait already too."), "success")
        return redirect(url_for("queue.pace"), 303)
    status = 422 if form.is_submitted() else 200
    return _show(row, counts, form), status


def _show(row: Queue, counts: dict[str, int], form: PaceForm) -> str:
    return render_template(
        "mailer/queue.html", queue=row, counts=counts, form=form, options=mail_options(current().settings)
    )


@queue.post("/queue/pause")
@staff_required("agent")
def pause() -> Any:
    """Stop sending at once."""
    with current().db.write() as session:
        pause_queue(session, _name())
    flash(_("Sending is paused. Letters that are being sent this moment end; nothing else goes out."), "success")
    return _back()


@queue.post("/queue/resume")
@staff_required("agent")
def resume() -> Any:
    """Go on sending."""
    with current().db.write() as session:
        resume_queue(session)
    flash(_("Sending goes on."), "success")
    return _back()


def _back() -> Any:
    return redirect(safe_next(request.form.get("back"), url_for("letters.waiting")), 303)
