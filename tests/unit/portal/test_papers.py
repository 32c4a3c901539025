"""The papers as PDF: what they say, and that nothing that people typed spoils them."""

import random
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from services.portal.clients.papers import income_pdf, invoice_pdf, receipt_pdf, statement_pdf
from services.portal.rules.invoices import make_line
from services.portal.rules.papers import FiscalFacts, Head, Person
from services.portal.rules.printable import SHOWABLE, printable
from tests.support.papers import (
    MEXICO,
    PAGE,
    income_paper,
    invoice_paper,
    line_of,
    receipt_paper,
    statement_paper,
)

HOSTILE = '#panic() #(1+1) *bold* _it_ "quoted" \\ ] [ $x^2$ @label <script> `raw` // no /* no */ = head %name {}'


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    """All text on one line, with plain blanks."""
    return " ".join(" ".join(page.extract_text() for page in read(pdf).pages).split())


def test_an_invoice_says_who_owes_what_to_whom_and_until_when():
    said = text_of(invoice_pdf(invoice_paper()))
    for expected in (
        "Inmobiliaria Los Cedros S.A.S. NIT 900123456-7 Carrera 15 # 93-47, Bogotá D. C.",
        "Factura FV-000123",
        "Facturado a María Ñáñez Ocampo CC 1020304050",
        "Fecha de emisión 1 de noviembre de 2026 Vence 5 de noviembre de 2026 Período noviembre de 2026",
        "Concepto Arriendo de noviembre Inmueble Torre del Parque 502",
        "2,5 45.000,00 112.500,00",
        "Subtotal 2.282.500,00 IVA 19 % 82.175,00 ReteFuente 3,5 % −3.937,50",
        "Total $ 2.360.737,50 COP Saldo por pagar $ 2.360.737,50 COP",
        "Dos millones trescientos sesenta mil setecientos treinta y siete pesos con cincuenta centavos",
        "Cómo pagar Bancolombia 123-456789-01",
        "Notas Gracias por su pago puntual.",
        PAGE,
        "Página 1 de 1",
    ):
        assert expected in said


def test_an_invoice_in_english_has_english_labels_days_and_numbers():
    said = text_of(invoice_pdf(invoice_paper("en")))
    for expected in (
        "Invoice FV-000123",
        "Issued on November 1, 2026 Due on November 5, 2026 Period November 2026",
        "Total $ 2,360,737.50 COP Balance to pay $ 2,360,737.50 COP",
        "seven hundred and thirty-seven Colombian pesos and fifty centavos",
        "Page 1 of 1",
    ):
        assert expected in said


@pytest.mark.parametrize(
    ("state", "stamp"), [("void", "ANULADA"), ("paid", "PAGADA"), ("draft", "BORRADOR"), ("issued", "")]
)
def test_what_is_not_an_open_invoice_is_stamped_and_does_not_ask_for_money(state, stamp):
    said = text_of(invoice_pdf(invoice_paper(state=state, balance=Decimal(0))))
    assert [one for one in ("ANULADA", "PAGADA", "BORRADOR") if one in said] == ([stamp] if stamp else [])
    assert ("Cómo pagar" in said) == (not stamp)


def test_a_credit_note_names_the_invoice_and_the_reason():
    paper = invoice_paper(kind="credit_note", number="NC-000003", corrects_number="FV-000123", reason="Cobro doble")
    said = text_of(invoice_pdf(paper))
    assert "Nota crédito NC-000003" in said
    assert "Corrige la factura FV-000123" in said
    assert "Motivo Cobro doble" in said
    assert "Vence" not in said


def test_a_fiscal_document_is_verified_with_its_own_code_and_address():
    code = "8bb918b19ba22a694f1da11c643b5e9de39adf60311cf179179e9b33381030bcd4c3c3f156c506ed5908f9276f5bd9b4"
    fiscal = FiscalFacts("CUFE", code, "https://dian.example/qr?key=" + code, facts=[("Resolución", "18764000001")])
    pdf = invoice_pdf(invoice_paper(fiscal=fiscal))
    # It can be copied: breaking it over lines adds no letter to it.
    said = text_of(pdf).replace(" ", "")
    assert "CUFE" + code in said
    assert fiscal.url in said
    assert "Resolución18764000001" in said
    assert PAGE not in said
    links = [note.get_object()["/A"]["/URI"] for note in read(pdf).pages[0].get("/Annots", [])]
    assert set(links) == {fiscal.url}


def test_a_receipt_says_the_amount_in_figures_and_words_and_what_it_paid():
    said = text_of(receipt_pdf(receipt_paper()))
    for expected in (
        "Recibo de caja RC-000045",
        "Recibido de María Ñáñez Ocampo CC 1020304050",
        "Fecha 4 de noviembre de 2026 Medio de pago Transferencia Referencia 889123",
        "$ 2.500.000,50 COP",
        "Dos millones quinientos mil pesos con cincuenta centavos",
        "FV-000123 Arriendo de noviembre 2.360.737,50",
        "FV-000124 Servicios 100.000,00",
        "Queda como saldo a favor $ 39.263,00 COP",
    ):
        assert expected in said
    assert "REVERSADO" not in said


def test_a_reversed_receipt_says_so_and_why():
    paper = receipt_paper(
        "en", reversed_on=date(2026, 11, 9), reversal_reason="Cheque returned", credit_left=Decimal(0)
    )
    said = text_of(receipt_pdf(paper))
    assert "REVERSED" in said
    assert "Reversed on November 9, 2026" in said
    assert "Reason of the reversal Cheque returned" in said
    assert "Kept as credit" not in said


def test_a_statement_runs_from_the_opening_to_the_closing_balance():
    said = text_of(statement_pdf(statement_paper()))
    for expected in (
        "Saldo inicial 150.000,00",
        "01/11/2026 FV-000123 Factura: Arriendo 1.850.000,00 2.000.000,00",
        "04/11/2026 RC-000045 Pago 2.100.000,00 −100.000,00",
        "Movimientos del período 1.850.000,00 2.100.000,00 −100.000,00",
        "Saldo a favor del cliente $ 100.000,00 COP",
    ):
        assert expected in said
    assert "No movements in this period" in text_of(statement_pdf(statement_paper("en", rows=())))


def test_a_statement_of_income_adds_up_each_property_and_all():
    paper = income_paper(paid_on=date(2026, 11, 5), payment_reference="77812")
    said = text_of(income_pdf(paper))
    for expected in (
        "Torre del Parque 502 Concepto Ingresos Descuentos Canon 1.850.000,00 Comisión 185.000,00",
        "Neto de este inmueble 1.665.000,00",
        "Neto de este inmueble 4.819.999,75",
        "Ingresos 7.050.000,00 Descuentos −565.000,25 Neto $ 6.484.999,75 COP",
        "Fecha de pago 5 de noviembre de 2026 Referencia 77812",
    ):
        assert expected in said
    assert "Statement of income" in text_of(income_pdf(income_paper("en")))


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize(
    ("make", "paper"),
    [
        (invoice_pdf, invoice_paper()),
        (receipt_pdf, receipt_paper()),
        (statement_pdf, statement_paper()),
        (income_pdf, income_paper()),
    ],
)
def test_every_paper_is_for_archives_and_for_screen_readers(make, paper, language):
    pdf = read(make(replace(paper, language=language)))
    assert pdf.xmp_metadata
    claims = pdf.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in claims
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in claims
    assert "<pdfuaid:part>1</pdfuaid:part>" in claims
    root: Any = pdf.root_object
    assert root["/Lang"] == f"{language}-CO"
    assert root["/MarkInfo"]["/Marked"]
    assert pdf.metadata
    assert pdf.metadata.title
    assert pdf.metadata.author == paper.head.name
    page: Any = pdf.pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert all("/FontFile3" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts)


def test_paper_is_a4_in_colombia_and_letter_in_mexico():
    sizes = [
        tuple(round(float(side)) for side in read(invoice_pdf(invoice_paper(head=head))).pages[0].mediabox[2:])
        for head in (invoice_paper().head, MEXICO)
    ]
    assert sizes == [(595, 842), (612, 792)]


def test_three_hundred_lines_go_over_pages_that_each_repeat_the_head():
    lines = [make_line(f"Renglón {number}", Decimal(1), Decimal("1000.01")) for number in range(300)]
    pages = [" ".join(page.extract_text().split()) for page in read(invoice_pdf(invoice_paper(lines=lines))).pages]
    assert len(pages) > 5
    for number, page in enumerate(pages[:-1], 1):
        assert "Descripción Cantidad Valor unitario Valor Renglón" in page
        assert f"Factura FV-000123 Página {number} de {len(pages)}" in page
    assert re.findall(r"Renglón (\d+) 1 1\.000,01", " ".join(pages)) == [str(number) for number in range(300)]
    assert "Total $ 300.003,00 COP" in pages[-1]


def test_markup_in_every_field_stays_text():
    head = Head(*[HOSTILE] * 6)
    person = Person(HOSTILE, HOSTILE, HOSTILE)
    texts = dict.fromkeys(("concept", "property_name", "notes", "reason", "bank_details", "corrects_number"), HOSTILE)
    invoice = invoice_paper(lines=[line_of(HOSTILE)], head=head, person=person, number=HOSTILE, **texts)
    said = text_of(invoice_pdf(invoice))
    # Name, document, address and city, phone and e-mail of the agency; name, document and code; number; line and tax …
    assert said.count("#panic() #(1+1) *bold*") >= 18
    assert "// no /* no */ = head %name {}" in said
    for pdf in (
        receipt_pdf(receipt_paper(head=head, payer=person, reference=HOSTILE, concept=HOSTILE, method=HOSTILE)),
        statement_pdf(statement_paper(head=head, person=person)),
        income_pdf(income_paper(head=head, owner=person, payment_reference=HOSTILE)),
    ):
        assert "<script>" in text_of(pdf)


def test_letters_that_no_font_has_do_not_keep_an_invoice_from_being_printed():
    name = "Zoë 😀 漢字 \u202eotto\u202c \x00\x07 e\u0301 \ue000 \u0e33\u0483 \u2028fin"
    said = text_of(invoice_pdf(invoice_paper(person=Person(name, name, name), lines=[line_of(name)])))
    assert "Zoë □ □□ otto é □ □ fin" in said


def test_whatever_is_typed_can_be_printed():
    pick = random.Random(20261121)
    letters = [chr(code) for code in [*range(0xD800), *range(0xE000, 0x10000), *range(0x1F000, 0x1FA00)]]
    for _ in range(40):
        text = "".join(pick.choices(letters, k=60)) + "".join(pick.choices([chr(c) for c in range(0x600)], k=60))
        invoice_pdf(invoice_paper(lines=[line_of(text)], person=Person(text), notes=text, number=text[:60]))


def test_every_letter_that_is_let_through_can_be_printed():
    letters = [letter for letter in map(chr, range(0x3000)) if re.match(f"[{SHOWABLE}]", letter)]
    text = printable(" ".join(letters))
    assert "□ □" not in text
    assert len(letters) > 1300
    assert invoice_pdf(invoice_paper(lines=[line_of(text)], person=Person(text), head=Head(text), notes=text))
