"""What other systems may send in."""

import uuid
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from shared.events.registry import event


@event("external.mail.LetterRequested.v1")
@dataclass(frozen=True, kw_only=True)
class LetterRequested:
    """Another system asks for a letter. Its `source` and `id` make it one letter, however often it is delivered.

    `text` is plain text; blank lines divide paragraphs, and an address (http or https) on a line of its own becomes
    a link. `language` is `es` or `en`. With `party_id` the letter shows up in that party's history.
    """

    address: str
    name: str
    subject: str
    text: str
    language: str = "es"
    party_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class BilledTax:
    """A tax or withholding of a line: `rate` in per cent, `amount` as the sender computed it."""

    name: str
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True, kw_only=True)
class BilledLine:
    """A line of an invoice. Quantity times unit price is the base of its taxes and withholdings."""

    description: str
    quantity: Decimal
    unit_price: Decimal
    taxes: list[BilledTax] = field(default_factory=list)
    withholdings: list[BilledTax] = field(default_factory=list)


@event("external.billing.InvoiceIssued.v1")
@dataclass(frozen=True, kw_only=True)
class ExternalInvoiceIssued:
    """Another system issued an invoice, which the client is to see and pay here.

    The party is named by `party_id`, or by `document_type` and `document_number` (or its client `code`). `source` of
    the event and `external_id` make it one invoice, however often it is sent. `role`: `tenant` or `owner`. `total` is
    what is to be paid (lines + taxes − withholdings) and must agree with the lines to the cent. Amounts are decimal
    strings. `xml` is the fiscal document as text, if there is one.
    """

    external_id: str
    number: str
    issued_on: date
    due_on: date
    currency: str
    total: Decimal
    lines: list[BilledLine]
    role: str = "tenant"
    concept: str = ""
    property_name: str = ""
    period: str = ""
    party_id: uuid.UUID | None = None
    document_type: str = ""
    document_number: str = ""
    code: str = ""
    xml: str | None = None
