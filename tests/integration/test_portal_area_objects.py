"""Invoices, receipts and statements of income belong to one client; their papers, ZIPs, and what people typed."""

import io
import re
import zipfile
from decimal import Decimal
from importlib import import_module
from urllib.parse import quote

import pytest
from pypdf import PdfReader

from services.portal.actions.files import keep_file, stage
from services.portal.actions.income import void_income
from services.portal.clients.files import FileStore
from services.portal.models import Invoice
from services.portal.pages.visitor import AREA
from services.portal.queries.agency import agency_of
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML, PDF, XML
from services.portal.rules.invoices import make_line
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, draft, earn, issue, pay, reverse, void
from tests.support.clientarea import Browser
from tests.support.fiscal import stamped_cfdi

INVOICES = f"{AREA}/invoices"
SMALL_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HOSTILE = '<script>alert(1)</script> {{ 7*7 }} "><img src=x> =1+1 ../../etc/passwd'


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path, sqlite_url):
    """Where the database makes no difference."""
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def attach(portal: Alone, invoice: Invoice, content: bytes, purpose: str) -> None:
    """A fiscal document of this invoice."""
    store = FileStore(portal.files.parents[1], 1_000_000)
    file = stage(store, io.BytesIO(content), f"{invoice.number}", (XML, PDF))
    with portal.db.write() as session:
        keep_file(session, file, party_id=invoice.party_id, purpose=purpose, invoice_id=invoice.id)


def text_of_pdf(content: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def unpacked(browser: Browser, query: str) -> dict[str, bytes]:
    answer = browser.get(f"{INVOICES}/zip?{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip"), answer.text[:300]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_object_is_there_for_its_client_only(portal: Alone):
    mine, other = portal.party(1, classes="tenant+owner"), portal.party(2, classes="tenant+owner")
    invoice = issue(portal.db, mine, "1000")
    attach(portal, invoice, stamped_cfdi(), FISCAL_XML)
    attach(portal, invoice, SMALL_PDF, FISCAL_PDF)
    note = credit(portal.db, invoice, "100")
    receipt, reversed_one = pay(portal.db, mine, "500", invoice), reverse(portal.db, pay(portal.db, mine, "7"))
    income = earn(portal.db, mine, "1000", "-80")
    voided = void(portal.db, issue(portal.db, mine, "3"))
    there = [
        f"{INVOICES}/{invoice.id}",
        *(f"{INVOICES}/{invoice.id}/{paper}" for paper in ("pdf", "xml", "fiscal")),
        *(f"{INVOICES}/{one.id}{paper}" for one in (note, voided) for paper in ("", "/pdf")),
        *(f"{AREA}/receipts/{one.id}{paper}" for one in (receipt, reversed_one) for paper in ("", "/pdf")),
        *(f"{AREA}/income/{income.id}{paper}" for paper in ("", "/pdf")),
        f"{INVOICES}/zip?invoice={invoice.id}",
    ]
    own, stranger, nobody = portal.client(mine), portal.client(other), Browser(portal.app.test_client(), "10.0.0.9")
    agent = portal.staff("administrator")
    for path in there:
        assert own.get(path, buffered=True).status_code == 200, path
        assert stranger.get(path).status_code == 404, path
        for outside in (nobody, agent):
            answer = outside.get(path)
            assert (answer.status_code, answer.location) == (303, f"{AREA}/signin?next={quote(path, safe='')}"), path
    for page in ("", "/invoices", "/receipts", "/income", "/statement?period=year"):
        shown = stranger.get(f"{AREA}{page}" if page else f"{AREA}/").text
        for number in (invoice.number, note.number, receipt.receipt_number, income.number):
            assert str(number) not in shown, page


def test_what_is_not_published_is_not_there(portal: Alone):
    party_id = portal.party(1, classes="tenant+owner")
    unpublished, taken_back = earn(portal.db, party_id, "10", published=False), earn(portal.db, party_id, "11")
    with portal.db.write() as session:
        void_income(session, taken_back.id, "Error")
    browser = portal.client(party_id)
    hidden = draft(portal.db, party_id)
    for path in (
        *(f"{INVOICES}/{hidden.id}{paper}" for paper in ("", "/pdf", "/xml", "/fiscal")),
        f"{INVOICES}/zip?invoice={hidden.id}",
        *(f"{AREA}/income/{one.id}{paper}" for one in (unpublished, taken_back) for paper in ("", "/pdf")),
    ):
        assert browser.get(path).status_code == 404, path


def test_a_zip_holds_the_papers_and_fiscal_documents_of_what_was_ticked(portal: Alone):
    party_id = portal.party(1)
    first, second = issue(portal.db, party_id, "1"), issue(portal.db, party_id, "2")
    issue(portal.db, party_id, "3")
    xml = stamped_cfdi()
    attach(portal, first, xml, FISCAL_XML)
    draft(portal.db, party_id)
    browser = portal.client(party_id)
    found = unpacked(browser, f"invoice={first.id}&invoice={second.id}&invoice={second.id}")
    assert set(found) == {f"{first.number}.pdf", f"{first.number}.xml", f"{second.number}.pdf"}
    assert found[f"{first.number}.xml"] == xml
    assert str(second.number) in text_of_pdf(found[f"{second.number}.pdf"])
    assert len(unpacked(browser, "")) == 4, "without a tick all three, with the XML of one"


def test_a_zip_of_a_filter_has_what_the_filter_finds_and_no_more_than_it_can_take(small: Alone, monkeypatch):
    party_id = small.party(1)
    late = issue(small.db, party_id, "1", due_in=-1)
    issue(small.db, party_id, "2")
    browser = small.client(party_id)
    assert set(unpacked(browser, "state=overdue")) == {f"{late.number}.pdf"}
    monkeypatch.setattr(import_module("services.portal.pages.invoices"), "MOST_IN_ZIP", 1)
    answer = browser.get(f"{INVOICES}/zip")
    assert answer.status_code == 422
    assert "Un ZIP admite 1 facturas como máximo" in answer.text


def test_a_zip_with_something_foreign_in_it_is_not_made(small: Alone):
    mine, other = small.party(1), small.party(2)
    own, foreign = issue(small.db, mine), issue(small.db, other)
    browser = small.client(mine)
    for query in (f"invoice={own.id}&invoice={foreign.id}", f"invoice={foreign.id}", "invoice=nonsense"):
        assert browser.get(f"{INVOICES}/zip?{query}").status_code == 404, query


def test_what_people_typed_is_text_and_never_markup_or_a_path(small: Alone):
    party_id = small.party(1, classes="tenant+owner", name=HOSTILE)
    with small.db.write() as session:
        agency_of(session).bank_details = HOSTILE
    texts = {"concept": HOSTILE, "property_name": HOSTILE, "notes": HOSTILE, "period": "../../"}
    invoice = issue(
        small.db, party_id, number="../../etc/<b>1", lines=[make_line(HOSTILE, Decimal(1), Decimal(10))], **texts
    )
    receipt = pay(small.db, party_id, "5", invoice, reference=HOSTILE)
    void(small.db, issue(small.db, party_id), HOSTILE)
    income = earn(small.db, party_id, "10", property_name=HOSTILE)
    browser = small.client(party_id)
    paths = [f"{INVOICES}/{invoice.id}", f"{AREA}/receipts/{receipt.id}", f"{AREA}/income/{income.id}"]
    for path in (*paths, f"{AREA}/", INVOICES, f"{AREA}/receipts", f"{AREA}/income", f"{AREA}/statement"):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        assert not re.search(r"<script>alert|<img src=x|<b>1| 49 ", answer.text), path
    for path in paths:
        answer = browser.get(f"{path}/pdf")
        assert answer.mimetype == "application/pdf"
        assert "attachment" in answer.headers["Content-Disposition"]
        assert not re.search(r"[/\\<>]", answer.headers["Content-Disposition"]), path
    assert "alert(1)" in text_of_pdf(browser.get(f"{paths[0]}/pdf").data)
    (name,) = (one for one in unpacked(browser, f"invoice={invoice.id}"))
    assert not re.search(r"[/\\<>]|^\.", name)
    assert 'value="<' not in browser.get(f"{INVOICES}?q={quote(HOSTILE)}").text


def test_an_invoice_tells_what_was_paid_of_it_and_how_to_pay_the_rest(portal: Alone):
    party_id = portal.party(1)
    with portal.db.write() as session:
        agency_of(session).bank_details = "Bancolombia 123-456"
    lines = [
        make_line("Canon", Decimal(1), Decimal("1000.10")),
        make_line("Administración", Decimal(1), Decimal(100), [("IVA", Decimal(19))], [("ReteFuente", Decimal("3.5"))]),
    ]
    invoice = issue(portal.db, party_id, lines=lines, period="2026-11")
    paid = pay(portal.db, party_id, "200.05", invoice)
    note = credit(portal.db, invoice, "15.05")
    browser = portal.client(party_id)
    shown = browser.get(f"{INVOICES}/{invoice.id}").text
    for text in ("1.100,10", "IVA 19 %", "19,00", "Retención ReteFuente 3,5 %", "−$\u00a03,50", "1.115,60", "200,05",
                 "900,50", "Noviembre de 2026", "Bancolombia 123-456"):  # fmt: skip
        assert text in shown, text
    for path in (f"receipts/{paid.id}", f"invoices/{note.id}", f"pay/?invoice={invoice.id}",
                 f"reports/new?invoice={invoice.id}"):  # fmt: skip
        assert f'href="{AREA}/{path}"' in shown, path
    for path in (f"receipts/{paid.id}", f"pay/?invoice={invoice.id}", f"reports/new?invoice={invoice.id}"):
        assert browser.get(f"{AREA}/{path}").status_code == 200, path
    receipt = browser.get(f"{AREA}/receipts/{paid.id}").text
    assert "Doscientos pesos con cinco centavos" in receipt
    assert str(invoice.number) in receipt
