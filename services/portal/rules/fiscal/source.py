"""What a fiscal document is built from, whichever country it is for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.portal.rules.fiscal.settings import Incomplete
from services.portal.rules.invoices import Line, Tax


@dataclass(frozen=True, kw_only=True)
class Person:
    """The issuer or the receiver."""

    document_type: str
    document_number: str
    name: str
    email: str = ""
    phone: str = ""
    address: str = ""
    city: str = ""
    postal_code: str = ""


@dataclass(frozen=True, kw_only=True)
class Source:
    """An issued invoice or credit note. `moment` is when it was issued, in the zone of the agency."""

    kind: str
    role: str
    number: str
    issued_on: date
    due_on: date | None
    moment: datetime
    currency: str
    lines: Sequence[Line]
    subtotal: Decimal
    tax_total: Decimal
    withholding_total: Decimal
    total: Decimal
    notes: str
    issuer: Person
    receiver: Person
    corrects: "Corrected | None" = None
    reason: str = ""


@dataclass(frozen=True)
class Corrected:
    """The invoice that a credit note corrects, as its own fiscal document names it."""

    number: str
    code: str
    issued_on: date


def require_plain_lines(source: Source, currency: str) -> None:
    """See that it can be written at all: in the country's currency, every line worth something. Raises Incomplete."""
    if source.currency != currency:
        raise Incomplete("currency", source.currency)
    for line in source.lines:
        if line.amount <= 0 or line.quantity <= 0 or not line.description.strip():
            raise Incomplete("line", line.description[:60])
        for charge in (*line.taxes, *line.withholdings):
            if charge.amount < 0 or charge.rate < 0:
                raise Incomplete("line", line.description[:60])


def code_of(charge: Tax, codes: dict[str, str]) -> str:
    """The authority's code of a tax or withholding, found by its name. Raises Incomplete."""
    name = "".join(letter for letter in charge.name.casefold() if letter.isalpha())
    if name not in codes:
        raise Incomplete("charge", charge.name)
    return codes[name]
