"""What stands on each paper, in the reader's language: labels, days and amounts as texts, ready to be set.

The typst sources in services/portal/papers/ only say where it stands and how it looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from services.portal.rules.invoices import CREDIT_NOTE, CREDITED, DRAFT, PAID, VOID, Line, Tax
from services.portal.rules.papers import (
    Head,
    IncomePaper,
    IncomeRow,
    InvoicePaper,
    Movement,
    Person,
    ReceiptPaper,
    StatementPaper,
)
from services.portal.rules.words import amount_in_words
from shared.i18n import catalog

Data = dict[str, Any]
_CATALOGS = Path(__file__).parents[1] / "translations"
_PAPER_OF = {"MX": "us-letter"}
_EMPTY = "—"


@dataclass(frozen=True)
class Pen:
    """Writes days, amounts and labels for one reader in one country."""

    language: str
    country: str

    def gettext(self, message: str) -> str:
        """A label in the reader's language."""
        return str(catalog(self.language, _CATALOGS).gettext(message))

    @cached_property
    def _locale(self) -> str:
        # Mexico writes 1,234.56 where Colombia writes 1.234,56; whoever reads English expects the former.
        if self.language == "en":
            return "en_US"
        return "es_MX" if self.country == "MX" else "es_CO"

    def number(self, amount: Decimal) -> str:
        """An amount for a column: two decimals, no currency."""
        return format_decimal(amount, "#,##0.00;−#,##0.00", self._locale)

    def money(self, amount: Decimal, currency: str) -> str:
        """An amount that stands alone."""
        sign, symbol = "−" if amount < 0 else "", "€" if currency == "EUR" else "$"
        return f"{sign}{symbol}\u00a0{self.number(abs(amount))}\u00a0{currency}"

    def quantity(self, quantity: Decimal) -> str:
        """A number of things: decimals only where there are some."""
        return format_decimal(quantity, "#,##0.######", self._locale)

    def day(self, day: date | None) -> str:
        """A day in words."""
        return format_date(day, "long", self._locale) if day else _EMPTY

    def short_day(self, day: date) -> str:
        """A day for a column."""
        return format_date(day, "dd/MM/yyyy" if self.language == "es" else "dd MMM yyyy", self._locale)

    def month(self, period: str) -> str:
        """`2026-11` as `noviembre de 2026`; anything else as it is."""
        try:
            first = date.fromisoformat(f"{period}-01")
        except ValueError:
            return period
        return format_date(first, "MMMM 'de' y" if self.language == "es" else "MMMM y", self._locale)


def _sheet(language: str, head: Head, title: str, number: str) -> tuple[Pen, Data]:
    """What all papers have."""
    _ = (pen := Pen(language, head.country)).gettext
    contact = " · ".join(filter(None, (head.phone, head.email)))
    place = ", ".join(filter(None, (head.address, head.city)))
    return pen, {
        "language": language,
        "region": head.country,
        "size": _PAPER_OF.get(head.country, "a4"),
        "title": title,
        "number": number,
        "head": {"name": head.name, "lines": [line for line in (head.document, place, contact) if line]},
        "page": [_("Page"), _("of")],
        "stamp": "",
        "crossed": False,
        "note": "",
    }


def _facts(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[label, text] for label, text in pairs if text]


def _person(label: str, person: Person) -> Data:
    return {"label": label, "name": person.name, "document": person.document}


def letter_invoice(paper: InvoicePaper) -> Data:
    """What stands on an invoice or a credit note."""
    is_note = paper.kind == CREDIT_NOTE
    language, head = paper.language, paper.head
    title = Pen(language, head.country).gettext("Credit note" if is_note else "Invoice")
    pen, data = _sheet(language, head, title, paper.number)
    _ = pen.gettext
    stamps = {DRAFT: _("Draft"), VOID: _("Void"), PAID: _("Paid"), CREDITED: _("Credited")}
    return data | {
        "stamp": "" if is_note and paper.state != VOID else stamps.get(paper.state, ""),
        "crossed": paper.state in (VOID, DRAFT),
        "person": _person(_("For"), paper.person),
        "facts": _facts(
            (_("Issued on"), pen.day(paper.issued_on)),
            (_("Due on"), "" if is_note else pen.day(paper.due_on)),
            (_("Corrects invoice"), paper.corrects_number),
            (_("Period"), pen.month(paper.period)),
            (_("Client code"), paper.person.code),
        ),
        "about": _facts(
            (_("Concept"), paper.concept), (_("Property"), paper.property_name), (_("Reason"), paper.reason)
        ),
        "columns": [_("Description"), _("Quantity"), _("Unit price"), _("Amount")],
        "lines": [_line(pen, line) for line in paper.lines],
        "sums": [
            [_("Subtotal"), pen.number(paper.subtotal)],
            *_taxes(pen, paper.taxes, 1),
            *_taxes(pen, paper.withholdings, -1),
        ],
        "total": [_("Total"), pen.money(paper.total, paper.currency)],
        "words": [_("In words"), amount_in_words(paper.total, paper.currency, language)],
        "balance": _balance(pen, paper),
        "bank": [_("How to pay"), "" if is_note else paper.bank_details],
        "notes": [_("Notes"), paper.notes],
        **_proof(pen, paper),
    }


def _line(pen: Pen, line: Line) -> Data:
    rates = [f"{tax.name} {pen.quantity(tax.rate)} %" for tax in (*line.taxes, *line.withholdings)]
    return {
        "description": line.description,
        "rates": " · ".join(rates),
        "cells": [pen.quantity(line.quantity), pen.number(line.unit_price), pen.number(line.amount)],
    }


def _taxes(pen: Pen, taxes: Iterable[Tax], sign: int) -> list[list[str]]:
    return [[f"{tax.name} {pen.quantity(tax.rate)} %", pen.number(sign * tax.amount)] for tax in taxes]


def _balance(pen: Pen, paper: InvoicePaper) -> list[str]:
    """What is still to be paid, where that is not plain from the total or the stamp."""
    _ = pen.gettext
    if paper.state in (DRAFT, VOID):
        return []
    if paper.kind == CREDIT_NOTE:
        return [_("Not used yet"), pen.money(paper.balance, paper.currency)]
    return [_("Balance to pay"), pen.money(paper.balance, paper.currency)]


def _proof(pen: Pen, paper: InvoicePaper) -> Data:
    """The QR code, and what stands beside it."""
    _, fiscal = pen.gettext, paper.fiscal
    if fiscal is None:
        text = _("See this document and pay it in the client area")
        return {"qr": paper.public_url, "proof": {"label": text, "url": paper.public_url, "code": [], "facts": []}}
    return {
        "qr": fiscal.qr or fiscal.url,
        "proof": {
            "label": _("Printed form of an electronic document. Verify it here"),
            "url": fiscal.url,
            "code": [fiscal.name, fiscal.code],
            "facts": [list(fact) for fact in fiscal.facts],
        },
    }


def letter_receipt(paper: ReceiptPaper) -> Data:
    """What stands on a receipt."""
    title = Pen(paper.language, paper.head.country).gettext("Receipt")
    pen, data = _sheet(paper.language, paper.head, title, paper.number)
    _ = pen.gettext
    reversed_on = paper.reversed_on
    return data | {
        "stamp": _("Reversed") if reversed_on else "",
        "crossed": bool(reversed_on),
        "person": _person(_("Received from"), paper.payer),
        "facts": _facts(
            (_("Date"), pen.day(paper.received_on)),
            (_("Method"), method_name(pen, paper.method)),
            (_("Reference"), paper.reference),
            (_("Reversed on"), pen.day(reversed_on) if reversed_on else ""),
        ),
        "total": [_("Amount received"), pen.money(paper.amount, paper.currency)],
        "words": [_("In words"), amount_in_words(paper.amount, paper.currency, paper.language)],
        "about": _facts((_("Concept"), paper.concept), (_("Reason of the reversal"), paper.reversal_reason)),
        "applied": _("Applied to"),
        "columns": [_("Invoice"), _("Concept"), _("Amount")],
        "rows": [[part.number, part.concept, pen.number(part.amount)] for part in paper.applied],
        "credit": [_("Kept as credit"), pen.money(paper.credit_left, paper.currency)] if paper.credit_left else [],
    }


def method_name(pen: Pen, method: str) -> str:
    """A way of paying as people call it; brands are called by their names."""
    _ = pen.gettext
    names = {
        "wompi": "Wompi",
        "stripe": "Stripe",
        "sandbox": _("Test gateway"),
        "transfer": _("Bank transfer"),
        "cash": _("Cash"),
        "card": _("Card"),
        "cheque": _("Cheque"),
        "other": _("Other"),
    }
    return names.get(method, method)


def letter_statement(paper: StatementPaper) -> Data:
    """What stands on an account statement."""
    title = Pen(paper.language, paper.head.country).gettext("Account statement")
    pen, data = _sheet(paper.language, paper.head, title, "")
    _ = pen.gettext
    charges = sum((row.amount for row in paper.rows if row.amount > 0), Decimal(0))
    credits_ = -sum((row.amount for row in paper.rows if row.amount < 0), Decimal(0))
    return data | {
        "person": _person(_("Client"), paper.person),
        "facts": _facts(
            (_("From"), pen.day(paper.start)),
            (_("Until"), pen.day(paper.until)),
            (_("Currency"), paper.currency),
            (_("Client code"), paper.person.code),
            (_("Made on"), pen.day(paper.made_on)),
        ),
        "columns": [_("Date"), _("Document"), _("Concept"), _("Charges"), _("Payments and credits"), _("Balance")],
        "opening": [_("Opening balance"), pen.number(paper.opening)],
        "rows": [_movement(pen, row) for row in paper.rows],
        "sums": [_("Movements of the period"), pen.number(charges), pen.number(credits_)],
        "closing": [_closing_label(pen, paper.closing), pen.money(abs(paper.closing), paper.currency)],
        "none": "" if paper.rows else _("No movements in this period"),
    }


def _closing_label(pen: Pen, closing: Decimal) -> str:
    _ = pen.gettext
    return _("Credit in your favour") if closing < 0 else _("Balance to pay")


def _movement(pen: Pen, row: Movement) -> list[str]:
    _ = pen.gettext
    kinds = {
        "invoice": _("Invoice"),
        "credit_note": _("Credit note"),
        "void": _("Voided invoice"),
        "payment": _("Payment"),
        "reversal": _("Reversed payment"),
    }
    charge, credit = (row.amount, None) if row.amount > 0 else (None, -row.amount)
    return [
        pen.short_day(row.booked_on),
        row.reference,
        ": ".join(filter(None, (kinds.get(row.kind, row.kind), row.text))),
        "" if charge is None else pen.number(charge),
        "" if credit is None else pen.number(credit),
        pen.number(row.running),
    ]


def letter_income(paper: IncomePaper) -> Data:
    """What stands on a statement of income."""
    title = Pen(paper.language, paper.head.country).gettext("Statement of income")
    pen, data = _sheet(paper.language, paper.head, title, paper.number)
    _ = pen.gettext
    stamps = {"draft": _("Draft"), "void": _("Void")}
    return data | {
        "stamp": stamps.get(paper.state, _("Paid out") if paper.paid_on else ""),
        "crossed": paper.state in stamps,
        "person": _person(_("Owner"), paper.owner),
        "facts": _facts(
            (_("From"), pen.day(paper.period_from)),
            (_("Until"), pen.day(paper.period_until)),
            (_("Currency"), paper.currency),
            (_("Paid out on"), pen.day(paper.paid_on) if paper.paid_on else ""),
            (_("Reference"), paper.payment_reference),
        ),
        "columns": [_("Concept"), _("Income"), _("Deductions")],
        "properties": [_property(pen, name, rows) for name, rows in _by_property(paper.rows)],
        "sums": [
            [_("Income"), pen.number(paper.income_total)],
            [_("Deductions"), pen.number(-paper.deduction_total)],
        ],
        "total": [_("Net to the owner"), pen.money(paper.net, paper.currency)],
        "words": [_("In words"), amount_in_words(paper.net, paper.currency, paper.language)],
    }


def _by_property(rows: Iterable[IncomeRow]) -> list[tuple[str, list[IncomeRow]]]:
    """Rows of each property, in the order in which the properties first appear."""
    found: dict[str, list[IncomeRow]] = {}
    for row in rows:
        found.setdefault(row.property, []).append(row)
    return list(found.items())


def _property(pen: Pen, name: str, rows: Sequence[IncomeRow]) -> Data:
    _ = pen.gettext
    income = sum((row.amount for row in rows if row.amount > 0), Decimal(0))
    taken = -sum((row.amount for row in rows if row.amount < 0), Decimal(0))
    return {
        "name": name or _("Other items"),
        "rows": [
            [row.concept, pen.number(row.amount), ""] if row.amount >= 0 else [row.concept, "", pen.number(-row.amount)]
            for row in rows
        ],
        "sums": [_("Sum of the property"), pen.number(income), pen.number(taken)],
        "net": [_("Net"), pen.number(income - taken)],
    }
