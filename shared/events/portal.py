"""What the portal tells: what clients do in their area, invoices, money, PQRS, people whom
clients let in, and notices that somebody is to get.

Amounts are decimal strings with two decimals, each with its currency (ISO 4217).
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from shared.events.registry import event


@event("porteria.portal.ClientSignedIn.v1")
@dataclass(frozen=True, kw_only=True)
class ClientSignedIn:
    """A person of this party signed in to the client area."""

    party_id: uuid.UUID
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Invoice:
    """An invoice or credit note. `role`: `tenant` or `owner`, as what the party gets it."""

    invoice_id: uuid.UUID
    number: str
    party_id: uuid.UUID
    role: str
    currency: str
    total: Decimal
    at: datetime


@event("porteria.portal.InvoiceIssued.v1")
@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(_Invoice):
    """An invoice got its number and is to be paid until `due_on`. `external_id`: what the system that sent it says."""

    issued_on: date
    due_on: date
    concept: str
    external_id: str | None = None


@event("porteria.portal.InvoicePaid.v1")
@dataclass(frozen=True, kw_only=True)
class InvoicePaid(_Invoice):
    """Nothing is left to be paid of an invoice."""


@event("porteria.portal.InvoiceVoided.v1")
@dataclass(frozen=True, kw_only=True)
class InvoiceVoided(_Invoice):
    """An invoice counts no longer; what was paid for it became credit."""

    reason: str


@event("porteria.portal.CreditNoteIssued.v1")
@dataclass(frozen=True, kw_only=True)
class CreditNoteIssued(_Invoice):
    """A credit note takes `total` away from the invoice `corrects_id`."""

    corrects_id: uuid.UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class AllocatedAmount:
    """What of a payment went to an invoice."""

    invoice_id: uuid.UUID
    number: str
    amount: Decimal


@event("porteria.portal.PaymentReceived.v1")
@dataclass(frozen=True, kw_only=True)
class PaymentReceived:
    """Money came in. `unapplied` is what pays no invoice and stays as the client's credit.

    `method`: wompi, stripe, sandbox, transfer, cash, card, cheque or other.
    """

    payment_id: uuid.UUID
    receipt_number: str
    party_id: uuid.UUID
    currency: str
    amount: Decimal
    unapplied: Decimal
    method: str
    reference: str
    received_on: date
    at: datetime
    allocated: list[AllocatedAmount] = field(default_factory=list)


@event("porteria.portal.PaymentReversed.v1")
@dataclass(frozen=True, kw_only=True)
class PaymentReversed:
    """A payment proved to be none; what it had paid is owed again."""

    payment_id: uuid.UUID
    receipt_number: str
    party_id: uuid.UUID
    currency: str
    amount: Decimal
    reason: str
    at: datetime


@event("porteria.portal.IncomeStatementPublished.v1")
@dataclass(frozen=True, kw_only=True)
class IncomeStatementPublished:
    """An owner can see what their properties brought in a period; `net` is for them."""

    statement_id: uuid.UUID
    number: str
    party_id: uuid.UUID
    period_from: date
    period_until: date
    currency: str
    net: Decimal
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A request of a client (PQRS). `number` is the radicado, `due_on` the last day for the answer."""

    case_id: uuid.UUID
    number: str
    party_id: uuid.UUID
    kind: str
    subject: str
    due_on: date
    at: datetime


@event("porteria.portal.CaseOpened.v1")
@dataclass(frozen=True, kw_only=True)
class CaseOpened(_Case):
    """A client made a request."""


@event("porteria.portal.CaseAnswered.v1")
@dataclass(frozen=True, kw_only=True)
class CaseAnswered(_Case):
    """The agency answered a request in substance."""


@event("porteria.portal.CaseExtended.v1")
@dataclass(frozen=True, kw_only=True)
class CaseExtended(_Case):
    """The agency needs longer, and said so before the deadline; `due_on` is the new one."""

    reason: str


@event("porteria.portal.CaseClosed.v1")
@dataclass(frozen=True, kw_only=True)
class CaseClosed(_Case):
    """A request is closed."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who gets a notice. `party_id` is the party it is about, None where it is for the staff."""

    name: str
    address: str
    language: str
    party_id: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class NoticeValue:
    """One value of a notice as people read it: amounts and days are written in the reader's language already."""

    name: str
    value: str


@dataclass(frozen=True, kw_only=True)
class NoticeSecret:
    """The token of a link, sealed for the mailer (see shared/sealing.py) without a signature."""

    ciphertext: str
    sealing_key: str


@dataclass(frozen=True, kw_only=True)
class NoticeAttachment:
    """A file that goes with a letter; `path` is where the portal's REST interface gives it."""

    name: str
    media_type: str
    path: str


@event("porteria.portal.NoticeRaised.v1")
@dataclass(frozen=True, kw_only=True)
class NoticeRaised:
    """Somebody is to learn of something. The mailer writes the letter of this `kind` with these `values`, once.

    `path` is the page below the public address to which the letter leads; where there is a `secret`, the page is
    opened with it. After `expires_at` the letter is worth nothing and is not sent any more. `instead_of`: the letter of
    that notice, if it still waits, is replaced by this one; if it does not wait any more, this one is not sent.
    `stop_path`: the page on which the reader says not to want such letters; a POST to it is enough (RFC 8058).
    """

    notice_id: uuid.UUID
    kind: str
    reader: Reader
    path: str
    expires_at: datetime
    at: datetime
    values: list[NoticeValue] = field(default_factory=list)
    secret: NoticeSecret | None = None
    instead_of: uuid.UUID | None = None
    stop_path: str = ""
    attachments: list[NoticeAttachment] = field(default_factory=list)


@event("porteria.portal.NoticeWithdrawn.v1")
@dataclass(frozen=True, kw_only=True)
class NoticeWithdrawn:
    """What a notice says is not so any more: its letter is not to go, if it still waits.

    `reason`: paid, voided, disputed, invitation_ended or stopped (the reader wants no such letters).
    """

    notice_id: uuid.UUID
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _SubAccount:
    """Somebody whom a client lets in. `address` is with what they sign in."""

    contact_id: uuid.UUID
    party_id: uuid.UUID
    name: str
    address: str
    at: datetime


@event("porteria.portal.SubAccountInvited.v1")
@dataclass(frozen=True, kw_only=True)
class SubAccountInvited(_SubAccount):
    """A client, or a contact who manages contacts, invited somebody to the client area. `rights`: what they may do."""

    rights: list[str] = field(default_factory=list)


@event("porteria.portal.SubAccountAccepted.v1")
@dataclass(frozen=True, kw_only=True)
class SubAccountAccepted(_SubAccount):
    """The invited person is in. `person_id` is who they are to identity, and the same for every client."""

    person_id: uuid.UUID


@event("porteria.portal.SubAccountSuspended.v1")
@dataclass(frozen=True, kw_only=True)
class SubAccountSuspended(_SubAccount):
    """The person may not sign in for this client until somebody lets them in again."""


@event("porteria.portal.SubAccountResumed.v1")
@dataclass(frozen=True, kw_only=True)
class SubAccountResumed(_SubAccount):
    """A suspended person may sign in for this client again."""


@event("porteria.portal.SubAccountRemoved.v1")
@dataclass(frozen=True, kw_only=True)
class SubAccountRemoved(_SubAccount):
    """The client does not let this person in any more."""


@dataclass(frozen=True, kw_only=True)
class _LateFee:
    """A fee for an invoice that was not paid in time. `number`: of that invoice; `period`: 0 for its first fee."""

    fee_id: uuid.UUID
    invoice_id: uuid.UUID
    number: str
    party_id: uuid.UUID
    currency: str
    amount: Decimal
    period: int
    at: datetime


@event("porteria.portal.LateFeeCharged.v1")
@dataclass(frozen=True, kw_only=True)
class LateFeeCharged(_LateFee):
    """A late fee stands on a document; `charged_on_id` is that invoice."""

    charged_on_id: uuid.UUID


@event("porteria.portal.LateFeeWaived.v1")
@dataclass(frozen=True, kw_only=True)
class LateFeeWaived(_LateFee):
    """Of a late fee, `waived` need not be paid."""

    waived: Decimal
    reason: str
