"""Letters about what the agency issued: invoices on every way, their documents, statements of income."""

import csv
import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from babel.dates import format_date

from services.portal.actions.income import void_income
from services.portal.actions.invoicing import issue_draft
from services.portal.actions.reports import NewReport, reject_report, submit_report
from services.portal.clients.files import FileStore
from services.portal.consumers import handlers
from services.portal.jobs.imports import InvoiceImporter
from services.portal.queries.agency import agency_of
from shared import clock
from shared.bus import Delivery
from shared.db import new_id
from shared.events import encode, type_of
from shared.events.external import BilledLine, ExternalInvoiceIssued
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from shared.inbox import Inbox
from tests.support.alone import Alone, portal_alone
from tests.support.billing import ZONE, credit, draft, earn, issue, pay, today
from tests.support.cases import answer, open_one
from tests.support.clientarea import CSRF
from tests.support.documents import SMALL_PDF, agency, attach, document_for, send
from tests.support.fiscal import rent
from tests.support.notices import ANA, HOLDER, contact, counted, published

DESK = "/backoffice/portal/invoices/imports"


@pytest.fixture
def alone(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path, sqlite_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, sqlite_url) as made:
        yield made


def letters(alone: Alone) -> list[tuple[str, dict[str, str]]]:
    """To whom letters go, and what they say."""
    raised = published(alone.db, NoticeRaised)
    return [(one.reader.address, {value.name: value.value for value in one.values}) for one in raised]


def settings(alone: Alone, **values: Any) -> None:
    with alone.db.write() as session:
        for name, value in values.items():
            setattr(agency_of(session), name, value)


def billed(number: int, **more: Any) -> Delivery:
    """An invoice that another system issued for the `number`th party."""
    given: dict[str, Any] = {
        "external_id": f"ERP-{number}",
        "number": f"FV{number}",
        "issued_on": today(),
        "due_on": today() + timedelta(days=5),
        "currency": "COP",
        "total": Decimal("1000.00"),
        "lines": [BilledLine(description="Arriendo", quantity=Decimal(1), unit_price=Decimal("1000.00"))],
        "document_type": "CC",
        "document_number": str(10_000_000 + number),
    }
    event = ExternalInvoiceIssued(**(given | more))
    body = encode(event, id=new_id(), time=clock.now(), correlation_id=None)
    return Delivery(body, type_of(ExternalInvoiceIssued), {}, None)


def upload(alone: Alone, rows: int, due: str, amount: str = "1.000") -> None:
    """Hand in a table of invoices for the parties 1 to `rows`, and let it be issued."""
    written = io.StringIO()
    header = ["Tipo de documento", "Documento", "Concepto", "Valor", "Vencimiento"]
    csv.writer(written).writerows(
        [header, *(["CC", 10_000_000 + number, "Canon", amount, due] for number in range(1, rows + 1))]
    )
    agent = alone.staff()
    token = CSRF.search(agent.get(DESK).text)
    assert token
    sent = {"csrf_token": token[1], "file": (io.BytesIO(written.getvalue().encode()), f"{due}.csv")}
    shown = agent.client.post(f"{DESK}/", data=sent, content_type="multipart/form-data").location
    importer = InvoiceImporter(alone.db, threading.Event(), ZONE)
    importer.run()
    assert agent.post(f"{shown}/issue").status_code == 303
    importer.run()


def test_whoever_wants_it_learns_of_an_invoice_once_it_is_issued(alone):
    party_id = alone.party()
    contact(alone.db, party_id, language="en")
    made = draft(alone.db, party_id, "1850000", due_in=5, concept="Canon de noviembre")
    assert letters(alone) == [], "nobody is told of a draft"
    with alone.db.write() as session:
        invoice = issue_draft(session, made.id)
    said = dict(letters(alone))
    assert said.keys() == {HOLDER, ANA}
    assert said[HOLDER]["amount"] == "$\u00a01.850.000,00\u00a0COP"
    assert said[ANA]["amount"] == "$\u00a01,850,000.00\u00a0COP"
    assert (said[HOLDER]["number"], said[HOLDER]["concept"]) == (invoice.number, "Canon de noviembre")
    assert said[HOLDER]["due"] == format_date(today() + timedelta(days=5), "long", locale="es")
    (to_holder, _) = sorted(published(alone.db, NoticeRaised), key=lambda one: one.reader.address != HOLDER)
    assert (to_holder.path, to_holder.attachments) == (f"/customerarea/invoices/{invoice.id}", [])
    credit(alone.db, invoice, "1000")
    assert len(letters(alone)) == 2, "of a credit note nobody is told"


def test_nobody_is_told_where_the_agency_does_not_want_it_or_the_debt_is_an_old_one(small):
    party_id = small.party()
    issue(small.db, party_id, issued=today() - timedelta(days=9))
    assert letters(small) == []
    issue(small.db, party_id, issued=today() - timedelta(days=6))
    assert len(letters(small)) == 1
    settings(small, announce_invoices=False)
    issue(small.db, party_id)
    assert len(letters(small)) == 1


def test_a_table_of_invoices_is_announced_with_no_statement_for_each_row(alone):
    for number in range(1, 41):
        alone.party(number)
    day = f"{today() + timedelta(days=9):%d/%m/%Y}"

    def statements(rows: int, amount: str) -> int:
        with counted(alone.db) as sent:
            upload(alone, rows, day, amount)
        return len([one for one in sent if "holder_choices" in one or "contacts" in one or "INTO notices" in one])

    assert statements(5, "1.000") == statements(40, "2.000")
    said = letters(alone)
    assert len(said) == 45
    assert len({(address, values["number"]) for address, values in said}) == 45
    upload(alone, 5, f"{today() - timedelta(days=60):%d/%m/%Y}", "3.000")
    assert len(letters(alone)) == 45, "debts of former years are brought over in silence"


def test_invoices_of_other_systems_are_announced_once(alone, tmp_path):
    for number in range(1, 4):
        alone.party(number)
    inbox = Inbox(alone.db, handlers(FileStore(tmp_path / "files", 1 << 20)))
    batch = [billed(number) for number in (1, 2, 3)]
    assert inbox.handle([*batch, billed(2)]) == inbox.handle(batch) == []
    assert sorted(address for address, _ in letters(alone)) == [f"persona{number}@example.com" for number in (1, 2, 3)]


def test_a_letter_brings_the_documents_that_the_invoice_has(alone):
    agency(alone, attach_documents=True)
    invoice = issue(alone.db, alone.party(), lines=[rent()])
    path = f"/api/portal/v1/invoices/{invoice.id}"

    def attached() -> list[tuple[str, str, str]]:
        return [(file.name, file.media_type, file.path) for file in published(alone.db, NoticeRaised)[-1].attachments]

    paper = (f"{invoice.number}.pdf", "application/pdf", f"{path}/pdf")
    assert attached() == [paper]
    # The fiscal document comes a moment later: the letter, while it waits, gets it.
    agent = alone.staff()
    assert send(agent, invoice, document_for(invoice)).status_code == 303
    assert attached() == [paper, ("factura.xml", "application/xml", f"{path}/xml")]
    store = FileStore(alone.files, 1 << 20)
    attach(alone.db, store, invoice, SMALL_PDF, "oficial.pdf")
    assert attached()[2] == ("oficial.pdf", "application/pdf", f"{path}/fiscal-pdf")
    first, second, third = published(alone.db, NoticeRaised)
    assert (second.instead_of, third.instead_of) == (first.notice_id, second.notice_id)


def test_a_fiscal_document_that_comes_with_the_invoice_goes_with_its_letter(small, tmp_path):
    agency(small, attach_documents=True)
    party_id = small.party()
    line = BilledLine(description="Canon", quantity=Decimal(1), unit_price=Decimal("1000.00"))
    xml = document_for(draft(small.db, party_id, "1000"), total=Decimal("1000.00")).decode()
    inbox = Inbox(small.db, handlers(FileStore(tmp_path / "files", 1 << 20)))
    assert inbox.handle([billed(1, lines=[line], xml=xml)]) == []
    (raised,) = published(small.db, NoticeRaised)
    assert [file.path.rpartition("/")[2] for file in raised.attachments] == ["pdf", "xml"]


def test_receipts_steps_of_requests_and_refused_reports_go_to_client_and_contact(alone):
    party_id = alone.party()
    contact(alone.db, party_id, notices=["receipt", "cases"], instead=["cases"])
    settings(alone, announce_invoices=False)
    payment = pay(alone.db, party_id, "1000", issue(alone.db, party_id, "1000"))
    case = open_one(alone.db, party_id)
    answer(alone.db, case.id)
    money: dict[str, Any] = {"currency": "COP", "amount": Decimal(500), "paid_on": today(), "method": "transfer"}
    new = NewReport(report_id=new_id(), party_id=party_id, reference="TRX-1", **money)
    with alone.db.write() as session:
        submit_report(session, new, [])
        reject_report(session, new.report_id, "No llegó")
    raised = published(alone.db, NoticeRaised)
    assert sorted((one.kind, one.reader.address) for one in raised) == [
        ("case_answered", ANA),
        ("case_opened", ANA),
        ("receipt", ANA),
        ("receipt", HOLDER),
        ("report_rejected", ANA),
        ("report_rejected", HOLDER),
    ]
    assert {one.path.partition("?")[0] for one in raised} == {
        f"/customerarea/receipts/{payment.id}",
        f"/customerarea/cases/{case.id}",
        f"/customerarea/reports/{new.report_id}",
    }


def test_an_owner_learns_of_a_statement_of_income_and_not_of_one_that_was_voided(alone):
    statement = earn(alone.db, alone.party(classes="owner"), "1000000", "-80000")
    ((address, said),) = letters(alone)
    assert (address, said["number"], said["amount"]) == (HOLDER, statement.number, "$\u00a0920.000,00\u00a0COP")
    assert str(today().year) in said["period"]
    (raised,) = published(alone.db, NoticeRaised)
    assert (raised.kind, raised.path) == ("income_published", f"/customerarea/income/{statement.id}")
    with alone.db.write() as session:
        void_income(session, statement.id, "Error")
    (gone,) = published(alone.db, NoticeWithdrawn)
    assert (gone.notice_id, gone.reason) == (raised.notice_id, "voided")
