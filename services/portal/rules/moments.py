"""Moments as letters write them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime


def moment_text(moment: datetime, language: str, timezone: str) -> str:
    """A moment as a reader of this language writes it, in the agency's zone."""
    pattern = "d MMMM y, HH:mm" if language == "en" else "d 'de' MMMM 'de' y, HH:mm"
    locale = "en" if language == "en" else "es"
    return format_datetime(moment, pattern, tzinfo=ZoneInfo(timezone), locale=locale)
