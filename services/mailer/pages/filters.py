"""What a list of letters is narrowed to, as the address of a page says it."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import abort, request

from services.mailer.queries import LetterFilter
from services.mailer.rules.options import mail_options
from services.mailer.rules.states import KINDS, STATES
from shared.web import current

FIELDS = ("q", "state", "kind", "batch_id", "party_id", "from", "to")


def asked_filter() -> LetterFilter:
    """The filter of the history; an id or a day that is none is a page that does not exist."""
    state, kind = request.values.get("state") or None, request.values.get("kind") or None
    first, last = _day("from"), _day("to")
    return LetterFilter(
        state=state if state in STATES else None,
        kind=kind if kind in KINDS else None,
        batch_id=identifier("batch_id"),
        party_id=identifier("party_id"),
        since=_midnight(first) if first else None,
        before=_midnight(last + timedelta(days=1)) if last else None,
        text=request.values.get("q", "").strip() or None,
    )


def asked_fields() -> dict[str, str]:
    """The same as it was given, to be given on to forms and links."""
    return {name: value for name in FIELDS if (value := request.values.get(name, "").strip())}


def identifier(name: str) -> uuid.UUID | None:
    """An id from the address."""
    text = request.values.get(name, "")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        abort(404)


def chosen_ids(texts: list[str]) -> list[uuid.UUID]:
    """Ids of a form."""
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError:
        abort(404)


def _day(name: str) -> date | None:
    text = request.values.get(name, "")
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        abort(404)
    if day is not None and not 1970 < day.year < 9999:
        abort(404)
    return day


def _midnight(day: date) -> datetime:
    """When a day begins in the agency's zone."""
    zone = ZoneInfo(mail_options(current().settings).timezone)
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
