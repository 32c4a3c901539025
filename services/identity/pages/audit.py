"""The audit trail: who did what, when. Everybody of the staff may read it, nobody can change it."""

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext

from services.identity.models.audit import AuditEntry
from services.identity.pages.audit_lines import actor_name, line_of, party_name, plain_sentence
from services.identity.queries.audit import (
    AUDIT_ORDER,
    SYSTEM,
    AuditFilter,
    Names,
    count_matching,
    entries_matching,
    every_matching,
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
from shared.web.exports import FORMATS, Row, stream_table

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
        label_of=lambda act: wording_of(act).label,
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
    return stream_table(kind, f"{file}-{_local(clock.now()):%Y-%m-%d}", _header(), _rows(chosen))


def _header() -> list[str]:
    return [
        gettext("Date and time"),
        gettext("What happened"),
        gettext("Kind"),
        gettext("Who"),
        gettext("Kind of actor"),
        gettext("Party"),
        gettext("Number"),
        gettext("Details"),
        gettext("Part"),
        gettext("Network address"),
        gettext("Subject"),
        gettext("Id of the subject"),
        gettext("Id of the entry"),
    ]


def _rows(chosen: AuditFilter) -> Iterator[Row]:
    db = current().db
    for entries in every_matching(db, chosen):
        with db.read() as session:
            names = names_of(session, entries)
        for one in entries:
            yield _row(one, names)


def _row(one: AuditEntry, names: Names) -> Row:
    told = (f"{detail_label(d['name'])}: {detail_value(d['name'], d['value'])}" for d in one.details)
    return (
        f"{_local(one.at):%Y-%m-%d %H:%M:%S}",
        plain_sentence(one, names),
        str(wording_of(one.act).label),
        actor_name(one, names),
        str(KINDS.get(one.actor_kind, one.actor_kind)),
        party_name(one, names),
        one.count,
        "; ".join(told),
        str(SERVICES.get(one.service, one.service)),
        one.address,
        one.subject,
        one.subject_id,
        str(one.id),
    )


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


def _local(moment: datetime) -> datetime:
    return moment.astimezone(_zone())


def _zone() -> ZoneInfo:
    return ZoneInfo(current().settings.timezone)


def _told(given: dict[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in given.items())
