"""Tables of the portal."""

from services.portal.models.base import Base
from services.portal.models.cases import Case, CaseMessage
from services.portal.models.fees import FeeRule, LateFee
from services.portal.models.files import StoredFile
from services.portal.models.invoices import Agency, IncomeStatement, Invoice, InvoiceImport, InvoiceImportRow, Series
from services.portal.models.money import (
    Allocation,
    GatewayNotice,
    LedgerEntry,
    Payment,
    PaymentIncident,
    PaymentIntent,
    PaymentReport,
)
from services.portal.models.notices import (
    DailyRun,
    FormerLetter,
    HolderChoice,
    Notice,
    ReminderRule,
    UnreachableAddress,
)
from services.portal.models.parties import Party
from services.portal.models.people import Contact, Invitation, Person
from services.portal.models.profile import EmailChange, Viewing
from services.portal.models.sessions import ClientSession, EndedCredential

__all__ = [
    "Agency",
    "Allocation",
    "Base",
    "Case",
    "CaseMessage",
    "ClientSession",
    "Contact",
    "DailyRun",
    "EmailChange",
    "EndedCredential",
    "FeeRule",
    "FormerLetter",
    "GatewayNotice",
    "HolderChoice",
    "IncomeStatement",
    "Invitation",
    "Invoice",
    "InvoiceImport",
    "InvoiceImportRow",
    "LateFee",
    "LedgerEntry",
    "Notice",
    "Party",
    "Payment",
    "PaymentIncident",
    "PaymentIntent",
    "PaymentReport",
    "Person",
    "ReminderRule",
    "Series",
    "StoredFile",
    "UnreachableAddress",
    "Viewing",
]
