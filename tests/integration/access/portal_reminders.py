"""Who may call what in the portal: reminders, and invoices in dispute."""

from tests.integration.access.kinds import ADMIN, STAFF_CHANGE, STAFF_READ, Route

ROUTES: tuple[Route, ...] = (
    Route("reminder_desk.index", "GET", STAFF_READ),
    Route("reminder_desk.days_picture", "GET", STAFF_READ),
    Route("reminder_desk.tomorrow", "GET", STAFF_READ),
    Route("reminder_desk.tomorrow_table", "GET", STAFF_READ),
    Route("reminder_desk.repeat", "GET POST", ADMIN),
    Route("reminder_rules.of_class", "GET POST", ADMIN),
    Route("reminder_rules.of_client", "GET", STAFF_READ),
    Route("reminder_rules.change_client", "POST", ADMIN),
    Route("invoice_disputes.dispute", "GET POST", STAFF_CHANGE),
    Route("invoice_disputes.settle", "GET POST", STAFF_CHANGE),
)
