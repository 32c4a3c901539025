"""Why an action on invoices or money is refused."""


class PartyUnknown(Exception):
    """There is no such party in the portal's copy."""


class InvoiceUnknown(Exception):
    """There is no such invoice of this party."""


class PaymentUnknown(Exception):
    """There is no such payment of this party."""


class NotADraft(Exception):
    """Only a draft can be changed, discarded or issued."""


class NotOpen(Exception):
    """The invoice is a draft, void, or nothing is left of it to be paid, so this cannot be done with it."""


class NothingToPay(Exception):
    """The lines add up to nothing, or to less."""


class NumberTaken(Exception):
    """There is an invoice with this number already."""


class DiffersFromBefore(Exception):
    """The same external id was used before for an invoice that says something else."""


class HasCreditNote(Exception):
    """An invoice with a credit note is not voided."""


class TooMuch(Exception):
    """More than there is to be paid, or to be credited."""


class SeriesExhausted(Exception):
    """No active series of this purpose has a number left."""


class AlreadyReversed(Exception):
    """The payment was reversed before."""


class FeeUnknown(Exception):
    """There is no such late fee."""


class FeeChanged(Exception):
    """Of the late fee something was waived meanwhile."""


class NotInDispute(Exception):
    """The invoice is not in dispute, so there is nothing to settle."""
