"""Fiscal documents that are built here: DIAN's own examples, totals that agree to the cent, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest
from lxml import etree
from satcfdi import cfdi
from signxml.xades import XAdESVerifier

from services.portal.rules.fiscal.cfdi import Receiver, build_cfdi
from services.portal.rules.fiscal.cufe import Facts, cude, cufe, software_security_code
from services.portal.rules.fiscal.reading import read_document
from services.portal.rules.fiscal.settings import Colombia, Incomplete, Mexico, colombian_faults, mexican_faults
from services.portal.rules.fiscal.signing import sign_ubl
from services.portal.rules.fiscal.source import Corrected, Source
from services.portal.rules.fiscal.ubl import build_ubl
from services.portal.rules.invoices import CREDIT_NOTE, Line, Tax, make_line
from tests.support.fiscal import CC, COLOMBIA, MEXICO, certificate, rent, source

SPACES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
    "sts": "dian:gov:co:facturaelectronica:Structures-2-1",
}
GIVEN = Receiver(regime="612", use="G03", postal_code="06000")


def example(**more: str | Decimal) -> Facts:
    """The fields of the annex's example of a CUFE."""
    facts = {
        "number": "323200000129",
        "date": "2019-01-16",
        "time": "10:53:10-05:00",
        "subtotal": Decimal(1500000),
        "iva": Decimal(285000),
        "inc": Decimal(0),
        "ica": Decimal(0),
        "payable": Decimal(1785000),
        "issuer": "700085371",
        "receiver": "800199436",
        "environment": "1",
    }
    return Facts(**facts | more)  # type: ignore[arg-type]


def texts(content: bytes, path: str) -> list[str]:
    return [node.text or "" for node in etree.fromstring(content).findall(path, SPACES)]


def text(content: bytes, path: str) -> str:
    (found,) = texts(content, path)
    return found


def test_the_cufe_is_the_one_that_the_annex_publishes() -> None:
    assert cufe(example(), "693ff6f2a553c3646a063436fd4dd9ded0311471") == (
        "8bb918b19ba22a694f1da11c643b5e9de39adf60311cf179179e9b33381030bcd4c3c3f156c506ed5908f9276f5bd9b4"
    )


def test_the_cude_of_a_credit_note_is_the_one_that_the_annex_publishes() -> None:
    facts = example(
        number="8110007871",
        date="2019-01-12",
        time="07:00:00-05:00",
        subtotal=Decimal(5000),
        iva=Decimal(950),
        payable=Decimal(5950),
        issuer="900373076",
        receiver="8355990",
    )
    assert cude(facts, "12301") == (
        "907e4444decc9e59c160a2fb3b6659b33dc5b632a5008922b9a62f83f757b1c448e47f5867f2b50dbdb96f48c7681168"
    )


def test_a_colombian_invoice_says_what_the_invoice_says() -> None:
    made, given = build_ubl(source(), COLOMBIA), source()
    read = read_document(made.content)
    assert (read.kind, read.number, read.currency, read.issued_on) == ("invoice", "FV123", "COP", date(2026, 11, 20))
    assert (read.issuer.tax_id, read.receiver.tax_id) == ("900373115", CC)
    assert read.total == given.total + given.withholding_total
    assert read.code == made.code
    assert not read.signed
    assert made.code in made.qr
    assert "catalogo-vpfe-hab.dian.gov.co" in made.qr
    assert text(made.content, ".//sts:SoftwareSecurityCode") == software_security_code(
        COLOMBIA.software_id, COLOMBIA.software_pin, "FV123"
    )
    assert COLOMBIA.software_pin.encode() not in made.content.replace(made.code.encode(), b"")
    assert COLOMBIA.technical_key.encode() not in made.content
    assert text(made.content, ".//cac:InvoiceLine//cbc:Description") == "Canon de arrendamiento <local 101> & cía."


def test_the_totals_of_a_colombian_invoice_agree_to_the_cent() -> None:
    lines = [rent(), rent(quantity=Decimal(3), unit_price=Decimal("333.335"))]
    lines.append(make_line("Administración", Decimal(1), Decimal("99.99")))
    content, given = build_ubl(source(*lines), COLOMBIA).content, source(*lines)
    amounts = [Decimal(one) for one in texts(content, "cac:InvoiceLine/cbc:LineExtensionAmount")]
    assert sum(amounts) == Decimal(text(content, "cac:LegalMonetaryTotal/cbc:LineExtensionAmount")) == given.subtotal
    taxes = [Decimal(one) for one in texts(content, "cac:InvoiceLine/cac:TaxTotal/cbc:TaxAmount")]
    assert sum(taxes) == Decimal(text(content, "cac:TaxTotal/cbc:TaxAmount")) == given.tax_total
    assert Decimal(text(content, "cac:WithholdingTaxTotal/cbc:TaxAmount")) == given.withholding_total
    assert Decimal(text(content, "cac:LegalMonetaryTotal/cbc:PayableAmount")) == given.subtotal + given.tax_total


def test_reteiva_is_told_as_a_part_of_the_iva() -> None:
    line = make_line("Comisión", Decimal(1), Decimal(1000000), [("IVA", Decimal(19))], [("ReteIVA", Decimal("2.85"))])
    content = build_ubl(source(line), COLOMBIA).content
    part = "cac:WithholdingTaxTotal/cac:TaxSubtotal/"
    assert text(content, f"{part}cbc:TaxableAmount") == "190000.00"
    assert text(content, f"{part}cac:TaxCategory/cbc:Percent") == "15.00"
    assert text(content, f"{part}cbc:TaxAmount") == "28500.00"


def test_a_colombian_credit_note_names_the_invoice_that_it_corrects() -> None:
    note = source(kind=CREDIT_NOTE, number="NC-000007", corrects=Corrected("FV123", "ab" * 48, date(2026, 11, 1)))
    made = build_ubl(note, COLOMBIA)
    assert read_document(made.content).kind == CREDIT_NOTE
    assert text(made.content, "cac:BillingReference//cbc:UUID") == "ab" * 48
    assert text(made.content, "cbc:ID") == "NC000007"
    assert not texts(made.content, ".//cac:WithholdingTaxTotal")
    with pytest.raises(Incomplete, match="corrected"):
        build_ubl(source(kind=CREDIT_NOTE, number="NC1"), COLOMBIA)


def test_a_signature_covers_the_document_the_certificate_and_what_was_signed_for() -> None:
    key, made = certificate()
    signed = sign_ubl(build_ubl(source(), COLOMBIA).content, key, made)
    assert read_document(signed).signed
    found = XAdESVerifier().verify(signed, x509_cert=made, expect_references=3, expect_signature_policy=None)
    assert {etree.QName(one.signed_xml).localname for one in found} == {"Invoice", "SignedProperties", "KeyInfo"}
    with pytest.raises(Exception, match=r"[Dd]igest"):
        XAdESVerifier().verify(
            signed.replace(b">1785000.06<", b">1.00<"),
            x509_cert=made,
            expect_references=3,
            expect_signature_policy=None,
        )


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (source(currency="USD"), "currency"),
        (source(make_line("Descuento", Decimal(1), Decimal(-5)), rent()), "line"),
        (source(make_line("Renta", Decimal(1), Decimal(5), [("Impuesto raro", Decimal(1))])), "charge"),
        (source(number="FV-009999"), "range"),
        (source(number="sin número"), "range"),
    ],
)
def test_what_cannot_be_written_as_a_colombian_invoice_is_refused_by_name(given: Source, what: str) -> None:
    with pytest.raises(Incomplete) as refused:
        build_ubl(given, COLOMBIA)
    assert refused.value.what == what


def test_missing_settings_are_named() -> None:
    with pytest.raises(Incomplete) as refused:
        build_ubl(source(), Colombia())
    assert "technical_key" in refused.value.hint
    assert "technical_key" not in repr(COLOMBIA)
    with pytest.raises(Incomplete):
        build_cfdi(source(mexican=True), Mexico(), GIVEN)


def mexican(*lines: Line, **more: object) -> Source:
    usual = make_line(
        "Renta", Decimal(3), Decimal("1234.565"), [("IVA", Decimal(16))],
        [("ISR", Decimal("1.25")), ("Ret. IVA", Decimal("10.6667"))],
    )  # fmt: skip
    return source(*(lines or (usual,)), mexican=True, **more)


def test_a_cfdi_says_what_the_invoice_says_to_the_cent_where_rounding_differs() -> None:
    given = mexican()
    content = build_cfdi(given, MEXICO, GIVEN)
    read = read_document(content)
    assert (read.standard, read.kind, read.number, read.total) == ("cfdi", "invoice", "FV123", given.total)
    assert not read.signed
    root = etree.fromstring(content)
    assert root.get("SubTotal") == "3703.70"  # a half away from zero; the library alone would say 3703.69 or .70
    taxes = root.find("{*}Impuestos")
    total = Decimal(root.get("SubTotal", "0"))
    total += Decimal(taxes.get("TotalImpuestosTrasladados")) - Decimal(taxes.get("TotalImpuestosRetenidos"))
    assert total == given.total
    assert (root.get("MetodoPago"), root.get("FormaPago")) == ("PPD", "99")


def test_a_sealed_cfdi_is_valid_by_the_schema_of_sat() -> None:
    content = build_cfdi(mexican(), MEXICO, GIVEN, certificate())
    assert read_document(content).signed
    cfdi.CFDI.from_string(content).to_xml(validate=True)


def test_who_gives_no_rfc_is_the_general_public() -> None:
    person = source().receiver
    root = etree.fromstring(build_cfdi(mexican(receiver=person), MEXICO, Receiver()))
    assert root.find("{*}Receptor").get("Rfc") == "XAXX010101000"
    assert root.find("{*}Receptor").get("DomicilioFiscalReceptor") == root.get("LugarExpedicion")


def test_a_credit_voucher_names_the_stamped_one() -> None:
    code = "5FB2822E-396D-4725-8521-CDC4BDD20CCF"
    note = mexican(kind=CREDIT_NOTE, number="NC-1", corrects=Corrected("FV123", code, date(2026, 11, 1)))
    content = build_cfdi(note, MEXICO, GIVEN)
    assert read_document(content).kind == CREDIT_NOTE
    assert code.encode() in content


def test_a_receiver_that_sat_would_not_know_is_refused() -> None:
    for given, what in (
        (Receiver(regime="999", use="G03", postal_code="06000"), "receiver"),
        (Receiver(regime="612", use="G03", postal_code="6000"), "receiver_postal_code"),
        (Receiver(rfc="NADA", regime="612", use="G03", postal_code="06000"), "document"),
    ):
        with pytest.raises(Incomplete) as refused:
            build_cfdi(mexican(), MEXICO, given)
        assert refused.value.what == what


def test_settings_with_faults_are_told_by_field() -> None:
    assert colombian_faults(COLOMBIA) == {}
    assert mexican_faults(MEXICO) == {}
    wrong = Colombia(resolution="x", resolution_from="2026-02-30", municipality="1", environment="3", tax_level="O-1")
    assert set(colombian_faults(wrong)) == {"resolution", "resolution_from", "municipality", "environment", "tax_level"}
    assert colombian_faults(Colombia(first_number="9", last_number="3")) == {"last_number": "order"}
    assert set(mexican_faults(Mexico(regime="6", tenant_key="1", unit_key="?"))) == {"regime", "tenant_key", "unit_key"}


def test_a_name_of_a_tax_is_known_however_it_is_written() -> None:
    line = Line("Renta", Decimal(1), Decimal(100), Decimal(100), (), (Tax("Rete-Fuente", Decimal(3), Decimal(3)),))
    assert text(build_ubl(source(line), COLOMBIA).content, "cac:WithholdingTaxTotal//cbc:Name") == "ReteRenta"
