"""Invoices over REST: what is sent to have one, and how one is shown."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import marshmallow as ma
from flask_babel import format_date, gettext
from marshmallow import fields, validate

from services.portal.actions.invoicing import NewInvoice
from services.portal.models import Invoice, LateFee
from services.portal.queries.payments import Applied
from services.portal.rules.billing import Disagreement, SentLine, SentTax, billed_lines, check_days
from services.portal.rules.fees import STATES as FEE_STATES
from services.portal.rules.invoices import CREDIT_NOTE, INVOICE, MOST_LINES, ROLES, SHOWN_STATES, shown_state
from services.portal.rules.money import CENT, CURRENCIES, LARGEST
from services.portal.schemas.amounts import Amount, Text
from services.portal.schemas.fields import EARLIEST, LATEST
from services.portal.schemas.parties import PartyOfDocument, PartyReference
from shared.web.api import PageQuery

MOST_TAXES = 20
KINDS = (INVOICE, CREDIT_NOTE)
PERIOD = r"^([0-9]{4}-(0[1-9]|1[0-2]))?$"
NUMBER = r"^[A-Za-z0-9][A-Za-z0-9 ._/#-]*$"
SHOWN = (
    *("id", "kind", "role", "number", "currency", "subtotal", "tax_total", "withholding_total", "total", "balance"),
    *("issued_on", "due_on", "period", "concept", "property_name", "notes", "corrects_id", "reason", "external_id"),
    *("created_at", "issued_at", "ended_at", "lines", "party"),
)


def day(**options: Any) -> fields.Date:
    """A day of this century: other years are slips."""
    return fields.Date(validate=validate.Range(EARLIEST, LATEST), **options)


class TaxIn(ma.Schema):
    """A tax or withholding of a line."""

    name = Text(60, least=1, required=True)
    rate = Amount(decimals=4, most=Decimal(100), required=True, description="in per cent of quantity × unit price")
    amount = Amount(
        least=-LARGEST, description="as you computed it; without it, or within 1.00 of it, the rate decides"
    )


class LineIn(ma.Schema):
    """A line: quantity × unit price, rounded to cents, is the base of its taxes and withholdings."""

    description = Text(300, least=1, required=True)
    quantity = Amount(decimals=6, least=Decimal("0.000001"), most=Decimal(1_000_000_000), load_default=Decimal(1))
    unit_price = Amount(decimals=6, least=-LARGEST, required=True, description="below zero for a discount")
    taxes = fields.List(fields.Nested(TaxIn), load_default=list, validate=validate.Length(max=MOST_TAXES))
    withholdings = fields.List(fields.Nested(TaxIn), load_default=list, validate=validate.Length(max=MOST_TAXES))


class InvoiceIn(PartyReference):
    """An invoice to be, over REST or from the bus. The party: its id, its document, or its client code."""

    external_id = Text(200, least=1, description="what you call it: sent again, it is the same invoice")
    role = fields.String(load_default="tenant", validate=validate.OneOf(ROLES))
    currency = fields.String(
        validate=validate.OneOf(CURRENCIES), metadata={"description": "without it that of the agency"}
    )
    lines = fields.List(fields.Nested(LineIn), required=True, validate=validate.Length(1, MOST_LINES))
    issued_on = day(metadata={"description": "without it today"})
    due_on = day(required=True)
    number = fields.String(
        validate=[validate.Length(1, 60), validate.Regexp(NUMBER)],
        metadata={"description": "without it the next one of the series"},
    )
    total = Amount(description="what the lines must add up to, with taxes, less withholdings")
    concept = Text(300, load_default="", description="in one line what it is for; without it the first line's text")
    property_name = Text(300, load_default="", description="which flat, shop or house")
    period = fields.String(
        load_default="", validate=validate.Regexp(PERIOD), metadata={"description": "the month that it is for"}
    )
    notes = Text(2000, load_default="")
    draft = fields.Boolean(load_default=False, metadata={"description": "keep it as a draft: it has no number yet"})


class TaxOut(ma.Schema):
    """A tax or withholding of a line."""

    name = fields.String(required=True)
    rate = fields.String(required=True)
    amount = fields.String(required=True)


class LineOut(ma.Schema):
    """A line; `amount` is quantity × unit price."""

    description = fields.String(required=True)
    quantity = fields.String(required=True)
    unit_price = fields.String(required=True)
    amount = fields.String(required=True)
    taxes = fields.List(fields.Nested(TaxOut), required=True)
    withholdings = fields.List(fields.Nested(TaxOut), required=True)


class InvoiceOut(ma.Schema):
    """An invoice or a credit note."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    number = fields.String(required=True, allow_none=True, metadata={"description": "null while it is a draft"})
    state = fields.String(required=True, validate=validate.OneOf(SHOWN_STATES))
    party = fields.Nested(PartyOfDocument, required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    currency = fields.String(required=True)
    lines = fields.List(fields.Nested(LineOut), required=True)
    subtotal = Amount(required=True, least=-LARGEST)
    tax_total = Amount(required=True, least=-LARGEST)
    withholding_total = Amount(required=True, least=-LARGEST)
    total = Amount(required=True, least=-LARGEST, description="subtotal + taxes − withholdings")
    balance = Amount(
        required=True, least=-LARGEST, description="still to be paid; of a credit note: what is not used yet"
    )
    issued_on = fields.Date(required=True, allow_none=True)
    due_on = fields.Date(required=True, allow_none=True)
    period = fields.String(required=True)
    concept = fields.String(required=True)
    property_name = fields.String(required=True)
    notes = fields.String(required=True)
    corrects_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "of a credit note: the invoice from which it takes"}
    )
    reason = fields.String(required=True, metadata={"description": "why it was voided, or the credit note was made"})
    external_id = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    issued_at = fields.DateTime(required=True, allow_none=True)
    ended_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "paid, credited or voided"})


class AppliedOut(ma.Schema):
    """What of a payment or a credit note went to an invoice."""

    amount = Amount(required=True)
    at = fields.DateTime(required=True)
    invoice_id = fields.UUID(required=True)
    invoice_number = fields.String(required=True)
    payment_id = fields.UUID(required=True, allow_none=True)
    receipt_number = fields.String(required=True, allow_none=True)
    credit_note_id = fields.UUID(required=True, allow_none=True)
    credit_note_number = fields.String(required=True, allow_none=True)


class LateFeeOut(ma.Schema):
    """What a client owes for not having paid an invoice in time."""

    id = fields.UUID(required=True)
    period = fields.Integer(
        required=True, metadata={"description": "0 for the first fee, 1 for that of the next month"}
    )
    fee_day = fields.Date(required=True, metadata={"description": "from which day it is owed"})
    base = Amount(required=True, description="what was owed of the invoice when it was computed, without fees on it")
    amount = Amount(required=True)
    waived = Amount(required=True, description="what of it need not be paid")
    state = fields.String(required=True, validate=validate.OneOf(FEE_STATES))
    charged_on_id = fields.UUID(
        required=True, allow_none=True, metadata={"description": "the invoice on which it stands; null while it waits"}
    )


class InvoiceDetail(InvoiceOut):
    """An invoice or a credit note, with what paid for it, or for what it was used, and what paying late cost."""

    applied = fields.List(fields.Nested(AppliedOut), required=True)
    is_late_fee = fields.Boolean(required=True, metadata={"description": "it is the document of a late fee"})
    late_fees = fields.List(fields.Nested(LateFeeOut), required=True)


class InvoiceQuery(PageQuery):
    """Filters of invoices; several narrow together. Days are inclusive."""

    q = fields.String(
        metadata={"description": "the beginning of a number, or words of the party's name, document, code"}
    )
    state = fields.String(validate=validate.OneOf(SHOWN_STATES))
    kind = fields.String(validate=validate.OneOf(KINDS))
    role = fields.String(validate=validate.OneOf(ROLES))
    currency = fields.String(validate=validate.OneOf(CURRENCIES))
    issued_from = fields.Date()
    issued_until = fields.Date()
    due_from = fields.Date()
    due_until = fields.Date()
    party_id = fields.UUID()


class VoidIn(ma.Schema):
    """Why an invoice is to count no longer."""

    reason = Text(300, least=1, required=True)


class CreditNoteIn(ma.Schema):
    """What is to be taken away from an invoice, in its currency."""

    amount = Amount(least=CENT, description="without it everything that no other credit note took away yet")
    reason = Text(300, least=1, required=True)


def new_invoice(
    bill: Mapping[str, Any], party_id: uuid.UUID, *, currency: str, today: date, source: str | None
) -> NewInvoice:
    """What a loaded InvoiceIn asks for; `currency` and `today` for where it says nothing. Raises Disagreement."""
    lines = billed_lines([_sent_line(line) for line in bill["lines"]], bill.get("total"))
    issued_on = bill.get("issued_on", today)
    check_days(issued_on, bill["due_on"])
    return NewInvoice(
        party_id=party_id,
        role=bill["role"],
        currency=bill.get("currency", currency),
        lines=lines,
        issued_on=issued_on,
        due_on=bill["due_on"],
        concept=bill["concept"] or lines[0].description,
        property_name=bill["property_name"],
        period=bill["period"],
        notes=bill.get("notes", ""),
        number=bill.get("number"),
        source=source if "external_id" in bill else None,
        external_id=bill.get("external_id"),
        adds_fees=not bill.keys() & {"number", "total", "external_id"},
    )


def _sent_line(line: Mapping[str, Any]) -> SentLine:
    taxes, withholdings = ([SentTax(**tax) for tax in line[name]] for name in ("taxes", "withholdings"))
    return SentLine(line["description"], line["quantity"], line["unit_price"], taxes, withholdings)


def disagreement_text(error: Disagreement) -> str:
    """What does not fit together, in the reader's language."""
    if isinstance(error.expected, date):
        return gettext("It cannot be due before it is issued, on %(day)s.", day=format_date(error.expected))
    if error.reason == "tax":
        return gettext("Its rate gives %(amount)s.", amount=error.expected)
    return gettext("The lines add up to %(amount)s.", amount=error.expected)


def invoice_view(
    invoice: Invoice, today: date, applied: Sequence[Applied] = (), fees: Sequence[LateFee] = ()
) -> dict[str, Any]:
    """An invoice as InvoiceOut and InvoiceDetail show it; its party must be loaded."""
    shown = {name: getattr(invoice, name) for name in SHOWN}
    is_note = invoice.kind == CREDIT_NOTE
    state = invoice.state if is_note else shown_state(invoice.state, invoice.due_on, today)
    return shown | {"state": state, "applied": applied, "is_late_fee": invoice.is_late_fee, "late_fees": fees}
