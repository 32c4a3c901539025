"""What stands on each paper, in the reader's language: labels, days and amounts as texts, ready to be set.

The typst sources in services/portal/papers/ only say where it stands and how it looks.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from services.portal.clients.pen import Pen
from services.portal.rules.invoices import CREDIT_NOTE, CREDITED, DRAFT, OPEN_STATES, PAID, VOID, Line, Tax
from services.portal.rules.money import ZERO
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

Data = dict[str, Any]
SHEETS = {"MX": "us-letter"}
"""The size of paper by country, A4 where none is named."""


def _sheet(pen: Pen, head: Head, title: str, number: str) -> Data:
    """What all papers have."""
    _ = pen.gettext
    place = ", ".join(filter(None, (head.address, head.city)))
    contact = " · ".join(filter(None, (head.phone, head.email)))
    return {
        "language": pen.language,
        "region": head.country,
        "size": SHEETS.get(head.country, "a4"),
        "title": title,
        "number": number,
        "head": {"name": head.name, "lines": [line for line in (head.document, place, contact) if line]},
        "page": _("Page {page} of {pages}"),
        "stamp": "",
        "crossed": False,
    }


def _facts(*pairs: tuple[str, str]) -> list[list[str]]:
    return [[label, text] for label, text in pairs if text]


def _person(label: str, person: Person) -> Data:
    return {"label": label, "name": person.name, "document": person.document}


def letter_invoice(paper: InvoicePaper) -> Data:
    """What stands on an invoice or a credit note."""
    pen = Pen(paper.language, paper.currency)
    _ = pen.gettext
    is_note = paper.kind == CREDIT_NOTE
    is_open = not is_note and paper.state in OPEN_STATES
    return _sheet(pen, paper.head, _("Credit note") if is_note else _("Invoice"), paper.number) | {
        "stamp": _stamp(pen, paper),
        "crossed": paper.state in (VOID, DRAFT),
        "person": _person(_("Billed to"), paper.person),
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
        "total": [_("Total"), pen.money(paper.total)],
        "words": [_("In words"), pen.words(paper.total)],
        "balance": [] if paper.state in (VOID, DRAFT) else [_balance_label(pen, is_note), pen.money(paper.balance)],
        "bank": [_("How to pay"), paper.bank_details if is_open else ""],
        "notes": [_("Notes"), paper.notes],
        **_proof(pen, paper, is_open),
    }


def _stamp(pen: Pen, paper: InvoicePaper) -> str:
    _ = pen.gettext
    stamps = {DRAFT: _("Draft"), VOID: _("Void")}
    if paper.kind != CREDIT_NOTE:
        stamps |= {PAID: _("Paid"), CREDITED: _("Settled by credit note")}
    return stamps.get(paper.state, "")


def _balance_label(pen: Pen, is_note: bool) -> str:
    _ = pen.gettext
    return _("Credit to use") if is_note else _("Balance to pay")


def _line(pen: Pen, line: Line) -> Data:
    rates = [_rate(pen, tax) for tax in (*line.taxes, *line.withholdings)]
    return {
        "description": line.description,
        "rates": " · ".join(rates),
        "cells": [pen.quantity(line.quantity), pen.number(line.unit_price), pen.number(line.amount)],
    }


def _taxes(pen: Pen, taxes: Iterable[Tax], sign: int) -> list[list[str]]:
    return [[_rate(pen, tax), pen.number(sign * tax.amount)] for tax in taxes]


def _rate(pen: Pen, tax: Tax) -> str:
    return f"{tax.name} {pen.quantity(tax.rate)}\u00a0%"


def _proof(pen: Pen, paper: InvoicePaper, is_open: bool) -> Data:
    """The QR code, and what stands beside it."""
    _, fiscal = pen.gettext, paper.fiscal
    if fiscal is None:
        label = _("See and pay it in the client area:") if is_open else _("See it in the client area:")
        return {"qr": paper.public_url, "proof": {"label": label, "url": paper.public_url, "facts": []}}
    return {
        "qr": fiscal.qr or fiscal.url,
        "proof": {
            "label": _("Printed form of an electronic document, which can be verified here:"),
            "url": fiscal.url,
            "facts": [[fiscal.name, fiscal.code], *map(list, fiscal.facts)],
        },
    }


def letter_receipt(paper: ReceiptPaper) -> Data:
    """What stands on a receipt."""
    pen = Pen(paper.language, paper.currency)
    _ = pen.gettext
    return _sheet(pen, paper.head, _("Payment receipt"), paper.number) | {
        "stamp": _("Reversed") if paper.reversed_on else "",
        "crossed": paper.reversed_on is not None,
        "person": _person(_("Money received from"), paper.payer),
        "facts": _facts(
            (_("Date"), pen.day(paper.received_on)),
            (_("Payment method"), pen.method(paper.method)),
            (_("Reference"), paper.reference),
            (_("Reversed on"), pen.day(paper.reversed_on)),
        ),
        "total": [_("Amount received"), pen.money(paper.amount)],
        "words": [_("In words"), pen.words(paper.amount)],
        "about": _facts((_("Concept"), paper.concept), (_("Reason of the reversal"), paper.reversal_reason)),
        "applied": _("Applied to"),
        "columns": [_("Invoice"), _("Concept"), _("Amount")],
        "rows": [[part.number, part.concept, pen.number(part.amount)] for part in paper.applied],
        "credit": [_("Kept as credit"), pen.money(paper.credit_left)] if paper.credit_left else [],
    }


def letter_statement(paper: StatementPaper) -> Data:
    """What stands on an account statement."""
    pen = Pen(paper.language, paper.currency)
    _ = pen.gettext
    charged, credited = _both_ways(row.amount for row in paper.rows)
    return _sheet(pen, paper.head, _("Account statement"), "") | {
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
        "sums": [_("Movements of the period"), pen.number(charged), pen.number(credited), pen.number(paper.closing)],
        "none": "" if paper.rows else _("No movements in this period"),
        "closing": [
            _("Credit in the client's favour") if paper.closing < 0 else _("Balance to pay"),
            pen.money(abs(paper.closing)),
        ],
    }


def _both_ways(amounts: Iterable[Decimal]) -> tuple[Decimal, Decimal]:
    """What is above zero and what is below, both as positive sums."""
    listed = list(amounts)
    return sum((one for one in listed if one > 0), ZERO), -sum((one for one in listed if one < 0), ZERO)


def _two_columns(pen: Pen, amount: Decimal) -> list[str]:
    """An amount in the first column, or, if it is below zero, in the second without its sign."""
    return ["", pen.number(-amount)] if amount < 0 else [pen.number(amount), ""]


def _movement(pen: Pen, row: Movement) -> list[str]:
    _ = pen.gettext
    kinds = {
        "invoice": _("Invoice"),
        "credit_note": _("Credit note"),
        "void": _("Voided invoice"),
        "payment": _("Payment"),
        "reversal": _("Reversed payment"),
    }
    text = ": ".join(filter(None, (kinds.get(row.kind, row.kind), row.text)))
    return [pen.short_day(row.booked_on), row.reference, text, *_two_columns(pen, row.amount), pen.number(row.running)]


def letter_income(paper: IncomePaper) -> Data:
    """What stands on a statement of income."""
    pen = Pen(paper.language, paper.currency)
    _ = pen.gettext
    stamps = {"draft": _("Draft"), "void": _("Void")}
    return _sheet(pen, paper.head, _("Statement of income"), paper.number) | {
        "stamp": stamps.get(paper.state, _("Paid out") if paper.paid_on else ""),
        "crossed": paper.state in stamps,
        "person": _person(_("Owner"), paper.owner),
        "facts": _facts(
            (_("From"), pen.day(paper.period_from)),
            (_("Until"), pen.day(paper.period_until)),
            (_("Client code"), paper.owner.code),
            (_("Paid out on"), pen.day(paper.paid_on)),
            (_("Reference"), paper.payment_reference),
        ),
        "columns": [_("Concept"), _("Income"), _("Deductions")],
        "properties": [_property(pen, name, rows) for name, rows in _by_property(paper.rows)],
        "sums": [
            [_("Income"), pen.number(paper.income_total)],
            [_("Deductions"), pen.number(-paper.deduction_total)],
        ],
        "total": [_("Net"), pen.money(paper.net)],
        "words": [_("In words"), pen.words(paper.net)],
    }


def _by_property(rows: Iterable[IncomeRow]) -> list[tuple[str, list[IncomeRow]]]:
    """Rows of each property, in the order in which the properties first appear."""
    found: dict[str, list[IncomeRow]] = {}
    for row in rows:
        found.setdefault(row.property, []).append(row)
    return list(found.items())


def _property(pen: Pen, name: str, rows: Sequence[IncomeRow]) -> Data:
    _ = pen.gettext
    income, taken = _both_ways(row.amount for row in rows)
    return {
        "name": name or _("Without property"),
        "rows": [[row.concept, *_two_columns(pen, row.amount)] for row in rows],
        "sums": [_("Sum"), pen.number(income), pen.number(taken)],
        "net": [_("Net of this property"), pen.number(income - taken)],
    }
