"""What the client's pages about money have in common."""

import io
import re
from datetime import date

from flask import Response
from flask_babel import format_date
from flask_babel import lazy_gettext as _l

from services.portal.models import IncomeStatement, Payment
from services.portal.rules.files import PDF, safe_name
from shared import clock
from shared.i18n import language
from shared.web import current
from shared.web.exports import file_response
from shared.web.look import State

STROKES = re.compile(r"[/\\]")


def today_here() -> date:
    """The day it is at the agency."""
    return clock.today(current().settings.timezone)


def month_text(day: date) -> str:
    """The month of a day by its name, as a title."""
    return format_date(day, "LLLL 'de' yyyy" if language() == "es" else "LLLL yyyy").capitalize()


def period_text(period: str) -> str:
    """The month that an invoice is for, such as `2026-11`; what is no month is shown as it is."""
    try:
        return month_text(date.fromisoformat(f"{period}-01"))
    except ValueError:
        return period


def send_pdf(name: str, content: bytes) -> Response:
    """A paper that was just made, as a download; `name` is without its ending, and may be anything."""
    return file_response(paper_name(name), io.BytesIO(content), PDF)


def paper_name(name: str) -> str:
    """A file's name for a paper with this number: also numbers of other systems, with strokes and whatever else."""
    return safe_name(f"{STROKES.sub('-', name)}.pdf", PDF)


def payment_state(payment: Payment) -> State:
    """Whether money that was received still counts."""
    if payment.reversed_at:
        return _l("Reversed"), "bad", "x-circle"
    return _l("Received"), "good", "check-circle"


def income_state(statement: IncomeStatement) -> State:
    """Whether a published statement of income was paid out."""
    if statement.paid_on:
        return _l("Paid out"), "good", "check-circle"
    return _l("To be paid out"), "waiting", "hourglass-split"
