"""Reading a fiscal document that somebody made elsewhere: a CFDI 4.0, or a UBL 2.1 invoice or credit note of DIAN.

It says what the document *says*. Seals and signatures are not verified: that is the business of SAT and DIAN, whose
pages everybody can ask with the UUID or CUFE.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lxml import etree

from services.portal.rules.invoices import CREDIT_NOTE, INVOICE

CFDI, UBL = "cfdi", "ubl"
MOST_BYTES = 5 * 1024 * 1024
"""A document of 500 lines with its container has some 300 KB."""

_CFD = "{http://www.sat.gob.mx/cfd/4}"
_OLD_CFD = "{http://www.sat.gob.mx/cfd/3}"
_STAMP = "{http://www.sat.gob.mx/TimbreFiscalDigital}TimbreFiscalDigital"
_UBL = "{urn:oasis:names:specification:ubl:schema:xsd:%s-2}%s"
_CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
_CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
_SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_ACCEPTED = "02"
"""DIAN's answer: the document was validated."""
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252")
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_LONGEST = 300


class UnreadableDocument(Exception):
    """What was handed in is no fiscal document that can be read.

    `reason`: large, doctype (a DTD: entities, foreign files), encoding, broken, other (XML of another kind), version
    (a CFDI other than 4.0), kind (a payment, a payroll, a debit note), empty (a container without its document), or
    missing; `hint` is the detail.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(f"{reason} {hint}".strip())
        self.reason, self.hint = reason, hint


@dataclass(frozen=True)
class Side:
    """The issuer or the receiver. `tax_id` as it is written there: an RFC, or a NIT without its check digit."""

    tax_id: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class FiscalDocument:
    """What a fiscal document says of itself."""

    standard: str
    """CFDI or UBL."""
    kind: str
    """`invoice` or `credit_note`."""
    number: str
    issuer: Side
    receiver: Side
    total: Decimal
    """CFDI: Total, less what is withheld. UBL: PayableAmount, from which DIAN takes no withholding."""
    currency: str
    issued_on: date | None
    code: str = ""
    """UUID, CUFE or CUDE; "" where it has none yet."""
    signed: bool = False
    validated: bool = False
    """CFDI: stamped by a PAC. UBL: DIAN's answer is in the container and says so."""
    environment: str = ""
    """UBL: 1 is production, 2 are tests."""
    seal: str = ""
    """The issuer's seal of a CFDI: its end is part of the address at which SAT verifies it."""


def parse_safely(content: bytes) -> etree._Element:
    """The root of an XML document that has no DTD, fetches nothing and expands nothing. Raises UnreadableDocument."""
    if len(content) > MOST_BYTES:
        raise UnreadableDocument("large")
    # Whatever of these a parser might do with a DTD, there is no reason for one. The zeros are those of UTF-16.
    bare = content.replace(b"\0", b"").upper()
    if b"<!DOCTYPE" in bare or b"<!ENTITY" in bare:
        raise UnreadableDocument("doctype")
    declared = re.match(rb"[^<]{0,4}<\?XML[^>]{0,200}?ENCODING\s*=\s*[\"']([A-Z0-9._-]{1,40})", bare)
    if declared and declared.group(1).decode().lower() not in _ENCODINGS:
        raise UnreadableDocument("encoding", declared.group(1).decode().lower())
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableDocument("broken", str(error)[:200]) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocument("doctype")
    return root


def read_document(content: bytes) -> FiscalDocument:
    """What a fiscal document says. Raises UnreadableDocument."""
    root = parse_safely(content)
    if root.tag == _UBL % ("AttachedDocument", "AttachedDocument"):
        return _read_container(root)
    return _read(root)


def _read(root: etree._Element) -> FiscalDocument:
    if root.tag == f"{_CFD}Comprobante":
        return _read_cfdi(root)
    if root.tag == f"{_OLD_CFD}Comprobante":
        raise UnreadableDocument("version", root.get("Version", "3"))
    for name, kind in (("Invoice", INVOICE), ("CreditNote", CREDIT_NOTE)):
        if root.tag == _UBL % (name, name):
            return _read_ubl(root, kind)
    local = etree.QName(root).localname
    raise UnreadableDocument("kind" if local == "DebitNote" else "other", local[:40])


def _read_cfdi(root: etree._Element) -> FiscalDocument:
    if root.get("Version") != "4.0":
        raise UnreadableDocument("version", root.get("Version", "?")[:10])
    letter = _attribute(root, "TipoDeComprobante")
    kind = {"I": INVOICE, "E": CREDIT_NOTE}.get(letter)
    if kind is None:
        raise UnreadableDocument("kind", letter[:5])
    stamp = root.find(f"{_CFD}Complemento/{_STAMP}")
    return FiscalDocument(
        standard=CFDI,
        kind=kind,
        number=(root.get("Serie", "") + root.get("Folio", ""))[:_LONGEST],
        issuer=_cfdi_side(root, "Emisor"),
        receiver=_cfdi_side(root, "Receptor"),
        total=_amount(_attribute(root, "Total"), "Total"),
        currency=_attribute(root, "Moneda")[:10],
        issued_on=_day(_attribute(root, "Fecha")),
        code="" if stamp is None else stamp.get("UUID", "").upper()[:_LONGEST],
        signed=bool(root.get("Sello")),
        validated=stamp is not None and bool(stamp.get("UUID")),
        seal=root.get("Sello", ""),
    )


def _cfdi_side(root: etree._Element, name: str) -> Side:
    node = root.find(_CFD + name)
    if node is None or not node.get("Rfc"):
        raise UnreadableDocument("missing", f"{name}/Rfc")
    return Side(node.get("Rfc", "")[:_LONGEST], node.get("Nombre", "")[:_LONGEST])


def _attribute(node: etree._Element, name: str) -> str:
    value = (node.get(name) or "").strip()
    if not value:
        raise UnreadableDocument("missing", name)
    return value


def _read_ubl(root: etree._Element, kind: str) -> FiscalDocument:
    payable = root.find(f"{_CAC}LegalMonetaryTotal/{_CBC}PayableAmount")
    if payable is None:
        raise UnreadableDocument("missing", "PayableAmount")
    return FiscalDocument(
        standard=UBL,
        kind=kind,
        number=_text(root, f"{_CBC}ID", "ID"),
        issuer=_ubl_side(root, "AccountingSupplierParty"),
        receiver=_ubl_side(root, "AccountingCustomerParty"),
        total=_amount((payable.text or "").strip(), "PayableAmount"),
        currency=(payable.get("currencyID") or _text(root, f"{_CBC}DocumentCurrencyCode", "currencyID"))[:10],
        issued_on=_day(_text(root, f"{_CBC}IssueDate", "IssueDate")),
        code=(root.findtext(f"{_CBC}UUID") or "").strip().lower()[:_LONGEST],
        signed=root.find(f".//{_SIGNATURE}") is not None,
        environment=(root.findtext(f"{_CBC}ProfileExecutionID") or "").strip()[:_LONGEST],
    )


def _ubl_side(root: etree._Element, name: str) -> Side:
    party = root.find(f"{_CAC}{name}/{_CAC}Party")
    places = (
        f"{_CAC}PartyTaxScheme/{_CBC}CompanyID",
        f"{_CAC}PartyLegalEntity/{_CBC}CompanyID",
        f"{_CAC}PartyIdentification/{_CBC}ID",
    )
    found = "" if party is None else next(filter(None, (party.findtext(place) for place in places)), "").strip()
    if party is None or not found:
        raise UnreadableDocument("missing", f"{name}/CompanyID")
    names = (f"{_CAC}PartyTaxScheme/{_CBC}RegistrationName", f"{_CAC}PartyName/{_CBC}Name")
    called = next(filter(None, (party.findtext(place) for place in names)), "").strip()
    return Side(found[:_LONGEST], called[:_LONGEST])


def _read_container(root: etree._Element) -> FiscalDocument:
    """DIAN's AttachedDocument: the invoice and DIAN's answer to it, each as a text inside the XML."""
    description = f"{_CAC}Attachment/{_CAC}ExternalReference/{_CBC}Description"
    inner = (root.findtext(description) or "").strip()
    if not inner:
        raise UnreadableDocument("empty")
    document = _read(parse_safely(_bytes(inner)))
    reference = f"{_CAC}ParentDocumentLineReference/{_CAC}DocumentReference/"
    answer = (root.findtext(reference + description) or "").strip()
    return replace(document, validated=bool(answer) and _is_accepted(answer))


def _bytes(text: str) -> bytes:
    """A document that stands in another one is a text already: what it says of its encoding counts no longer."""
    return re.sub(r"^<\?xml[^>]*\?>", "", text).encode()


def _is_accepted(answer: str) -> bool:
    root = parse_safely(_bytes(answer))
    return root.findtext(f"{_CAC}DocumentResponse/{_CAC}Response/{_CBC}ResponseCode", "").strip() == _ACCEPTED


def _text(root: etree._Element, path: str, name: str) -> str:
    found = (root.findtext(path) or "").strip()
    if not found:
        raise UnreadableDocument("missing", name)
    return found[:_LONGEST]


def _amount(text: str, name: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise UnreadableDocument("missing", name)
    return Decimal(text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
