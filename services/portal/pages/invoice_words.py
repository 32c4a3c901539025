"""The words of invoices: states with their colours and icons, roles, kinds."""

from datetime import date

from flask_babel import lazy_gettext as _l

from services.portal.models import Invoice
from services.portal.rules.invoices import CREDIT_NOTE, OPEN_STATES, shown_state
from shared.web.look import State

INVOICE_STATES: dict[str, State] = {
    "draft": (_l("Draft"), "off", "pencil"),
    "issued": (_l("To be paid"), "waiting", "hourglass-split"),
    "partly_paid": (_l("Partly paid"), "busy", "circle-half"),
    "overdue": (_l("Overdue"), "bad", "exclamation-triangle"),
    "paid": (_l("Paid"), "good", "check-circle"),
    "credited": (_l("Credited"), "info", "arrow-counterclockwise"),
    "void": (_l("Void"), "off", "x-circle"),
}
NOTE_STATES: dict[str, State] = {
    "issued": (_l("Credit to use"), "info", "piggy-bank"),
    "partly_paid": (_l("Partly used"), "info", "circle-half"),
    "paid": (_l("Used"), "good", "check-circle"),
}
IN_DISPUTE: State = (_l("In dispute"), "waiting", "chat-square-text")
"""Shown in place of the state of what is open."""
ROLE_WORDS = {"tenant": _l("Rent invoice"), "owner": _l("Commission invoice")}
KIND_WORDS = {"invoice": _l("Invoice"), "credit_note": _l("Credit note")}


def invoice_state(invoice: Invoice, today: date) -> State:
    """The state of an invoice or credit note as people see it: label, kind and icon."""
    if invoice.kind == CREDIT_NOTE and invoice.state in NOTE_STATES:
        return NOTE_STATES[invoice.state]
    if invoice.disputed_at and invoice.state in OPEN_STATES:
        return IN_DISPUTE
    return INVOICE_STATES[shown_state(invoice.state, invoice.due_on, today)]
