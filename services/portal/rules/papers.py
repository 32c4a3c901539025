"""What the papers of the client area say: invoices, receipts, account statements and statements of income.

Plain texts, decimals and days, so that any place can make a paper without a database at hand. All texts may hold
whatever people typed: how they get onto paper unharmed is the business of clients/papers.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.portal.rules.invoices import INVOICE, Line, Tax

MOST_MOVEMENTS = 1000
"""Of an account statement on paper, some thirty pages: setting it takes half a second and 120 MB."""


@dataclass(frozen=True)
class Head:
    """The agency, as it stands on top. `country` (CO or MX) decides the size of the paper and how numbers look."""

    name: str
    document: str = ""
    """Kind and number, such as `NIT 900123456-7`."""
    address: str = ""
    city: str = ""
    phone: str = ""
    email: str = ""
    country: str = "CO"


@dataclass(frozen=True)
class Person:
    """Whom a paper is for. `document` has kind and number, such as `CC 1020304050`."""

    name: str
    document: str = ""
    code: str = ""


@dataclass(frozen=True)
class FiscalFacts:
    """What a fiscal document adds to the paper of an invoice."""

    name: str
    """How the authority calls its code: CUFE, CUDE or UUID."""
    code: str
    url: str
    """Where everybody can verify it."""
    qr: str = ""
    """What the QR code holds; "": the `url`."""
    facts: Sequence[tuple[str, str]] = ()
    """More that the law wants on paper, as labels with texts: resolution of numbering, certificates, seals."""


@dataclass(frozen=True, kw_only=True)
class InvoicePaper:
    """An invoice, or a credit note with `corrects_number`."""

    language: str
    head: Head
    person: Person
    number: str
    """"" while a draft."""
    state: str
    """One of STATES in rules/invoices.py; void, paid, credited and draft ones are stamped."""
    currency: str
    issued_on: date | None
    due_on: date | None
    lines: Sequence[Line]
    subtotal: Decimal
    taxes: Sequence[Tax]
    """Summed by name and rate, see `sums_by_rate`."""
    withholdings: Sequence[Tax]
    total: Decimal
    balance: Decimal
    kind: str = INVOICE
    concept: str = ""
    property_name: str = ""
    period: str = ""
    """The month it is for, such as 2026-11."""
    notes: str = ""
    corrects_number: str = ""
    reason: str = ""
    bank_details: str = ""
    public_url: str = ""
    """The invoice in the client area."""
    fiscal: FiscalFacts | None = None


@dataclass(frozen=True)
class Applied:
    """What of a payment went to one invoice."""

    number: str
    concept: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class ReceiptPaper:
    """A *recibo de caja*: money that was received."""

    language: str
    head: Head
    payer: Person
    number: str
    received_on: date
    currency: str
    amount: Decimal
    method: str
    """As payments store it: transfer, cash, wompi …"""
    reference: str = ""
    concept: str = ""
    applied: Sequence[Applied] = ()
    credit_left: Decimal = Decimal(0)
    """What of it pays no invoice."""
    reversed_on: date | None = None
    reversal_reason: str = ""


@dataclass(frozen=True)
class Movement:
    """A row of an account statement. A positive amount means that more is owed."""

    booked_on: date
    kind: str
    """As the ledger has it: invoice, credit_note, void, payment or reversal."""
    reference: str
    text: str
    amount: Decimal
    running: Decimal


@dataclass(frozen=True, kw_only=True)
class StatementPaper:
    """The account of a client in one currency, from `start` to `until` (both included)."""

    language: str
    head: Head
    person: Person
    currency: str
    start: date
    until: date
    opening: Decimal
    rows: Sequence[Movement]
    closing: Decimal
    made_on: date


@dataclass(frozen=True)
class IncomeRow:
    """A line of a statement of income; what is taken off is negative."""

    property: str
    concept: str
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class IncomePaper:
    """What an owner's properties brought in a period, and what was taken off."""

    language: str
    head: Head
    owner: Person
    number: str
    """"" while a draft."""
    state: str
    """draft, published or void."""
    currency: str
    period_from: date
    period_until: date
    rows: Sequence[IncomeRow]
    income_total: Decimal
    deduction_total: Decimal
    """Positive."""
    net: Decimal
    paid_on: date | None = None
    payment_reference: str = ""


def sums_by_rate(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
    """One tax for each name and rate, in the order of their first appearance."""
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for tax in taxes:
        key = (tax.name, tax.rate)
        sums[key] = sums.get(key, Decimal(0)) + tax.amount
    return tuple(Tax(name, rate, amount) for (name, rate), amount in sums.items())
