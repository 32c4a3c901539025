"""Payments over REST: money that another system received, and receipts."""

from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from services.portal.models import Payment
from services.portal.queries.payments import Applied
from services.portal.rules.money import CENT, CURRENCIES, HAND_METHODS, METHODS
from services.portal.schemas.amounts import Amount, Text
from services.portal.schemas.invoices import AppliedOut, day
from services.portal.schemas.parties import PartyOfDocument, PartyReference
from shared.web.api import PageQuery

MOST_INVOICES = 100
SHOWN = (
    *("id", "receipt_number", "party", "currency", "amount", "unapplied", "method", "reference", "concept"),
    *("received_on", "created_at", "reversed_at", "reversal_reason"),
)


class PaidInvoiceIn(ma.Schema):
    """An invoice that money is for."""

    invoice_id = fields.UUID(required=True)
    amount = Amount(least=CENT, description="at most so much of the money; without it all that is to be paid")


class PaymentIn(PartyReference):
    """Money that was received. What fits no open invoice stays as the party's credit."""

    currency = fields.String(required=True, validate=validate.OneOf(CURRENCIES))
    amount = Amount(least=CENT, required=True)
    method = fields.String(required=True, validate=validate.OneOf(HAND_METHODS))
    received_on = day(metadata={"description": "without it today; not in the future"})
    reference = Text(200, load_default="", description="of the bank")
    concept = Text(300, load_default="", description="without it the numbers of the invoices")
    invoices = fields.List(
        fields.Nested(PaidInvoiceIn),
        load_default=list,
        validate=validate.Length(max=MOST_INVOICES),
        metadata={"description": "in the order in which they are paid"},
    )


class PaymentOut(ma.Schema):
    """Money received, which is at the same time its receipt."""

    id = fields.UUID(required=True)
    receipt_number = fields.String(required=True)
    party = fields.Nested(PartyOfDocument, required=True)
    currency = fields.String(required=True)
    amount = Amount(required=True)
    unapplied = Amount(required=True, description="what pays no invoice: the party's credit")
    method = fields.String(required=True, validate=validate.OneOf(METHODS))
    reference = fields.String(required=True)
    concept = fields.String(required=True)
    received_on = fields.Date(required=True)
    created_at = fields.DateTime(required=True)
    reversed_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "it proved to be no money"})
    reversal_reason = fields.String(required=True, allow_none=True)
    applied = fields.List(fields.Nested(AppliedOut), required=True)


class PaymentQuery(PageQuery):
    """Filters of payments; several narrow together. Days are inclusive."""

    q = fields.String(
        metadata={
            "description": "the beginning of a receipt's number, a whole reference, or words of the party's name, "
            "document, code"
        }
    )
    method = fields.String(validate=validate.OneOf(METHODS))
    currency = fields.String(validate=validate.OneOf(CURRENCIES))
    received_from = fields.Date()
    received_until = fields.Date()
    reversed = fields.Boolean(metadata={"description": "only those that were reversed, or only those that were not"})
    party_id = fields.UUID()


def payment_view(payment: Payment, applied: Sequence[Applied]) -> dict[str, Any]:
    """A payment as PaymentOut shows it; its party must be loaded."""
    return {name: getattr(payment, name) for name in SHOWN} | {"applied": applied}
