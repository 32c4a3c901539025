"""The audit trail: who did what, when. Everybody of the staff may read it, nobody can change it."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.pages.audit_lines import line_of
from services.identity.pages.audit_sheet import Sheet
from services.identity.queries.audit import (
    AUDIT_ORDER,
    SYSTEM,
    AuditFilter,
    count_matching,
    entries_matching,
    find_entry,
    list_actors,
    names_of,
)
from services.identity.schemas.acts import (
    KINDS,
    SERVICES,
    choices_of_acts,
    detail_label,
    detail_value,
    wording_of,
)
from shared import clock
from shared.audit import ACTS, record_act
from shared.web import Problem, current, paginate, staff_required
from shared.web.exports import FORMATS, stream_table

blp = Blueprint("audit", __name__, url_prefix="/backoffice/identity/audit")

ROWS = 50
FILTERS = ("q", "party", "actor", "act", "service", "from", "to")


@blp.get("/")
@staff_required()
def show_all() -> str:
    """The entries that pass the filter, the newest first."""
    chosen, given, wrong = _asked_filter()
    with current().db.read() as session:
        found = entries_matching(session, chosen)
        page = paginate(session, found, AUDIT_ORDER, cursor=request.args.get("cursor"), limit=ROWS)
        names, actors = names_of(session, page.items), list_actors(session)
    return render_template(
        "identity/audit.html",
        page=page,
        lines=[line_of(one, names) for one in page.items],
        given=given,
        wrong=wrong,
        actors=[(SYSTEM, gettext("The system")), *actors],
        acts=choices_of_acts(),
        services=[(name, str(label)) for name, label in SERVICES.items()],
    )


@blp.get("/<uuid:entry_id>")
@staff_required()
def show(entry_id: uuid.UUID) -> str:
    """Everything that is known of one entry."""
    with current().db.read() as session:
        entry = find_entry(session, entry_id)
        if entry is None:
            raise Problem(404)
        names = names_of(session, [entry])
    return render_template(
        "identity/audit_entry.html",
        line=line_of(entry, names),
        entry=entry,
        label=wording_of(entry.act).label,
        service=SERVICES.get(entry.service, entry.service),
        kind=KINDS.get(entry.actor_kind, entry.actor_kind),
        details=[(detail_label(one["name"]), detail_value(one["name"], one["value"])) for one in entry.details],
    )


@blp.get("/export")
@staff_required()
def export() -> Any:
    """Exactly what is filtered, as a file; that somebody took it is recorded."""
    chosen, given, wrong = _asked_filter()
    kind = request.args.get("format", "")
    if wrong or kind not in FORMATS:
        return redirect(url_for("audit.show_all", **given), 303)
    db = current().db
    # Entries that come in while the file is written are not in it, so that its number is the recorded one.
    until = min(chosen.until, clock.now()) if chosen.until else clock.now()
    chosen = AuditFilter(**(vars(chosen) | {"until": until}))
    with db.read() as session:
        count = count_matching(session, chosen)
    details = {"format": kind, **({"filter": _told(given)} if given else {})}
    with db.write() as session:
        record_act(session, "identity", "audit.exported", count=count, details=details)
    file = gettext("audit-trail")
    sheet, day = Sheet(db, _zone()), clock.now().astimezone(_zone()).date()
    return stream_table(kind, f"{file}-{day}", sheet.header(), sheet.rows(chosen))


def _asked_filter() -> tuple[AuditFilter, dict[str, Any], list[str]]:
    """The filter of the address, the parameters that are set, and which of the two dates is none."""
    given: dict[str, Any] = {name: text for name in FILTERS if (text := request.args.get(name, "").strip())}
    wrong: list[str] = [name for name in ("from", "to") if name in given and _day(given[name]) is None]
    since, until = (_day(given.get(name, "")) for name in ("from", "to"))
    chosen = AuditFilter(
        q=given.get("q", ""),
        party=given.get("party", ""),
        actor=given.get("actor", ""),
        act=given["act"] if given.get("act") in ACTS else "",
        service=given["service"] if given.get("service") in SERVICES else "",
        since=since,
        until=until + timedelta(days=1) if until else None,
    )
    return chosen, given, wrong


def _day(text: str) -> datetime | None:
    """The beginning of a day (YYYY-MM-DD) in the zone in which times are shown."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    # Far from both ends of what a datetime holds: the day after it, and either in UTC, are computed.
    return datetime.combine(day, time(), _zone()) if 1900 < day.year < 9000 else None


def _zone() -> ZoneInfo:
    return ZoneInfo(current().settings.timezone)


def _told(given: dict[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in given.items())
