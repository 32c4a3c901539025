"""Fiscal documents of an invoice: compared, built, downloaded, taken away, and shown to nobody else."""

import errno
import io
import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from services.portal.actions.files import remove_orphans
from services.portal.clients.files import FileStore
from services.portal.queries.documents import find_document
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML
from services.portal.rules.fiscal.reading import read_document
from shared import clock
from tests.support.alone import Alone, portal_alone
from tests.support.billing import draft, issue
from tests.support.clientarea import Browser
from tests.support.documents import SMALL_PDF, agency, document_for, files_in, page_of, send, stored
from tests.support.fiscal import rent

PDF = SMALL_PDF


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path, sqlite_url):
    with portal_alone(tmp_path, sqlite_url, upload_megabytes=1) as made:
        yield made


def test_a_document_that_fits_is_attached_shown_downloaded_and_removed(portal: Alone) -> None:
    agency(portal)
    invoice, agent = issue(portal.db, portal.party(), lines=[rent()]), portal.staff()
    content = document_for(invoice)
    sent = send(agent, invoice, content, "../../factura\u202e.exe")
    assert sent.status_code == 303, sent.text
    file = stored(portal, invoice)
    assert file
    assert (file.name, file.content_type, file.party_id) == ("factura.xml", "application/xml", invoice.party_id)
    shown = agent.get(page_of(invoice)).text
    assert "900373115" in shown
    assert read_document(content).code in shown

    answer = agent.get(f"{page_of(invoice)}/{file.id}", buffered=True)
    assert answer.data == content
    assert answer.headers["Content-Disposition"] == "attachment; filename=factura.xml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"

    assert send(agent, invoice, content).status_code == 422, "there is one already"
    assert send(agent, invoice, PDF, "factura.pdf").status_code == 303
    removal = f"{page_of(invoice)}/{file.id}/remove"
    assert "factura.xml" in agent.get(removal).text
    assert agent.post(removal).status_code == 303
    assert stored(portal, invoice) is None
    assert stored(portal, invoice, FISCAL_PDF)
    assert len(files_in(portal)) == 1


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "f.xml", "SVG"),
        (b"<!doctype html><p>hola", "factura.pdf", "página web"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha">]><a>&a;</a>', "f.xml", "DTD"),
        (b'<?xml version="1.0"?><a/>', "f.xml", "UBL 2.1"),
        (b"junk" + PDF, "f.pdf", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "f.png", "no se recibe"),
        (PDF + b" " * 2**20, "f.pdf", "1 MB"),
    ],
)
def test_what_is_no_document_is_refused_in_words_and_nothing_stays(
    small: Alone, content: bytes, name: str, told: str
) -> None:
    invoice, agent = issue(small.db, small.party()), small.staff()
    sent = send(agent, invoice, content, name)
    assert sent.status_code == 422
    assert told in sent.text
    assert stored(small, invoice) is stored(small, invoice, FISCAL_PDF) is None
    assert files_in(small) == []


def test_a_body_beyond_all_bounds_is_refused_before_it_is_read(small: Alone) -> None:
    invoice, agent = issue(small.db, small.party()), small.staff()
    sent = {"file": (io.BytesIO(PDF + b" " * (3 * 2**19)), "f.pdf")}
    answer = agent.client.post(page_of(invoice), data=sent)
    assert answer.status_code == 413


def test_a_document_of_another_client_or_amount_is_refused_with_each_difference(small: Alone) -> None:
    agency(small)
    party, agent = small.party(), small.staff()
    invoice = issue(small.db, party, lines=[rent()])
    sent = send(agent, invoice, document_for(invoice, 2))
    assert sent.status_code == 422
    assert "10000002" in sent.text
    assert "10000001" in sent.text
    dearer = issue(small.db, party, lines=[rent(), rent()])
    assert "3.570.000,12" in send(agent, dearer, document_for(dearer, lines=[rent()])).text
    foreign = document_for(invoice).replace(b">900373115<", b">860007738<")
    assert "860007738" in send(agent, invoice, foreign).text
    assert files_in(small) == []


def test_one_document_is_not_the_document_of_two_invoices(small: Alone) -> None:
    party, agent = small.party(), small.staff()
    first, second = (issue(small.db, party, lines=[rent()]) for _ in range(2))
    content = document_for(first)
    assert send(agent, first, content).status_code == 303
    sent = send(agent, second, content)
    assert sent.status_code == 422
    assert first.number
    assert first.number in sent.text


def test_two_agents_at_once_attach_one_document(portal: Alone) -> None:
    invoice = issue(portal.db, portal.party(), lines=[rent()])
    agents, found = [portal.staff() for _ in range(4)], []

    def work(agent: Browser) -> None:
        found.append(send(agent, invoice, document_for(invoice, notes=str(id(agent)))).status_code)

    threads = [threading.Thread(target=work, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [303, 422, 422, 422]
    assert len(files_in(portal)) == 1


def test_drafts_and_what_is_not_there_have_no_documents(small: Alone) -> None:
    party, agent = small.party(), small.staff()
    invoice, other = issue(small.db, party, lines=[rent()]), issue(small.db, party)
    send(agent, invoice, document_for(invoice))
    file = stored(small, invoice)
    assert file
    assert agent.get(page_of(draft(small.db, party))).status_code == 404
    for path in (f"{page_of(other)}/{file.id}", f"{page_of(invoice)}/{uuid.uuid4()}"):
        assert agent.get(path).status_code == 404, path
    assert agent.get(f"{page_of(other)}/{file.id}/remove").status_code == 303
    agent.post(f"{page_of(other)}/{file.id}/remove", form=page_of(invoice))
    assert stored(small, invoice)
    with small.db.read() as session:
        assert find_document(session, small.party(2), invoice.id, FISCAL_XML) is None
        assert find_document(session, party, invoice.id, FISCAL_XML)


def test_a_client_downloads_their_own_documents_and_nobody_elses(portal: Alone) -> None:
    owner, other = portal.party(1), portal.party(2)
    invoice, agent = issue(portal.db, owner, lines=[rent()]), portal.staff()
    content = document_for(invoice)
    address = f"/customerarea/invoices/{invoice.id}/xml"
    assert portal.client(owner).get(address).status_code == 404, "there is none yet"
    send(agent, invoice, content)
    answer = portal.client(owner).get(address, buffered=True)
    assert answer.data == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert portal.client(other).get(address).status_code == 404
    assert portal.app.test_client().get(address).status_code == 303
    file = stored(portal, invoice)
    assert file
    assert portal.client(owner).get(f"{page_of(invoice)}/{file.id}").status_code in (302, 303), "that is the staff's"


def test_what_lies_on_disk_without_a_row_goes_after_a_day(small: Alone, monkeypatch: pytest.MonkeyPatch) -> None:
    invoice, agent = issue(small.db, small.party(), lines=[rent()]), small.staff()
    send(agent, invoice, document_for(invoice))
    store = FileStore(small.files.parents[1], 2**20)
    lost = store.save(io.BytesIO(PDF), ("application/pdf",))
    with small.db.read() as session:
        assert remove_orphans(session, store, clock.now() - timedelta(days=1)) == 0
        assert remove_orphans(session, store, clock.now() + timedelta(seconds=5)) == 1
    assert lost.id.hex not in [path.name for path in files_in(small)]
    assert len(files_in(small)) == 1

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    sent = send(agent, invoice, PDF, "f.pdf")
    assert (sent.status_code, len(files_in(small))) == (422, 1)
    assert "espacio" in sent.text


def test_what_happened_to_a_document_is_recorded(small: Alone) -> None:
    from shared.events import decode
    from shared.outbox import outbox

    invoice, agent = issue(small.db, small.party(), lines=[rent()]), small.staff()
    send(agent, invoice, document_for(invoice))
    file = stored(small, invoice)
    assert file
    agent.post(f"{page_of(invoice)}/{file.id}/remove")
    with small.db.read() as session:
        events = [decode(bytes(row.body)).event for row in session.execute(select(outbox).order_by(outbox.c.id))]
    acts = [event.act for event in events if hasattr(event, "act")]
    assert acts[-2:] == ["document.attached", "document.removed"]
