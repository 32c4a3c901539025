"""The agent's pages about invoices, income and the agency, in one list."""

from services.portal.pages.agency import agency
from services.portal.pages.desk import desk
from services.portal.pages.fee_desk import fee_desk
from services.portal.pages.fee_rules import fee_rules
from services.portal.pages.income_desk import income_desk
from services.portal.pages.income_editing import income_editing
from services.portal.pages.invoice_deciding import invoice_deciding
from services.portal.pages.invoice_desk import invoice_desk
from services.portal.pages.invoice_disputes import invoice_disputes
from services.portal.pages.invoice_editing import invoice_editing
from services.portal.pages.invoice_exports import invoice_exports
from services.portal.pages.invoice_imports import invoice_imports
from services.portal.pages.letter_desk import letter_desk
from services.portal.pages.reminder_desk import reminder_desk
from services.portal.pages.reminder_rules import reminder_rules

DESK_PAGES = (
    *(desk, invoice_desk, invoice_editing, invoice_deciding, invoice_exports, invoice_imports),
    *(income_desk, income_editing, agency, fee_desk, fee_rules, letter_desk),
    *(reminder_desk, reminder_rules, invoice_disputes),
)
