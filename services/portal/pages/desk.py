"""The start page of the agent: what is owed, what came in, and what waits for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response, abort, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from services.portal.pages.area import today_here
from services.portal.queries.desk import received_since, waiting
from services.portal.queries.invoices import AGES, NOT_DUE, Debt, debt_by_age
from services.portal.rules.money import CURRENCIES, ZERO
from shared.web import current, staff_required
from shared.web.charts import Series, bar_chart
from shared.web.context import Text

AGE_WORDS: dict[str, Text] = {
    NOT_DUE: _l("Not due yet"),
    "1-30": _l("1 to 30 days"),
    "31-60": _l("31 to 60 days"),
    "61-90": _l("61 to 90 days"),
    "over_90": _l("Over 90 days"),
}

desk = Blueprint("desk", __name__, url_prefix="/backoffice/portal")


@dataclass(frozen=True)
class Outstanding:
    """What is owed in one currency, by age."""

    currency: str
    ages: Sequence[Debt]

    @property
    def total(self) -> Decimal:
        """All of it."""
        return sum((one.total for one in self.ages), ZERO)

    @property
    def overdue(self) -> Decimal:
        """What should have been paid already."""
        return sum((one.total for one in self.ages if one.age != NOT_DUE), ZERO)

    @property
    def count(self) -> int:
        """In how many invoices."""
        return sum(one.count for one in self.ages)


@desk.get("/", strict_slashes=False)
@staff_required()
def index() -> str:
    """What matters now."""
    today = today_here()
    with current().db.read() as session:
        debts = _outstanding(debt_by_age(session, today))
        received = received_since(session, today.replace(day=1))
        waits = waiting(session, today)
    return render_template("portal/desk/start.html", debts=debts, received=received, waits=waits, ages=AGE_WORDS)


@desk.get("/debt/<currency>.svg")
@staff_required()
def debt_picture(currency: str) -> Response:
    """The outstanding debt in one currency by age, as a picture."""
    if currency not in CURRENCIES:
        abort(404)
    with current().db.read() as session:
        found = [one for one in _outstanding(debt_by_age(session, today_here())) if one.currency == currency]
    totals = [float(one.total) for one in found[0].ages] if found else [0.0] * len(AGES)
    # Two rows of bars, so that what is overdue has a colour and a name of its own.
    return bar_chart(
        gettext("Outstanding debt by age, %(currency)s", currency=currency),
        [str(AGE_WORDS[age]) for age in AGES],
        [
            Series(gettext("Not due yet"), "info", [totals[0], *[None] * (len(AGES) - 1)]),
            Series(gettext("Overdue"), "bad", [None, *totals[1:]]),
        ],
    )


def _outstanding(debts: Sequence[Debt]) -> list[Outstanding]:
    currencies = dict.fromkeys(one.currency for one in debts)
    return [Outstanding(name, [one for one in debts if one.currency == name]) for name in currencies]
