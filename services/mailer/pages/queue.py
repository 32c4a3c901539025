"""The queue: pause, resume, the delay, the limits and the hours in which letters go out."""

from datetime import time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import FloatField, RadioField, SelectMultipleField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from services.mailer.actions.queue import change_pace, pause_queue, resume_queue
from services.mailer.models import Queue
from services.mailer.queries import count_by_state, queue_of, window_of_queue
from services.mailer.rules.options import mail_options
from services.mailer.rules.window import EVERY_DAY
from shared import clock
from shared.web import current, current_staff, safe_next, staff_required

LONGEST_DELAY = 7 * 86400

WEEKDAYS = {
    "1": _l("Monday"),
    "2": _l("Tuesday"),
    "3": _l("Wednesday"),
    "4": _l("Thursday"),
    "5": _l("Friday"),
    "6": _l("Saturday"),
    "7": _l("Sunday"),
}

queue = Blueprint("queue", __name__, url_prefix="/backoffice/mailer")


class MultiCheckboxField(SelectMultipleField):
    """Several choices, each with a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


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


class WindowForm(FlaskForm):
    """The hours within which letters go out."""

    limited = RadioField(
        _l("When letters go out"),
        choices=[SelectChoice("", _l("At any time")), SelectChoice("yes", _l("Only within these hours"))],
        default="",
        validators=[Optional()],
    )
    start = TimeField(_l("Starts at"), validators=[Optional()], default=time(8))
    end = TimeField(_l("Ends at"), validators=[Optional()], default=time(18))
    days = MultiCheckboxField(
        _l("On these days"), choices=[SelectChoice(*day) for day in WEEKDAYS.items()], default=list("12345")
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Hours need a beginning, an end and a day; without them nothing would ever go out."""
        good: bool = super().validate(extra_validators)
        if good and self.limited.data:
            if self.start.data is None or self.end.data is None:
                self.end.errors = [_("Give both hours.")]
            if not self.days.data:
                self.days.errors = [_("Choose at least one day.")]
        return good and not self.errors

    def columns(self) -> dict[str, Any]:
        """What the queue keeps of it."""
        if not self.limited.data:
            return {"window_from": None, "window_until": None, "window_days": None}
        start, end = self.start.data, self.end.data
        return {
            "window_from": start.hour * 60 + start.minute,
            "window_until": end.hour * 60 + end.minute,
            "window_days": "".join(sorted(self.days.data)),
        }


def _window_form(row: Queue) -> WindowForm:
    if row.window_from is None or row.window_until is None:
        return WindowForm()
    start, end = (time(minute // 60, minute % 60) for minute in (row.window_from, row.window_until))
    return WindowForm(limited="yes", start=start, end=end, days=list(row.window_days or EVERY_DAY))


def _name() -> str:
    staff = current_staff()
    return staff.name if staff else ""


@queue.route("/queue", methods=["GET", "POST"])
@staff_required()
def pace() -> Any:
    """Show and change how the queue runs."""
    row, counts = _read()
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
    return _show(row, counts, form, _window_form(row)), status


@queue.post("/queue/window")
@staff_required("agent")
def window() -> Any:
    """Change the hours within which letters go out."""
    form = WindowForm()
    if form.validate_on_submit():
        with current().db.write() as session:
            change_pace(session, _name(), **form.columns())
        flash(_("Saved. It counts from now on, for letters that wait already too."), "success")
        return redirect(url_for("queue.pace"), 303)
    row, counts = _read()
    return _show(row, counts, PaceForm(formdata=None, obj=row), form), 422


def _read() -> tuple[Queue, dict[str, int]]:
    with current().db.read() as session:
        return queue_of(session), count_by_state(session)


def _show(row: Queue, counts: dict[str, int], form: PaceForm, hours: WindowForm) -> str:
    options, now = mail_options(current().settings), clock.now()
    opening = window_of_queue(row, options.timezone)
    return render_template(
        "mailer/queue.html",
        queue=row,
        counts=counts,
        form=form,
        hours=hours,
        zone=options.timezone,
        opens_at=opening.opens_at(now) if opening and not opening.is_open(now) else None,
        options=options,
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
