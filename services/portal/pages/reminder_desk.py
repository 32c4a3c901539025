"""Reminders, as the staff sees them: the rules, what the last days did, and who would be reminded tomorrow."""

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, timedelta
from itertools import islice

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import format_date, gettext
from werkzeug.wrappers import Response as Answer

from services.portal.actions.daily import REMINDERS, repeat_run
from services.portal.pages.area import today_here
from services.portal.pages.reminder_words import ROLE_NAMES, STEP_NAMES, when_text
from services.portal.queries.agency import agency_of
from services.portal.queries.daily import list_runs
from services.portal.queries.reminder_preview import PlannedLetter, count_letters, plan_letters
from services.portal.queries.reminders import class_rules, count_own_rules
from services.portal.rules.invoices import ROLES
from services.portal.rules.reminders import STEPS
from shared.audit import record_act
from shared.db import Database
from shared.web import current, staff_required
from shared.web.charts import Series, bar_chart
from shared.web.exports import Row, stream_table
from shared.web.paging import Page

LAST_DAYS = 14
SHOWN, COUNTED = 50, 20_000
"""Letters on a page of the plan for tomorrow; more than so many are not counted."""
DAY = timedelta(days=1)

reminder_desk = Blueprint("reminder_desk", __name__, url_prefix="/backoffice/portal/reminders")


@reminder_desk.get("", strict_slashes=False)
@staff_required()
def index() -> str:
    """The rules, and what the runs of the last days did."""
    with current().db.read() as session:
        rules, runs = class_rules(session), list_runs(session, REMINDERS, LAST_DAYS)
        hour, own = agency_of(session).daily_hour, count_own_rules(session)
    return render_template(
        "portal/reminders/index.html",
        rules=[(role, ROLE_NAMES[role], rules.get(role, [])) for role in ROLES],
        all_off=not own and not any(rule.enabled for of_class in rules.values() for rule in of_class),
        own=own,
        runs=runs,
        today=today_here(),
        hour=hour,
        step_names=STEP_NAMES,
        when_text=when_text,
    )


@reminder_desk.get("/days.svg")
@staff_required()
def days_picture() -> Response:
    """The letters of the last days, as a picture."""
    with current().db.read() as session:
        done = {run.day: run.done for run in list_runs(session, REMINDERS, LAST_DAYS)}
    days = [today_here() - number * DAY for number in reversed(range(LAST_DAYS))]
    letters = Series(gettext("Letters"), "brand", [done.get(day, 0) for day in days])
    return bar_chart(gettext("Reminders by day"), [format_date(day, "d MMM") for day in days], [letters])


@reminder_desk.route("/repeat", methods=["GET", "POST"])
@staff_required("administrator")
def repeat() -> Answer | str:
    """Let today's run be done again, after asking: for rules that were switched on since."""
    if request.method == "GET":
        return render_template(
            "confirm.html",
            title=gettext("Repeat today's reminders"),
            message=gettext("The invoices are gone through again, with the rules as they are now."),
            details=[gettext("Nobody gets a letter twice: only what was not told yet is sent.")],
            action=url_for("reminder_desk.repeat"),
            accept=gettext("Repeat today's reminders"),
            cancel=url_for("reminder_desk.index"),
        )
    with current().db.write() as session:
        repeated = repeat_run(session, REMINDERS, today_here())
        if repeated:
            record_act(session, "portal", "reminders.repeated")
    if repeated:
        flash(
            gettext("Today's reminders are repeated. It begins within a minute; look here again then."),
            "success",
        )
    else:
        flash(gettext("Today's reminders have not finished yet, so there is nothing to repeat."), "info")
    return redirect(url_for("reminder_desk.index"), 303)


@reminder_desk.get("/tomorrow")
@staff_required()
def tomorrow() -> str:
    """Who would be reminded of what tomorrow, if nothing changed until then. Nothing is written."""
    today, after = today_here(), _asked_cursor()
    with current().db.read() as session:
        plan = count_letters(session, today, today + DAY, COUNTED)
        page = _page(plan_letters(session, today, today + DAY, after=after), after)
        any_rule = any(rule.enabled for of_class in class_rules(session).values() for rule in of_class)
    return render_template(
        "portal/reminders/tomorrow.html",
        day=today + DAY,
        plan=plan,
        page=page,
        any_rule=any_rule or bool(plan.total),
        counted=COUNTED,
        steps=STEPS,
        step_names=STEP_NAMES,
    )


@reminder_desk.get("/tomorrow.<any(csv, xlsx):kind>")
@staff_required()
def tomorrow_table(kind: str) -> Response:
    """The same as a table to download, all of it."""
    header = [
        gettext("Step"),
        gettext("Invoice"),
        gettext("Client"),
        gettext("Client code"),
        gettext("Who gets it"),
        gettext("Address"),
        gettext("Owed"),
        gettext("Currency"),
        gettext("Due date"),
    ]
    return stream_table(kind, gettext("reminders"), header, _rows(current().db, today_here()))


def _rows(db: Database, today: date) -> Iterator[Row]:
    """Some clients in each transaction, so that a slow reader holds nothing back."""
    after: uuid.UUID | None = None
    while True:
        with db.read() as session:
            page = _page(plan_letters(session, today, today + DAY, after=after), after, size=1000)
        for letter in page.items:
            one = letter.reminder
            yield [
                str(STEP_NAMES[one.step]),
                one.number,
                letter.party.name,
                letter.party.code,
                letter.reader.name,
                letter.reader.address,
                one.balance,
                one.currency,
                str(one.due_on),
            ]
        if page.next is None:
            return
        after = uuid.UUID(page.next)


def _page(letters: Iterator[PlannedLetter], after: uuid.UUID | None, size: int = SHOWN) -> Page[PlannedLetter]:
    """The first letters, all of a client on one page; the cursor is the last client."""
    found = list(islice(letters, size))
    following = None
    for letter in letters:
        if letter.party.id != found[-1].party.id:
            following = str(found[-1].party.id)
            break
        found.append(letter)
    return Page(found, following, str(after) if after else None)


def _asked_cursor() -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(request.args.get("cursor", ""))
    return None
