"""The words of reminders: their steps, and when each is made."""

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _l

from services.portal.rules.notices import (
    OVERDUE_FIRST,
    OVERDUE_SECOND,
    OVERDUE_THIRD,
    REMINDER_BEFORE,
    REMINDER_DUE,
)
from shared.web.context import Text

STEP_NAMES: dict[str, Text] = {
    REMINDER_BEFORE: _l("Reminder before the due date"),
    REMINDER_DUE: _l("Reminder on the due date"),
    OVERDUE_FIRST: _l("First overdue notice"),
    OVERDUE_SECOND: _l("Second overdue notice"),
    OVERDUE_THIRD: _l("Third overdue notice"),
}
ROLE_NAMES: dict[str, Text] = {"tenant": _l("Tenants"), "owner": _l("Owners")}


def when_text(kind: str, days: int) -> str:
    """When a step is made: `5 days before the due date`."""
    if kind == REMINDER_DUE:
        return gettext("on the due date")
    if kind == REMINDER_BEFORE:
        return ngettext("%(num)d day before the due date", "%(num)d days before the due date", days)
    return ngettext("%(num)d day after the due date", "%(num)d days after the due date", days)
