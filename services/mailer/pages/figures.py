"""Letters by the hour and by the day, as pictures and as tables."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template
from flask_babel import format_date, format_time
from flask_babel import gettext as _

from services.mailer.queries.figures import HOUR, Figures, by_day, list_hours
from services.mailer.rules.options import mail_options
from shared import clock
from shared.web import current, staff_required
from shared.web.charts import Series, bar_chart

HOURS, DAYS = 24, 30

figures = Blueprint("figures", __name__, url_prefix="/backoffice/mailer/figures")

Rows = list[tuple[str, Figures]]


@figures.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The last day by the hour, the last month by the day."""
    return render_template("mailer/figures.html", hours=_hours(), days=_days())


@figures.get("/hours.svg")
@staff_required()
def hours_picture() -> Response:
    """The last 24 hours."""
    return _picture(_("Letters in the last 24 hours"), _hours())


@figures.get("/days.svg")
@staff_required()
def days_picture() -> Response:
    """The last 30 days."""
    return _picture(_("Letters in the last 30 days"), _days())


def _picture(title: str, rows: Rows) -> Response:
    return bar_chart(
        title,
        [label for label, _figures in rows],
        [
            Series(_("Sent"), "good", [one.sent for _label, one in rows]),
            Series(_("Failed or bounced"), "bad", [one.failed + one.bounced for _label, one in rows]),
            Series(_("Waiting at the end"), "waiting", [one.waiting for _label, one in rows]),
        ],
    )


def _hours() -> Rows:
    with current().db.read() as session:
        found = list_hours(session, clock.now() - (HOURS - 1) * HOUR)
    return [(format_time(hour, "HH:mm"), one) for hour, one in found.items()]


def _days() -> Rows:
    zone = ZoneInfo(mail_options(current().settings).timezone)
    today = clock.now().astimezone(zone).date()
    days: list[date] = [today - timedelta(days=number) for number in reversed(range(DAYS))]
    with current().db.read() as session:
        hours = list_hours(session, clock.now() - timedelta(days=DAYS))
    return [(format_date(day, "d MMM"), one) for day, one in by_day(hours, zone, days).items()]
