"""The form with which a client pays online: which invoices, how much of each, and through which gateway."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from services.portal.actions.paying import (
    MOST_INVOICES,
    AmountRefused,
    CurrencyNotTaken,
    DifferentCurrencies,
    NothingChosen,
    TooManyBegun,
    TooManyChosen,
)
from services.portal.clients.gateways import Gateway
from services.portal.models import Agency, Invoice
from services.portal.rules.amounts import written_amount
from services.portal.rules.money import ZERO, money_text
from services.portal.schemas.fields import Wrong, amount_of
from shared.i18n import language

REFUSALS = (NothingChosen, TooManyChosen, TooManyBegun, DifferentCurrencies, CurrencyNotTaken)


@dataclass
class Row:
    """An open invoice: whether it is paid, and how much of it. `amount` is None where what was written is none."""

    invoice: Invoice
    chosen: bool
    written: str
    amount: Decimal | None = None
    problem: str = ""

    @property
    def field_id(self) -> str:
        """Of the field with the amount."""
        return f"amount-{self.invoice.id}"


@dataclass
class PayForm:
    """What can be paid together: the open invoices of one currency, and the gateways that collect in it."""

    currency: str
    rows: list[Row]
    gateways: list[str]
    gateway: str = ""
    problem: str = ""
    errors: list[Row] = field(default_factory=list)

    @property
    def total(self) -> Decimal:
        """What is chosen, as far as it is an amount."""
        return sum((row.amount for row in self.rows if row.chosen and row.amount), ZERO)

    @property
    def wanted(self) -> list[tuple[uuid.UUID, Decimal | None]]:
        """What is chosen."""
        return [(row.invoice.id, row.amount) for row in self.rows if row.chosen]

    def refuse(self, error: Exception) -> None:
        """Put a refusal where it belongs: at the invoice that it is about, or above the form."""
        if isinstance(error, AmountRefused):
            row = next((row for row in self.rows if row.invoice.id == error.invoice_id), None)
            if row is not None:
                self._mark(row, _amount_problem(error, self.currency))
                return
        self.problem = _problem(error)

    def read(self, agency: Agency) -> bool:
        """Understand the amounts that were written; whether all of those chosen are amounts."""
        for row in self.rows:
            if not agency.allow_partial:
                row.amount, row.written = row.invoice.balance, ""
                continue
            try:
                row.amount = amount_of(row.written, agency.country)
            except Wrong as error:
                if row.chosen:
                    self._mark(row, str(error))
        return not self.errors

    def _mark(self, row: Row, problem: str) -> None:
        row.problem = problem
        self.errors.append(row)


def forms_of(
    invoices: Sequence[Invoice], agency: Agency, gateways: Sequence[Gateway], sent: MultiDict[str, str]
) -> list[PayForm]:
    """One form for each currency, with what the address or a former form says; where it says nothing all is chosen."""
    chosen = set(sent.getlist("invoice"))
    forms = []
    for currency, some in groupby(sorted(invoices, key=lambda one: one.currency), key=lambda one: one.currency):
        rows = [
            _row(one, agency, sent, str(one.id) in chosen if chosen else place < MOST_INVOICES)
            for place, one in enumerate(some)
        ]
        names = [gateway.name for gateway in gateways if currency in gateway.currencies]
        wanted = sent.get("gateway", "")
        forms.append(PayForm(currency, rows, names, wanted if wanted in names else next(iter(names), "")))
    # What is in the currency of the agency comes first.
    return sorted(forms, key=lambda form: (form.currency != agency.currency, form.currency))


def _row(invoice: Invoice, agency: Agency, sent: MultiDict[str, str], chosen: bool) -> Row:
    whole = written_amount(invoice.balance, agency.country)
    return Row(invoice, chosen, sent.get(f"amount-{invoice.id}", whole))


def _amount_problem(error: AmountRefused, currency: str) -> str:
    most = money_text(error.most, currency, language())
    match error.reason:
        case "too_much":
            return gettext("That is more than is to be paid for it: %(most)s.", most=most)
        case "too_little":
            return gettext("Write an amount above zero.")
        case "only_whole":
            return gettext("Your agency takes only the whole amount: %(most)s.", most=most)
    return gettext("This invoice is not to be paid any more.")


def _problem(error: Exception) -> str:
    match error:
        case NothingChosen():
            return gettext("Choose at least one invoice.")
        case TooManyChosen():
            return gettext("That is too much for one payment. Choose at most %(most)s invoices.", most=MOST_INVOICES)
        case TooManyBegun():
            return gettext("You began many payments that have no answer yet. Wait half an hour and try again.")
        case DifferentCurrencies():
            return gettext("These invoices are in different currencies. Pay those of each currency apart.")
        case CurrencyNotTaken():
            return gettext("This way of paying does not take this currency. Choose another one.")
    return gettext("One of the invoices is not to be paid any more. Look at the list once more.")
