"""Kinds of notices, and what people choose among."""

INVOICE_ISSUED = "invoice_issued"
REMINDER_BEFORE, REMINDER_DUE = "reminder_before", "reminder_due"
OVERDUE_FIRST, OVERDUE_SECOND, OVERDUE_THIRD = "overdue_first", "overdue_second", "overdue_third"
RECEIPT, REPORT_REJECTED = "receipt", "report_rejected"
CASE_OPENED, CASE_ANSWERED, CASE_EXTENDED, CASE_CLOSED = "case_opened", "case_answered", "case_extended", "case_closed"
INCOME_PUBLISHED = "income_published"

REMINDERS = (REMINDER_BEFORE, REMINDER_DUE, OVERDUE_FIRST, OVERDUE_SECOND, OVERDUE_THIRD)
"""The steps of reminding, in their order: each once for an invoice and an address."""

PREFERENCE_OF = {
    INVOICE_ISSUED: "invoice",
    REMINDER_BEFORE: "reminder",
    REMINDER_DUE: "reminder",
    OVERDUE_FIRST: "overdue",
    OVERDUE_SECOND: "overdue",
    OVERDUE_THIRD: "overdue",
    RECEIPT: "receipt",
    REPORT_REJECTED: "receipt",
    CASE_OPENED: "cases",
    CASE_ANSWERED: "cases",
    CASE_EXTENDED: "cases",
    CASE_CLOSED: "cases",
    INCOME_PUBLISHED: "general",
}
"""Kind → what people choose it by. A kind that is missing here is a security letter: it always goes."""
PREFERENCES = ("invoice", "reminder", "overdue", "receipt", "cases", "general")
"""In the order in which pages show them. A client gets all of them until they say otherwise, a contact what was chosen
for them."""
KINDS_OF = {name: tuple(kind for kind, of in PREFERENCE_OF.items() if of == name) for name in PREFERENCES}
"""What people choose → the kinds that it is about."""
RAISED, SENT, WITHDRAWN, FAILED, BOUNCED = "raised", "sent", "withdrawn", "failed", "bounced"
