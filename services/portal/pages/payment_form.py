"""The form with which an agent records money that came in."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from services.portal.actions.money import NewPayment
from services.portal.models import Agency, Invoice, Party
from services.portal.pages.written import Written
from services.portal.rules.amounts import written_amount
from services.portal.rules.money import CURRENCIES, HAND_METHODS, method_text
from services.portal.schemas.fields import Wrong, amount_of, day_of, text_of
from shared.i18n import language

LABELS = {
    "amount": _l("Amount received"),
    "currency": _l("Currency"),
    "received_on": _l("Received on"),
    "method": _l("Method"),
    "reference": _l("Reference"),
    "concept": _l("Concept"),
}
_PART = "part-"


@dataclass(kw_only=True)
class PaymentForm(Written):
    """What was written, field by field, and what is wrong with it. `part-<id>` is what goes to an invoice."""

    agency: Agency
    party: Party
    invoices: Sequence[Invoice]
    today: date

    @classmethod
    def blank(
        cls, agency: Agency, party: Party, invoices: Sequence[Invoice], today: date, chosen: set[str]
    ) -> "PaymentForm":
        """All of these invoices, today."""
        wanted = [one for one in invoices if str(one.id) in chosen]
        currency = wanted[0].currency if wanted else agency.currency
        total = sum((one.balance for one in wanted), Decimal(0))
        values = {
            "currency": currency,
            "received_on": today.isoformat(),
            "method": HAND_METHODS[0],
            "amount": written_amount(total, agency.country) if total else "",
        }
        values |= {f"{_PART}{one.id}": written_amount(one.balance, agency.country) for one in wanted}
        return cls(agency=agency, party=party, invoices=invoices, today=today, values=values)

    @classmethod
    def sent(
        cls, agency: Agency, party: Party, invoices: Sequence[Invoice], today: date, form: MultiDict[str, str]
    ) -> "PaymentForm":
        """As a browser sent it."""
        return cls(agency=agency, party=party, invoices=invoices, today=today, values=form.to_dict())

    def label(self, name: str) -> str:
        """What a field is called."""
        numbers = {f"{_PART}{one.id}": one.number for one in self.invoices}
        return str(LABELS.get(name, numbers.get(name, "")))

    @property
    def method_choices(self) -> list[tuple[str, str]]:
        """How money comes in by hand."""
        return [(one, method_text(one, language())) for one in HAND_METHODS]

    @property
    def currency_choices(self) -> list[tuple[str, str]]:
        """What it may be in."""
        return [(one, one) for one in CURRENCIES]

    def payment(self) -> NewPayment | None:
        """What it means; None if something is wrong, which `errors` then says."""
        amount = self.read("amount", self._positive)
        received_on = self.read("received_on", self._day)
        reference = self.read("reference", lambda text: text_of(text, 200))
        concept = self.read("concept", lambda text: text_of(text, 300))
        if self.value("currency") not in CURRENCIES:
            self.errors["currency"] = gettext("Choose a currency of the list.")
        if self.value("method") not in HAND_METHODS:
            self.errors["method"] = gettext("Choose how it came in.")
        parts = list(self._parts())
        if not self.errors and sum((part for _, part in parts), Decimal(0)) > amount:
            self.errors["amount"] = gettext("The invoices get more than came in. Write less for one of them.")
        if self.errors:
            return None
        return NewPayment(
            party_id=self.party.id,
            currency=self.value("currency"),
            amount=amount,
            method=self.value("method"),
            received_on=received_on,
            wanted=parts,
            reference=reference,
            concept=concept,
        )

    def _parts(self) -> Any:
        """What goes to each invoice."""
        for invoice in self.invoices:
            name = f"{_PART}{invoice.id}"
            if not self.value(name).strip():
                continue
            part = self.read(name, self._positive)
            if part is None:
                continue
            if invoice.currency != self.value("currency"):
                self.errors[name] = gettext("This invoice is in %(currency)s.", currency=invoice.currency)
            elif part > invoice.balance:
                self.errors[name] = gettext("More than is to be paid for it.")
            yield uuid.UUID(str(invoice.id)), part

    def _positive(self, text: str) -> Decimal:
        amount = amount_of(text, self.agency.country)
        if amount <= 0:
            raise Wrong(gettext("Write an amount of more than zero."))
        return amount

    def _day(self, text: str) -> date:
        day = day_of(text)
        if day > self.today:
            raise Wrong(gettext("This day has not come yet."))
        return day
