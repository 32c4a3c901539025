"""The one clock. Everything asks here, so that a test moves time in one place."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return datetime.now(UTC)


def today(zone: str) -> date:
    """The present day in a zone, such as America/Bogota: the day that invoices, payments and deadlines mean."""
    return now().astimezone(ZoneInfo(zone)).date()
