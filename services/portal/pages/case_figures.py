"""How many requests (PQRS) were answered in time, as a picture and as a table."""

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask_babel import format_date, gettext

from services.portal.pages.area import today_here
from services.portal.queries.case_figures import Punctuality, punctuality
from services.portal.rules.cases import KINDS
from services.portal.schemas.cases import kind_name
from shared.web import current, staff_required
from shared.web.charts import Series, bar_chart

MONTHS = 12

case_figures = Blueprint("case_figures", __name__, url_prefix="/backoffice/portal/cases/figures")

ByMonth = dict[date, Punctuality]


@case_figures.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The last twelve months, by month and by kind."""
    kind, found = _asked_kind(), _found()
    return render_template(
        "portal/cases/figures.html",
        months=_by_month(found, kind),
        by_kind={one: _sum(found, kind=one) for one in KINDS},
        kinds=[(one, kind_name(one)) for one in KINDS],
        kind=kind,
        kind_name=kind_name,
    )


@case_figures.get("/months.svg")
@staff_required()
def picture() -> Response:
    """The same as a picture."""
    kind = _asked_kind()
    months = _by_month(_found(), kind)
    title = gettext("Requests answered in time")
    return bar_chart(
        f"{title}: {kind_name(kind)}" if kind else title,
        [format_date(month, "MMM yy") for month in months],
        [
            Series(gettext("Answered in time"), "good", [one.in_time for one in months.values()]),
            Series(gettext("Late"), "bad", [one.late for one in months.values()]),
            Series(gettext("Still within the term"), "waiting", [one.running for one in months.values()]),
        ],
    )


def _asked_kind() -> str:
    kind = request.args.get("kind", "")
    return kind if kind in KINDS else ""


def _months() -> list[date]:
    today = today_here()
    numbers = range(today.year * 12 + today.month - MONTHS, today.year * 12 + today.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _found() -> dict[tuple[str, str], Punctuality]:
    with current().db.read() as session:
        return punctuality(session, _months()[0], today_here(), ZoneInfo(current().settings.timezone))


def _by_month(found: dict[tuple[str, str], Punctuality], kind: str) -> ByMonth:
    return {month: _sum(found, month=month.isoformat()[:7], kind=kind) for month in _months()}


def _sum(found: dict[tuple[str, str], Punctuality], *, month: str = "", kind: str = "") -> Punctuality:
    fitting = [one for (when, what), one in found.items() if month in ("", when) and kind in ("", what)]
    return Punctuality(
        in_time=sum(one.in_time for one in fitting),
        late=sum(one.late for one in fitting),
        running=sum(one.running for one in fitting),
        unanswered=sum(one.unanswered for one in fitting),
    )
