"""Fiscal documents that others made: read without doing what they ask for, and compared with the invoice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape

import pytest

from services.portal.rules.fiscal.checks import Expected, Identity, compare, is_same_document
from services.portal.rules.fiscal.reading import MOST_BYTES, UnreadableDocument, read_document
from tests.support.fiscal import stamped_cfdi

INVOICE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<fe:Invoice xmlns:fe="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>FV123</cbc:ID><cbc:UUID schemeName="CUFE-SHA384">ABCDEF</cbc:UUID><cbc:IssueDate>2026-11-20</cbc:IssueDate>
  <cac:AccountingSupplierParty><cac:Party><cac:PartyTaxScheme><cbc:RegistrationName>Álamos</cbc:RegistrationName>
    <cbc:CompanyID schemeID="3" schemeName="31">900373115</cbc:CompanyID></cac:PartyTaxScheme></cac:Party>
  </cac:AccountingSupplierParty>
  <cac:AccountingCustomerParty><cac:Party><cac:PartyIdentification><cbc:ID schemeName="13">1020304050</cbc:ID>
  </cac:PartyIdentification></cac:Party></cac:AccountingCustomerParty>
  <cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="COP">1785000.06</cbc:PayableAmount></cac:LegalMonetaryTotal>
</fe:Invoice>"""
ANSWER = """<?xml version="1.0" encoding="utf-8"?>
<ApplicationResponse xmlns="urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"><cac:DocumentResponse>
  <cac:Response><cbc:ResponseCode>%s</cbc:ResponseCode></cac:Response></cac:DocumentResponse></ApplicationResponse>"""
CONTAINER = """<?xml version="1.0"?>
<AttachedDocument xmlns="urn:oasis:names:specification:ubl:schema:xsd:AttachedDocument-2"
  xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cac:Attachment><cac:ExternalReference><cbc:Description>%s</cbc:Description></cac:ExternalReference></cac:Attachment>
  <cac:ParentDocumentLineReference><cac:DocumentReference><cac:Attachment><cac:ExternalReference>
  <cbc:Description>%s</cbc:Description></cac:ExternalReference></cac:Attachment></cac:DocumentReference>
  </cac:ParentDocumentLineReference></AttachedDocument>"""
EXPECTED = Expected(
    kind="invoice",
    number="FV-000123",
    total=Decimal("1732500.06"),
    withheld=Decimal("52500.00"),
    currency="COP",
    issued_on=date(2026, 11, 20),
    issuer=Identity("NIT", "900.373.115-3"),
    receiver=Identity("CC", "1.020.304.050"),
)


def container(inner: str = INVOICE, code: str = "02") -> bytes:
    return (CONTAINER % (escape(inner), escape(ANSWER % code))).encode()


@pytest.mark.parametrize(
    ("content", "validated"),
    [(INVOICE.encode(), False), (container(), True), (container(code="04"), False)],
)
def test_a_colombian_invoice_is_read_plain_or_in_its_container(content: bytes, validated: bool) -> None:
    read = read_document(content)
    assert (read.standard, read.kind, read.number, read.code) == ("ubl", "invoice", "FV123", "abcdef")
    assert (read.issuer.tax_id, read.issuer.name, read.receiver.tax_id) == ("900373115", "Álamos", "1020304050")
    assert (read.total, read.currency, read.issued_on) == (Decimal("1785000.06"), "COP", date(2026, 11, 20))
    assert read.validated is validated


def test_a_stamped_cfdi_is_read_with_its_uuid() -> None:
    read = read_document(stamped_cfdi())
    assert (read.standard, read.kind, read.validated, read.signed) == ("cfdi", "invoice", True, True)
    assert read.code == "5FB2822E-396D-4725-8521-CDC4BDD20CCF"
    assert read.receiver.tax_id == "XIQB891116QE4"


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{("&" + chr(97 + i) + ";") * 10}">' for i in range(9)
) + "]><a>&j;</a>"  # fmt: skip
UTF_7 = '<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (LAUGHS.encode(), "doctype"),
        (LAUGHS.encode("utf-16"), "doctype"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "doctype"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/evil.dtd"><a/>', "doctype"),
        (container(LAUGHS), "doctype"),
        (UTF_7.encode(), "encoding"),
        (b"<a>&x;</a>", "broken"),
        (b"<a><b></a>", "broken"),
        (b"<a>" * 400 + b"</a>" * 400, "broken"),
        (b"not xml", "broken"),
        (b"", "broken"),
        (b"<a>" + b" " * MOST_BYTES + b"</a>", "large"),
        (b"<a/>", "other"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "other"),
        (container(""), "empty"),
        (container(container().decode()), "other"),
        (INVOICE.replace("fe:Invoice", "fe:DebitNote").replace("Invoice-2", "DebitNote-2").encode(), "kind"),
        (INVOICE.replace("1785000.06", "NaN").encode(), "missing"),
        (INVOICE.replace("1785000.06", "1e9999").encode(), "missing"),
        (INVOICE.replace("PayableAmount", "Amount").encode(), "missing"),
        (INVOICE.replace(">1020304050<", "> <").encode(), "missing"),
        (stamped_cfdi().replace(b'Version="4.0"', b'Version="3.3"', 1), "version"),
        (stamped_cfdi().replace(b"cfd/4", b"cfd/3"), "version"),
        (stamped_cfdi().replace(b'TipoDeComprobante="I"', b'TipoDeComprobante="P"'), "kind"),
        (stamped_cfdi().replace(b"Receptor Rfc", b"Receptor Otro"), "missing"),
    ],
)
def test_what_is_no_harmless_fiscal_document_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read_document(content)
    assert refused.value.reason == reason


def test_a_document_that_fits_has_no_differences() -> None:
    found = compare(read_document(INVOICE.encode()), EXPECTED)
    assert found.differences == found.remarks == ()


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"kind": "credit_note"}, ["kind"]),
        ({"currency": "USD"}, ["currency"]),
        ({"total": Decimal("1732500.05")}, ["total"]),
        ({"withheld": Decimal(0)}, ["total"]),
        ({"issuer": Identity("NIT", "860007738-9")}, ["issuer"]),
        ({"receiver": Identity("CC", "1020304051")}, ["receiver"]),
        ({"total": Decimal(1), "receiver": Identity("CC", "555")}, ["total", "receiver"]),
    ],
)
def test_each_difference_is_named(change: dict[str, object], about: list[str]) -> None:
    found = compare(read_document(INVOICE.encode()), replace(EXPECTED, **change))  # type: ignore[arg-type]
    assert [one.about for one in found.differences] == about
    assert all(one.found and one.expected for one in found.differences)


def test_what_one_should_know_is_a_remark() -> None:
    document = replace(read_document(INVOICE.encode()), total=EXPECTED.total, number="SETT9")
    late = replace(EXPECTED, issuer=Identity("", ""), issued_on=date(2026, 11, 19))
    found = compare(document, late)
    assert found.differences == ()
    assert [one.about for one in found.remarks] == ["withheld", "issuer_unset", "number", "date"]


def test_a_document_for_nobody_in_particular_is_taken_with_a_remark() -> None:
    document = read_document(INVOICE.replace("1020304050", "222222222222").encode())
    found = compare(document, EXPECTED)
    assert (found.differences, [one.about for one in found.remarks]) == ((), ["anybody"])


def test_withholdings_are_part_of_the_total_of_a_cfdi() -> None:
    document = read_document(stamped_cfdi())
    wanted = replace(
        EXPECTED, total=document.total, withheld=Decimal("441.36"), currency="MXN",
        issuer=Identity("RFC", "EKU9003173C9"), receiver=Identity("RFC", "XIQB-891116-QE4"),
    )  # fmt: skip
    assert compare(document, wanted).differences == ()
    (one,) = compare(document, replace(wanted, total=document.total + 1)).differences
    assert one.about == "total"


@pytest.mark.parametrize(
    ("found", "kind", "number", "same"),
    [
        ("900373115", "NIT", "900373115-3", True),
        ("9003731153", "NIT", "900373115-3", True),
        ("900.373.115-3", "NIT", "900373115-3", True),
        ("900373116", "NIT", "900373115-3", False),
        ("01020304050", "CC", "1020304050", True),
        ("xiqb891116qe4", "RFC", "XIQB891116QE4", True),
        ("XIQB891116QE5", "RFC", "XIQB891116QE4", False),
        ("XIQB891116QE4", "CURP", "XIQB891116MGRMZR05", True),
        ("XIQB891117QE4", "CURP", "XIQB891116MGRMZR05", False),
        ("", "CC", "1020304050", False),
        ("1020304050", "", "", False),
    ],
)
def test_two_spellings_of_a_document_are_the_same_one(found: str, kind: str, number: str, same: bool) -> None:
    assert is_same_document(found, Identity(kind, number)) is same
