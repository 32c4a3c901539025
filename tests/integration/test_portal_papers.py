"""Papers from the database to the browser and over REST."""

from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from services.portal.actions.files import keep_file, stage
from services.portal.app import create_app
from services.portal.clients.files import FileStore
from services.portal.rules.files import FISCAL_XML, XML
from services.portal.settings import Settings
from shared.db import Database
from tests.support.alone import Alone
from tests.support.billing import credit, draft, issue, pay, reverse
from tests.support.clientarea import PUBLIC_URL
from tests.support.fiscal import stamped_cfdi
from tests.support.schema import migrated
from tests.support.web import Issuer

API = "/api/portal/v1"


@pytest.fixture
def issuer():
    return Issuer()


@pytest.fixture
def portal(tmp_path, database_url, issuer):
    settings = Settings(public_url=PUBLIC_URL, data=tmp_path, database_pattern=database_url)
    db = Database(settings.database_url("portal"))
    migrated("portal", db)
    yield Alone(create_app(settings, db, token_keys=issuer.keys), db, tmp_path)
    db.dispose()


@pytest.fixture
def read(portal, issuer):
    """Get a PDF over REST in a language: its text on one line."""

    def read(path, language="es"):
        headers = issuer.bearer("invoices:read payments:read") | {"Accept-Language": language}
        answer = portal.app.test_client().get(API + path, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "application/pdf"
        pages = PdfReader(BytesIO(answer.data)).pages
        return " ".join(" ".join(page.extract_text() for page in pages).split())

    return read


def test_an_invoice_and_its_credit_note_are_printed_over_rest_in_the_language_asked_for(portal, read):
    invoice = issue(portal.db, portal.party(), "1850000")
    note = credit(portal.db, invoice, "350000")
    said = read(f"/invoices/{invoice.id}/pdf")
    assert f"Factura {invoice.number}" in said
    assert "Total $ 1.850.000,00 COP Saldo por pagar $ 1.500.000,00 COP" in said
    assert f"{PUBLIC_URL}/customerarea/invoices/{invoice.id}" in said
    assert f"Corrects invoice {invoice.number}" in read(f"/invoices/{note.id}/pdf", "en")


def test_a_draft_is_printed_as_one(portal, read):
    assert "BORRADOR" in read(f"/invoices/{draft(portal.db, portal.party()).id}/pdf")


def test_a_receipt_is_printed_over_rest_also_when_it_was_reversed(portal, read):
    party = portal.party()
    invoice = issue(portal.db, party, "100000")
    payment = pay(portal.db, party, "100000.50", invoice)
    said = read(f"/payments/{payment.id}/pdf")
    assert "Cien mil pesos con cincuenta centavos" in said
    assert f"{invoice.number} Canon de arrendamiento 100.000,00" in said
    reverse(portal.db, payment)
    assert "REVERSED" in read(f"/payments/{payment.id}/pdf", "en")


def test_what_there_is_not_has_no_paper(portal, issuer):
    answer = portal.app.test_client().get(
        f"{API}/invoices/{portal.party()}/pdf", headers=issuer.bearer("invoices:read")
    )
    assert answer.status_code == 404


def test_the_client_gets_the_same_amounts_as_the_page_shows(portal):
    party = portal.party()
    browser = portal.client(party)
    invoice = issue(portal.db, party, Decimal("1234567.89"))
    page = browser.get(f"/customerarea/invoices/{invoice.id}").get_data(as_text=True)
    pdf = browser.get(f"/customerarea/invoices/{invoice.id}/pdf")
    said = PdfReader(BytesIO(pdf.data)).pages[0].extract_text()
    assert "1.234.567,89\u00a0COP" in page
    assert "1.234.567,89\u00a0COP" in said


def test_the_code_of_the_fiscal_document_stands_on_the_paper_of_client_office_and_rest(portal, read):
    party = portal.party()
    invoice = issue(portal.db, party, "100000")
    store = FileStore(portal.files, 10**6)
    kept = stage(store, BytesIO(stamped_cfdi()), "cfdi.xml", [XML])
    with portal.db.write() as session:
        keep_file(session, kept, party_id=party, purpose=FISCAL_XML, invoice_id=invoice.id)
    for browser, path in (
        (portal.client(party), f"/customerarea/invoices/{invoice.id}/pdf"),
        (portal.staff(), f"/backoffice/portal/invoices/{invoice.id}/pdf"),
    ):
        said = PdfReader(BytesIO(browser.get(path).data)).pages[0].extract_text()
        assert "UUID 5FB2822E-396D-4725-8521-CDC4BDD20CCF" in said
    assert "https://verificacfdi.facturaelectronica.sat.gob.mx/" in read(f"/invoices/{invoice.id}/pdf")
