"""The form with which a client reports a payment: as it was written, and what it means."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage, MultiDict

from services.portal.actions.reports import NewReport
from services.portal.models import Agency, Invoice
from services.portal.pages.written import Written
from services.portal.rules.amounts import written_amount
from services.portal.rules.money import HAND_METHODS, method_text
from services.portal.schemas.fields import Wrong, amount_of, day_of, text_of
from shared.i18n import language

MOST_PROOFS = 3
LABELS = {
    "amount": _l("Amount"),
    "currency": _l("Currency"),
    "paid_on": _l("Day on which you paid"),
    "method": _l("How you paid"),
    "reference": _l("Reference"),
    "note": _l("Note"),
    "proof": _l("Proof"),
}


@dataclass(kw_only=True)
class ReportForm(Written):
    """What was written, field by field, and what is wrong with it."""

    agency: Agency
    invoices: Sequence[Invoice]
    """What the client may say that it was for: everything open."""
    today: date
    chosen: set[str] = field(default_factory=set)

    @classmethod
    def blank(cls, agency: Agency, invoices: Sequence[Invoice], today: date, chosen: set[str]) -> "ReportForm":
        """For these invoices, with what is to be paid for them, today."""
        wanted = [one for one in invoices if str(one.id) in chosen]
        currency = wanted[0].currency if wanted else invoices[0].currency if invoices else agency.currency
        total = sum((one.balance for one in wanted if one.currency == currency), Decimal(0))
        values = {
            "report_id": str(uuid.uuid4()),
            "currency": currency,
            "amount": written_amount(total, agency.country) if total else "",
            "paid_on": today.isoformat(),
            "method": HAND_METHODS[0],
        }
        return cls(agency=agency, invoices=invoices, today=today, values=values, chosen=chosen)

    @classmethod
    def sent(cls, agency: Agency, invoices: Sequence[Invoice], today: date, form: MultiDict[str, str]) -> "ReportForm":
        """As a browser sent it."""
        chosen = set(form.getlist("invoice"))
        return cls(agency=agency, invoices=invoices, today=today, values=form.to_dict(), chosen=chosen)

    def label(self, name: str) -> str:
        """What a field is called."""
        return str(LABELS.get(name, ""))

    @property
    def currency_choices(self) -> list[tuple[str, str]]:
        """What the money may be in."""
        return [(one, one) for one in self.currencies]

    @property
    def method_choices(self) -> list[tuple[str, str]]:
        """How it may have been paid."""
        return [(one, method_text(one, language())) for one in HAND_METHODS]

    @property
    def currencies(self) -> list[str]:
        """Of the agency and of what is open."""
        return sorted({self.agency.currency, *(one.currency for one in self.invoices)})

    def report(self, party_id: uuid.UUID, files: Sequence[FileStorage]) -> NewReport | None:
        """What it means; None if something is wrong, which `errors` then says."""
        amount = self.read("amount", self._amount)
        paid_on = self.read("paid_on", self._day)
        reference = self.read("reference", lambda text: text_of(text, 200))
        note = self.read("note", lambda text: text_of(text, 2000))
        if self.value("currency") not in self.currencies:
            self.errors["currency"] = gettext("Choose a currency of the list.")
        if self.value("method") not in HAND_METHODS:
            self.errors["method"] = gettext("Choose how you paid.")
        if not files:
            self.errors["proof"] = gettext("Attach the proof: a photo, a screenshot or a PDF.")
        if len(files) > MOST_PROOFS:
            self.errors["proof"] = gettext("At most %(most)s files.", most=MOST_PROOFS)
        report_id = self.read("report_id", _id)
        if self.errors:
            return None
        return NewReport(
            report_id=report_id,
            party_id=party_id,
            currency=self.value("currency"),
            amount=amount,
            paid_on=paid_on,
            method=self.value("method"),
            reference=reference,
            note=note,
            wanted=[(one.id, one.balance) for one in self._wanted()],
        )

    def _wanted(self) -> list[Invoice]:
        same = self.value("currency")
        return [one for one in self.invoices if str(one.id) in self.chosen and one.currency == same]

    def _amount(self, text: str) -> Decimal:
        amount = amount_of(text, self.agency.country)
        if amount <= 0:
            raise Wrong(gettext("Write what you paid, more than zero."))
        return amount

    def _day(self, text: str) -> date:
        day = day_of(text)
        if day > self.today:
            raise Wrong(gettext("This day has not come yet. Write the day on which you paid."))
        return day


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Wrong(gettext("Load the page again.")) from None
