"""What administrators set: who issues the invoices, and the series of numbers."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import Agency, Series
from services.portal.queries.agency import THE_ONE
from shared.audit import record_act

PURPOSES = ("invoice", "credit_note", "receipt", "income", "case")


class PrefixTaken(Exception):
    """There is a series with this prefix already; numbers of two series could be the same."""


class SeriesUnknown(Exception):
    """There is no such series."""


class OnlySeries(Exception):
    """It is the only active series of its purpose: without it nothing could be numbered."""


def change_agency(session: Session, values: Mapping[str, Any]) -> Agency:
    """Change who issues the invoices and what is allowed; only what differs is recorded."""
    agency = session.get_one(Agency, THE_ONE, with_for_update=True)
    changed = {name: value for name, value in values.items() if getattr(agency, name) != value}
    told = {name: f"{getattr(agency, name)} → {value}" for name, value in changed.items()}
    for name, value in changed.items():
        setattr(agency, name, value)
    if changed:
        record_act(session, "portal", "agency.changed", subject="agency", details=told)
    return agency


def add_series(session: Session, purpose: str, prefix: str, first: int, last: int | None, width: int) -> Series:
    """A new series of numbers, taken once the older ones of its purpose are used up or retired. Raises PrefixTaken."""
    if session.scalar(select(Series.id).where(Series.prefix == prefix)):
        raise PrefixTaken
    series = Series(purpose=purpose, prefix=prefix, next_number=first, last_number=last, width=width)
    session.add(series)
    session.flush()
    _record(session, series, "added")
    return series


def retire_series(session: Session, series_id: uuid.UUID) -> Series:
    """No number is taken from it any more; those that were taken stay. Raises SeriesUnknown, OnlySeries."""
    series = session.get(Series, series_id, with_for_update=True)
    if series is None:
        raise SeriesUnknown
    others = select(Series.id).where(Series.purpose == series.purpose, Series.active, Series.id != series_id)
    if not session.scalar(others.limit(1)):
        raise OnlySeries
    if series.active:
        series.active = False
        _record(session, series, "retired")
    return series


def _record(session: Session, series: Series, what: str) -> None:
    told = {"prefix": series.prefix, "purpose": series.purpose, "what": what, "next": series.next_number}
    if series.last_number is not None:
        told["last"] = series.last_number
    record_act(session, "portal", "series.changed", subject="series", subject_id=series.id, details=told)
