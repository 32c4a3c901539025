"""States of the client area as people read them: words, kind of badge and icon, as `macros.html` shows them."""

from flask_babel import lazy_gettext as _l

from services.portal.models import IncomeStatement, Invoice, Payment
from services.portal.rules.invoices import CREDIT_NOTE, shown_state
from shared import clock
from shared.web import current
from shared.web.look import State

INVOICE_STATES: dict[str, State] = {
    "draft": (_l("Draft"), "off", "pencil"),
    "issued": (_l("To be paid"), "waiting", "hourglass-split"),
    "partly_paid": (_l("Partly paid"), "busy", "pie-chart"),
    "paid": (_l("Paid"), "good", "check-circle"),
    "credited": (_l("Settled by credit note"), "good", "check-circle"),
    "void": (_l("Void"), "off", "x-circle"),
    "overdue": (_l("Overdue"), "bad", "exclamation-triangle"),
}
CREDIT_NOTE_STATES: dict[str, State] = {
    "issued": (_l("Credit to use"), "info", "piggy-bank"),
    "partly_paid": (_l("Credit to use"), "info", "piggy-bank"),
    "paid": (_l("Credit used"), "off", "check-circle"),
}


def invoice_state(invoice: Invoice) -> State:
    """The state of an invoice or credit note today."""
    if invoice.kind == CREDIT_NOTE and invoice.state in CREDIT_NOTE_STATES:
        return CREDIT_NOTE_STATES[invoice.state]
    today = clock.today(current().settings.timezone)
    return INVOICE_STATES[shown_state(invoice.state, invoice.due_on, today)]


def payment_state(payment: Payment) -> State:
    """Whether money that was received still counts."""
    if payment.reversed_at:
        return _l("Reversed"), "bad", "x-circle"
    return _l("Received"), "good", "check-circle"


def income_state(statement: IncomeStatement) -> State:
    """Whether a published statement of income was paid out."""
    if statement.state != "published":
        return INVOICE_STATES[statement.state]
    if statement.paid_on:
        return _l("Paid out"), "good", "check-circle"
    return _l("To be paid out"), "waiting", "hourglass-split"
