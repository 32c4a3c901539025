"""Letters of the client area in words: what they are about, how they ended, and where they lead."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from services.portal.models import Notice
from services.portal.rules.notices import (
    BOUNCED,
    CASE_ANSWERED,
    CASE_CLOSED,
    CASE_EXTENDED,
    CASE_OPENED,
    FAILED,
    INCOME_PUBLISHED,
    INVOICE_ISSUED,
    OVERDUE_FIRST,
    OVERDUE_SECOND,
    OVERDUE_THIRD,
    RAISED,
    RECEIPT,
    REMINDER_BEFORE,
    REMINDER_DUE,
    REMINDERS,
    REPORT_REJECTED,
    SENT,
    WITHDRAWN,
)
from shared.web.context import Text
from shared.web.look import State

KIND_WORDS: dict[str, Text] = {
    INVOICE_ISSUED: _l("New invoice"),
    REMINDER_BEFORE: _l("Reminder before the due date"),
    REMINDER_DUE: _l("Reminder on the due date"),
    OVERDUE_FIRST: _l("First overdue notice"),
    OVERDUE_SECOND: _l("Second overdue notice"),
    OVERDUE_THIRD: _l("Third overdue notice"),
    RECEIPT: _l("Receipt of a payment"),
    REPORT_REJECTED: _l("Reported payment not accepted"),
    CASE_OPENED: _l("PQRS received"),
    CASE_ANSWERED: _l("Answer to a PQRS"),
    CASE_EXTENDED: _l("More time for a PQRS"),
    CASE_CLOSED: _l("PQRS closed"),
    INCOME_PUBLISHED: _l("Statement of income"),
}


@dataclass(frozen=True)
class Way:
    """A page about what letters tell: its endpoint, and how it calls the id that ends the path of a letter."""

    endpoint: str
    argument: str


_CASES = (CASE_OPENED, CASE_ANSWERED, CASE_EXTENDED, CASE_CLOSED)
CLIENT_WAYS: Mapping[str, Way] = {
    **dict.fromkeys((INVOICE_ISSUED, *REMINDERS), Way("invoices.show", "invoice_id")),
    RECEIPT: Way("receipts.show", "payment_id"),
    REPORT_REJECTED: Way("reports.show", "report_id"),
    **dict.fromkeys(_CASES, Way("cases.show", "case_id")),
    INCOME_PUBLISHED: Way("income.show", "income_id"),
}
"""Kind → the client's page."""
DESK_WAYS: Mapping[str, Way] = {
    **dict.fromkeys((INVOICE_ISSUED, *REMINDERS), Way("invoice_desk.show", "invoice_id")),
    RECEIPT: Way("payment_desk.show", "payment_id"),
    REPORT_REJECTED: Way("report_desk.show", "report_id"),
    **dict.fromkeys(_CASES, Way("case_desk.show", "case_id")),
    INCOME_PUBLISHED: Way("income_desk.show", "statement_id"),
}
"""Kind → the agent's page."""


def way_of(notice: Notice, ways: Mapping[str, Way]) -> tuple[str, dict[str, Any]] | None:
    """To which page a letter leads, as arguments of url_for; None where it leads to none."""
    way = ways.get(notice.kind)
    try:
        thing = uuid.UUID(notice.path.rpartition("/")[2])
    except ValueError:
        return None
    return (way.endpoint, {way.argument: thing}) if way else None


def kind_words(notice: Notice) -> str:
    """What a letter is about."""
    return str(KIND_WORDS.get(notice.kind, notice.kind))


def state_of_letter(notice: Notice, now: datetime) -> State:
    """How a letter ended, for people."""
    if notice.state == RAISED and notice.worth_until <= now:
        return gettext("Not known"), "off", "question-circle"
    looks: dict[str, State] = {
        RAISED: (gettext("Waits to be sent"), "waiting", "hourglass-split"),
        SENT: (gettext("Sent"), "good", "check-circle"),
        WITHDRAWN: (gettext("Not sent"), "off", "slash-circle"),
        FAILED: (gettext("Could not be sent"), "bad", "x-circle"),
        BOUNCED: (gettext("Came back"), "bad", "arrow-return-left"),
    }
    return looks[notice.state]
