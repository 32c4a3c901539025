"""Whether a fiscal document belongs to an invoice: kind, amount, currency, who made it and whom it is for.

**Withholdings.** A CFDI's Total is what is to be paid, withholdings taken off, as ours is: the two must be equal. In
Colombia withholdings are told but not taken off (Anexo técnico 1.9, rule FAU14: PayableAmount = TaxInclusiveAmount −
allowances + charges − advances), so PayableAmount must be our total plus what is withheld; some providers take them off
all the same, so our total is accepted, too, with a remark.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from services.portal.rules.fiscal.reading import UBL, FiscalDocument
from shared.documents import BadDocument, document_key, login_key

ANYBODY = ("XAXX010101000", "222222222222")
"""Receivers that stand for nobody in particular: SAT's general public, DIAN's final consumer."""
FOREIGNER = "XEXX010101000"


@dataclass(frozen=True)
class Identity:
    """A document as the directory knows it; both "" where it is not set."""

    document_type: str
    document_number: str


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the invoice says."""

    kind: str
    number: str
    total: Decimal
    withheld: Decimal
    currency: str
    issued_on: date | None
    issuer: Identity
    receiver: Identity


@dataclass(frozen=True)
class Difference:
    """`about`: kind, total, currency, issuer, receiver; as a remark also number, date, issuer_unset, anybody,
    withheld."""

    about: str
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Comparison:
    """What does not fit (`differences`, the document is refused), and what one should know (`remarks`)."""

    differences: tuple[Difference, ...]
    remarks: tuple[Difference, ...]


def compare(document: FiscalDocument, invoice: Expected) -> Comparison:
    """A document beside the invoice that it is handed in for."""
    differences: list[Difference] = []
    remarks: list[Difference] = []
    if document.kind != invoice.kind:
        differences.append(Difference("kind", document.kind, invoice.kind))
    if document.currency != invoice.currency:
        differences.append(Difference("currency", document.currency, invoice.currency))
    for one in _compare_total(document, invoice):
        (remarks if one.about == "withheld" else differences).append(one)
    if not invoice.issuer.document_number:
        remarks.append(Difference("issuer_unset", document.issuer.tax_id))
    elif not is_same_document(document.issuer.tax_id, invoice.issuer):
        differences.append(Difference("issuer", document.issuer.tax_id, invoice.issuer.document_number))
    if _stands_for_anybody(document.receiver.tax_id, invoice.receiver):
        remarks.append(Difference("anybody", document.receiver.tax_id))
    elif not is_same_document(document.receiver.tax_id, invoice.receiver):
        differences.append(Difference("receiver", document.receiver.tax_id, invoice.receiver.document_number))
    if _plain(document.number) != _plain(invoice.number):
        remarks.append(Difference("number", document.number, invoice.number))
    if document.issued_on and invoice.issued_on and document.issued_on != invoice.issued_on:
        remarks.append(Difference("date", document.issued_on.isoformat(), invoice.issued_on.isoformat()))
    return Comparison(tuple(differences), tuple(remarks))


def _compare_total(document: FiscalDocument, invoice: Expected) -> list[Difference]:
    wanted = invoice.total + (invoice.withheld if document.standard == UBL else 0)
    if document.total == wanted:
        return []
    about = "withheld" if document.standard == UBL and document.total == invoice.total else "total"
    return [Difference(about, str(document.total), str(wanted))]


def is_same_document(found: str, known: Identity) -> bool:
    """Whether a tax id is that of somebody in the directory, whichever way the two are written.

    A NIT may stand there without its check digit; an RFC fits the CURP of the same person by its first ten characters.
    """
    try:
        key = document_key(known.document_type, known.document_number)
    except BadDocument:
        return False
    if known.document_type == "CURP":
        return re.fullmatch(r"[A-ZÑ&]{4}\d{6}\w{3}", found.upper()) is not None and found.upper()[:10] == key[:10]
    return key in login_key(found)


def _stands_for_anybody(found: str, known: Identity) -> bool:
    plain = found.strip().upper()
    return plain in ANYBODY or (plain == FOREIGNER and known.document_type not in ("RFC", "CURP"))


def _plain(number: str) -> str:
    """Prefix and digits without separators and zeros at the front of the digits: FV-000123 is FV123."""
    found = re.fullmatch(r"(.*?)0*(\d*)", re.sub(r"[^0-9A-Z]", "", number.upper()))
    return f"{found.group(1)}{found.group(2)}" if found else number
