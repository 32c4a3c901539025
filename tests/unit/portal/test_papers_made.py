"""Papers out of rows, and what they say about a fiscal document."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from services.portal.models import Agency, IncomeStatement, Invoice, LedgerEntry, Party, Payment
from services.portal.queries.statements import Statement
from services.portal.rules.fiscal.reading import CFDI, UBL, FiscalDocument, Side
from services.portal.rules.invoices import dump_lines
from services.portal.rules.papers import IncomeRow, Movement, Tax
from services.portal.schemas.papers import (
    fiscal_facts_of,
    paper_of_income,
    paper_of_invoice,
    paper_of_receipt,
    paper_of_statement,
)
from tests.support.papers import BOGOTA, CLIENT, LINES, PAGE, income_paper, invoice_paper, receipt_paper

AGENCY = Agency(
    name=BOGOTA.name,
    country="CO",
    document_type="NIT",
    document_number="900123456-7",
    address=BOGOTA.address,
    city=BOGOTA.city,
    postal_code="",
    phone=BOGOTA.phone,
    email=BOGOTA.email,
    bank_details="Bancolombia 123-456789-01",
)
PARTY = Party(name=CLIENT.name, document_type="CC", document_number="1020304050", code=CLIENT.code)
DOCUMENT = FiscalDocument(
    standard=UBL,
    kind="invoice",
    number="FV123",
    issuer=Side("900123456"),
    receiver=Side("1020304050"),
    total=Decimal("2360737.50"),
    currency="COP",
    issued_on=date(2026, 11, 1),
    code="8bb918b1",
    signed=True,
)


def test_an_invoice_of_the_database_becomes_the_paper_with_its_taxes_added_up():
    invoice = Invoice(
        kind="invoice",
        number="FV-000123",
        state="issued",
        currency="COP",
        lines=dump_lines(LINES),
        subtotal=Decimal("2282500.00"),
        tax_total=Decimal("82175.00"),
        withholding_total=Decimal("3937.50"),
        total=Decimal("2360737.50"),
        balance=Decimal("2360737.50"),
        issued_on=date(2026, 11, 1),
        due_on=date(2026, 11, 5),
        period="2026-11",
        concept="Arriendo de noviembre",
        property_name="Torre del Parque 502",
        notes="Gracias por su pago puntual.",
        reason="",
    )
    paper = paper_of_invoice(AGENCY, invoice, PARTY, "es", PAGE)
    assert paper.taxes == (Tax("IVA", Decimal(19), Decimal("82175.00")),)
    assert replace(paper, lines=LINES) == invoice_paper()


def test_a_payment_becomes_a_receipt_in_the_name_that_the_payer_had():
    payment = Payment(
        receipt_number="RC-000045",
        payer_name="María Ñáñez",
        payer_document="CC 1020304050",
        currency="COP",
        amount=Decimal(100),
        unapplied=Decimal(100),
        method="cash",
        reference="",
        concept="Abono",
        received_on=date(2026, 11, 4),
        reversed_at=datetime(2026, 11, 10, 3, tzinfo=UTC),
        reversal_reason="Por error",
    )
    paper = paper_of_receipt(AGENCY, payment, [], "en", date(2026, 11, 9))
    assert (paper.head, paper.payer.name, paper.credit_left) == (receipt_paper().head, "María Ñáñez", Decimal(100))
    assert (paper.reversed_on, paper.reversal_reason) == (date(2026, 11, 9), "Por error")


def test_a_statement_and_a_statement_of_income_become_papers():
    entry = LedgerEntry(
        booked_on=date(2026, 11, 1), kind="invoice", reference="FV-1", text="Arriendo", amount=Decimal(5)
    )
    start, until = date(2026, 11, 1), date(2026, 11, 30)
    found = Statement("COP", start, until, Decimal(1), [(entry, Decimal(6))], Decimal(6))
    made = paper_of_statement(AGENCY, PARTY, found, "es", until)
    assert made.rows == [Movement(date(2026, 11, 1), "invoice", "FV-1", "Arriendo", Decimal(5), Decimal(6))]
    assert (made.opening, made.closing, made.person) == (Decimal(1), Decimal(6), CLIENT)

    income = IncomeStatement(
        number="LI-000007",
        state="published",
        currency="COP",
        period_from=date(2026, 10, 1),
        period_until=date(2026, 10, 31),
        lines=[{"property": "Local 3", "concept": "Comisión", "amount": "-10.50"}],
        income_total=Decimal(0),
        deduction_total=Decimal("10.50"),
        net=Decimal("-10.50"),
        payment_reference="",
    )
    owed = paper_of_income(AGENCY, income, PARTY, "es")
    rows = [IncomeRow("Local 3", "Comisión", Decimal("-10.50"))]
    expected = income_paper(rows=rows, income_total=Decimal(0), deduction_total=Decimal("10.50"), net=Decimal("-10.50"))
    assert owed == expected


def test_a_colombian_document_is_verified_with_its_cufe_and_a_note_with_its_cude():
    facts = fiscal_facts_of(DOCUMENT)
    assert facts
    assert (facts.name, facts.code) == ("CUFE", "8bb918b1")
    assert facts.url == "https://catalogo-vpfe.dian.gov.co/document/searchqr?documentkey=8bb918b1"
    note = fiscal_facts_of(replace(DOCUMENT, kind="credit_note"))
    assert note
    assert note.name == "CUDE"


def test_a_mexican_document_is_verified_with_its_parties_its_total_and_the_end_of_its_seal():
    cfdi = replace(
        DOCUMENT,
        standard=CFDI,
        code="AD662D33-6934-459C-A128-BDF0393F0F44",
        issuer=Side("A&B010101AB1"),
        receiver=Side("XAXX010101000"),
        seal="x" * 300 + "abcd12==",
    )
    facts = fiscal_facts_of(cfdi)
    assert facts
    assert facts.name == "UUID"
    assert facts.url == (
        "https://verificacfdi.facturaelectronica.sat.gob.mx/default.aspx?id=AD662D33-6934-459C-A128-BDF0393F0F44"
        "&re=A%26B010101AB1&rr=XAXX010101000&tt=2360737.50&fe=abcd12%3D%3D"
    )


def test_a_document_that_no_authority_can_know_yet_is_no_fact():
    assert fiscal_facts_of(replace(DOCUMENT, code="")) is None
    assert fiscal_facts_of(replace(DOCUMENT, signed=False)) is None
