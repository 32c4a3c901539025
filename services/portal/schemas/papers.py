"""Papers out of rows of the database."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from services.portal.actions.documents import read_stored
from services.portal.clients.files import FileMissing, FileStore
from services.portal.models import Agency, IncomeStatement, Invoice, Party, Payment, StoredFile
from services.portal.queries.payments import Applied as AppliedRow
from services.portal.queries.statements import Statement
from services.portal.rules.fiscal.cufe import PRODUCTION, VERIFY
from services.portal.rules.fiscal.reading import CFDI, FiscalDocument, UnreadableDocument
from services.portal.rules.invoices import INVOICE, load_lines
from services.portal.rules.papers import (
    Applied,
    FiscalFacts,
    Head,
    IncomePaper,
    IncomeRow,
    InvoicePaper,
    Movement,
    Person,
    ReceiptPaper,
    StatementPaper,
    sums_by_rate,
)

_SAT = "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?"
"""Where everybody sees whether SAT knows a CFDI (Anexo 20 of the Resolución Miscelánea Fiscal, I.E)."""


def head_of(agency: Agency) -> Head:
    """The agency as it stands on top of its papers."""
    return Head(
        name=agency.name,
        document=f"{agency.document_type} {agency.document_number}".strip(),
        address=agency.address,
        city=f"{agency.postal_code} {agency.city}".strip(),
        phone=agency.phone,
        email=agency.email,
        country=agency.country,
    )


def person_of(party: Party) -> Person:
    """A client as papers name them."""
    return Person(party.name, f"{party.document_type} {party.document_number}".strip(), party.code)


def paper_of_invoice(
    agency: Agency,
    invoice: Invoice,
    party: Party,
    language: str,
    public_url: str,
    fiscal: FiscalFacts | None = None,
    corrects_number: str = "",
) -> InvoicePaper:
    """An invoice or a credit note. `public_url` is its page in the client area, as an absolute address."""
    lines = load_lines(invoice.lines)
    return InvoicePaper(
        language=language,
        head=head_of(agency),
        person=person_of(party),
        number=invoice.number or "",
        state=invoice.state,
        currency=invoice.currency,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        lines=lines,
        subtotal=invoice.subtotal,
        taxes=sums_by_rate(tax for line in lines for tax in line.taxes),
        withholdings=sums_by_rate(tax for line in lines for tax in line.withholdings),
        total=invoice.total,
        balance=invoice.balance,
        kind=invoice.kind,
        concept=invoice.concept,
        property_name=invoice.property_name,
        period=invoice.period,
        notes=invoice.notes,
        corrects_number=corrects_number,
        reason=invoice.reason,
        bank_details=agency.bank_details,
        public_url=public_url,
        fiscal=fiscal,
    )


def fiscal_facts_of(document: FiscalDocument) -> FiscalFacts | None:
    """What the paper of an invoice says about its fiscal document; None while no authority can know that document."""
    if not document.code or not (document.signed or document.validated):
        return None
    if document.standard == CFDI:
        asked = {
            "id": document.code,
            "re": document.issuer.tax_id,
            "rr": document.receiver.tax_id,
            "tt": f"{document.total:f}",
            "fe": document.seal[-8:],
        }
        return FiscalFacts("UUID", document.code, _SAT + urlencode(asked))
    name = "CUFE" if document.kind == INVOICE else "CUDE"
    return FiscalFacts(name, document.code, VERIFY.get(document.environment, VERIFY[PRODUCTION]) + document.code)


def facts_of_stored(store: FileStore, xml: StoredFile | None) -> FiscalFacts | None:
    """The same for the stored XML of an invoice; a paper is made also where there is none, or its bytes are lost."""
    try:
        return fiscal_facts_of(read_stored(store, xml.id)) if xml else None
    except (FileMissing, UnreadableDocument):
        return None


def paper_of_receipt(
    agency: Agency, payment: Payment, applied: Sequence[AppliedRow], language: str, reversed_on: date | None = None
) -> ReceiptPaper:
    """The receipt of a payment. `reversed_on` is the day of `payment.reversed_at` in the agency's zone."""
    return ReceiptPaper(
        language=language,
        head=head_of(agency),
        payer=Person(payment.payer_name, payment.payer_document),
        number=payment.receipt_number,
        received_on=payment.received_on,
        currency=payment.currency,
        amount=payment.amount,
        method=payment.method,
        reference=payment.reference,
        concept=payment.concept,
        applied=[Applied(part.invoice_number, part.concept, part.amount) for part in applied],
        credit_left=payment.unapplied,
        reversed_on=reversed_on,
        reversal_reason=payment.reversal_reason or "",
    )


def paper_of_statement(
    agency: Agency, party: Party, statement: Statement, language: str, made_on: date
) -> StatementPaper:
    """An account statement."""
    return StatementPaper(
        language=language,
        head=head_of(agency),
        person=person_of(party),
        currency=statement.currency,
        start=statement.start,
        until=statement.until,
        opening=statement.opening,
        rows=[
            Movement(entry.booked_on, entry.kind, entry.reference, entry.text, entry.amount, running)
            for entry, running in statement.entries
        ],
        closing=statement.closing,
        made_on=made_on,
    )


def paper_of_income(agency: Agency, income: IncomeStatement, party: Party, language: str) -> IncomePaper:
    """A statement of income."""
    return IncomePaper(
        language=language,
        head=head_of(agency),
        owner=person_of(party),
        number=income.number or "",
        state=income.state,
        currency=income.currency,
        period_from=income.period_from,
        period_until=income.period_until,
        rows=[IncomeRow(line["property"], line["concept"], Decimal(line["amount"])) for line in income.lines],
        income_total=income.income_total,
        deduction_total=income.deduction_total,
        net=income.net,
        paid_on=income.paid_on,
        payment_reference=income.payment_reference,
    )
