"""What the cells of a row in a table of invoices mean, and what is wrong with them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.portal.rules.amounts import NotAnAmount, parse_amount, parse_rate
from services.portal.rules.import_columns import COLUMNS
from services.portal.rules.money import CURRENCIES
from services.portal.rules.parties import search_key
from shared.documents import BadDocument, document_type_of, login_key

LONGEST = {"concept": 300, "property": 300, "external_id": 190, "document": 60}
_EXAMPLES = ("ejemplo:", "example:")
"""How concepts begin in the rows of the template that show how it is filled in."""
_ROLES = {
    "tenant": "tenant|inquilino|inquilina|arrendatario|arrendataria|arriendo|renta|rent|factura de arriendo"
    "|rent invoice",
    "owner": "owner|propietario|propietaria|comision|commission|factura de comision|commission invoice",
}
_ROLE_OF = {word: role for role, words in _ROLES.items() for word in words.split("|")}
_MONTHS = (
    "enero|january", "febrero|february", "marzo|march", "abril|april", "mayo|may", "junio|june", "julio|july",
    "agosto|august", "septiembre|september|setiembre", "octubre|october", "noviembre|november", "diciembre|december",
)  # fmt: skip
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names.split("|")}
_ISO = re.compile(r"(2\d{3})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](2\d{3})")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a cell: `column` is one of COLUMNS, "" where it is about the whole row."""

    column: str
    reason: str
    hint: str = ""


@dataclass(frozen=True)
class ImportedInvoice:
    """A row that was understood. `keys`: what its document may be, the likeliest first."""

    document_type: str
    document: str
    keys: Sequence[str]
    concept: str
    amount: Decimal
    tax_rate: Decimal | None
    due_on: date
    property_name: str
    period: str
    external_id: str
    role: str
    currency: str


class _Reader:
    def __init__(self, cells: Sequence[str], country: str) -> None:
        self.cells = dict(zip(COLUMNS, cells, strict=True))
        self.country = country
        self.problems: list[Problem] = []

    def wrong(self, column: str, reason: str, hint: str = "") -> None:
        self.problems.append(Problem(column, reason, hint))

    def text(self, column: str, *, needed: bool = False) -> str:
        text = " ".join(self.cells[column].split())
        if needed and not text:
            self.wrong(column, "missing")
        elif len(text) > LONGEST[column]:
            self.wrong(column, "too_long", str(LONGEST[column]))
        return text

    def document_type(self) -> str:
        text = self.cells["document_type"]
        try:
            return document_type_of(text) if text else ""
        except BadDocument:
            self.wrong("document_type", "document_type")
            return ""

    def amount(self) -> Decimal:
        try:
            amount = parse_amount(self.cells["amount"], self.country)
        except NotAnAmount as error:
            self.wrong("amount", f"amount_{error.reason}")
            return Decimal(0)
        if amount <= 0:
            self.wrong("amount", "amount_not_positive")
        return amount

    def tax_rate(self) -> Decimal | None:
        text = self.cells["tax_rate"]
        if not text:
            return None
        try:
            rate = parse_rate(text)
        except NotAnAmount:
            self.wrong("tax_rate", "rate")
            return None
        # A spreadsheet keeps 19 % as 0.19, and no tax is below one per cent.
        return parse_rate(f"{rate * 100:f}") if 0 < rate < 1 else rate

    def day(self) -> date:
        text = self.cells["due_on"]
        try:
            if found := _ISO.fullmatch(text):
                return date(int(found[1]), int(found[2]), int(found[3]))
            if found := _DAY_FIRST.fullmatch(text):
                return date(int(found[3]), int(found[2]), int(found[1]))
        except ValueError:
            pass
        self.wrong("due_on", "day" if text else "missing")
        return date.min

    def period(self) -> str:
        text = search_key(self.cells["period"])
        if not text:
            return ""
        year, month = 0, 0
        if found := re.fullmatch(r"(2\d{3})[-/](\d{1,2})(?:[-/]\d{1,2}(?:[t ]00:00(?::00)?)?)?", text):
            year, month = int(found[1]), int(found[2])
        elif found := re.fullmatch(r"(\d{1,2})[-/](2\d{3})", text):
            year, month = int(found[2]), int(found[1])
        elif found := re.fullmatch(r"([a-z]+)(?: de| del)? (2\d{3})", text):
            year, month = int(found[2]), _MONTH_OF.get(found[1], 0)
        if not 1 <= month <= 12:
            self.wrong("period", "period")
            return ""
        return f"{year}-{month:02}"

    def one_of(self, column: str, known: dict[str, str]) -> str:
        text = search_key(self.cells[column])
        if text and text not in known:
            self.wrong(column, column)
        return known.get(text, "")


def read_row(cells: Sequence[str], country: str, currency: str) -> tuple[ImportedInvoice | None, list[Problem]]:
    """What a row says, its cells in the order of COLUMNS; None where something is wrong with it.

    `currency` is for rows that name none. Without a role the classes of the client decide.
    """
    reader = _Reader(cells, country)
    document = reader.text("document", needed=True)
    found = ImportedInvoice(
        document_type=reader.document_type(),
        document=document,
        keys=login_key(document),
        concept=reader.text("concept", needed=True),
        amount=reader.amount(),
        tax_rate=reader.tax_rate(),
        due_on=reader.day(),
        property_name=reader.text("property"),
        period=reader.period(),
        external_id=reader.text("external_id"),
        role=reader.one_of("role", _ROLE_OF),
        currency=reader.one_of("currency", {one.lower(): one for one in CURRENCIES}) or currency,
    )
    return (None if reader.problems else found), reader.problems


def is_example(cells: Sequence[str]) -> bool:
    """Whether this is a row of the template that nobody replaced: it is as if it were not there."""
    return search_key(cells[COLUMNS.index("concept")]).startswith(_EXAMPLES)


def mark_of(invoice: ImportedInvoice, party_id: object, role: str) -> str:
    """What makes the same row the same invoice in whichever file: its external id, or else all that it says."""
    if invoice.external_id:
        return f"id:{invoice.external_id}"
    said = (
        *(party_id, role, invoice.currency, invoice.concept, invoice.amount, invoice.tax_rate, invoice.due_on),
        *(invoice.property_name, invoice.period),
    )
    return "row:" + hashlib.sha256("\x1f".join(map(str, said)).encode()).hexdigest()
