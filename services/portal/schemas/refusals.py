"""How REST answers what actions on invoices and money refuse."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from services.portal.actions.refusals import (
    AlreadyReversed,
    DiffersFromBefore,
    HasCreditNote,
    InvoiceUnknown,
    NotADraft,
    NothingToPay,
    NotOpen,
    NumberTaken,
    PartyUnknown,
    PaymentUnknown,
    SeriesExhausted,
    TooMuch,
)
from services.portal.rules.billing import Disagreement
from services.portal.schemas.invoices import disagreement_text
from shared.web.errors import Answer

REFUSALS: Mapping[type[Exception], Answer | Callable[[Any], Answer]] = {
    PartyUnknown: (422, _l("There is no such party here."), "party_id"),
    InvoiceUnknown: (404, _l("There is no such invoice.")),
    PaymentUnknown: (404, _l("There is no such payment.")),
    NotADraft: (409, _l("This invoice is no draft.")),
    NotOpen: (409, _l("This cannot be done with an invoice in this state.")),
    NothingToPay: (422, _l("It adds up to nothing that could be paid.")),
    NumberTaken: (409, _l("Another invoice has this number."), "number"),
    DiffersFromBefore: (409, _l("It was sent before and said something else, or is a draft here."), "external_id"),
    HasCreditNote: (409, _l("An invoice with a credit note is not voided.")),
    TooMuch: (422, _l("This amount is too large.")),
    SeriesExhausted: (409, _l("No series has a number left. An administrator can add one.")),
    AlreadyReversed: (409, _l("This payment was reversed before.")),
    Disagreement: lambda error: (422, disagreement_text(error), error.field),
}
