"""Tables of the portal."""

from services.portal.models.base import Base
from services.portal.models.cases import Case, CaseMessage
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
from services.portal.models.parties import Party
from services.portal.models.profile import EmailChange, Viewing
from services.portal.models.sessions import ClientSession, EndedCredential

__all__ = [
    "Agency",
    "Allocation",
    "Base",
    "Case",
    "CaseMessage",
    "ClientSession",
    "EmailChange",
    "EndedCredential",
    "GatewayNotice",
    "IncomeStatement",
    "Invoice",
    "InvoiceImport",
    "InvoiceImportRow",
    "LedgerEntry",
    "Party",
    "Payment",
    "PaymentIncident",
    "PaymentIntent",
    "PaymentReport",
    "Series",
    "StoredFile",
    "Viewing",
]
