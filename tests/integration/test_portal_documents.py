"""Fiscal documents of an invoice: compared, built, downloaded, taken away, and shown to nobody else."""

import errno
import io
import threading
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from sqlalchemy import select

from services.portal.actions.files import remove_orphans
from services.portal.clients.files import FileStore
from services.portal.models import Invoice, StoredFile
from services.portal.queries.agency import agency_of
from services.portal.queries.documents import find_document
from services.portal.rules.files import FISCAL_PDF, FISCAL_XML
from services.portal.rules.fiscal.reading import read_document
from services.portal.rules.fiscal.ubl import build_ubl
from services.portal.rules.invoices import make_line
from services.portal.settings import Settings
from shared import clock
from shared.settings import SettingsError
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, draft, issue
from tests.support.clientarea import CSRF, Browser
from tests.support.fiscal import COLOMBIA, NIT, certificate, rent, source

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def small(tmp_path, sqlite_url):
    with portal_alone(tmp_path, sqlite_url, upload_megabytes=1) as made:
        yield made


def agency(portal: Alone, **more: Any) -> None:
    """An agency that can issue documents in Colombia."""
    values = {"name": "Álamos", "document_type": "NIT", "document_number": NIT, "city": "Bogotá", "address": "Calle 1"}
    with portal.db.write() as session:
        for name, value in {**values, **more}.items():
            setattr(agency_of(session), name, value)


def page_of(invoice: Invoice) -> str:
    return f"/backoffice/portal/invoices/{invoice.id}/documents"


def document_for(invoice: Invoice, number: int = 1, **more: Any) -> bytes:
    """What a provider made for an invoice of the `number`th party."""
    given = source(rent(), number=invoice.number, issued_on=invoice.issued_on, **more)
    person = replace(given.receiver, document_number=str(10_000_000 + number), name=f"Persona {number}")
    return build_ubl(replace(given, receiver=person), COLOMBIA).content


def send(browser: Browser, invoice: Invoice, content: bytes, name: str = "factura.xml") -> Any:
    """Choose a file and send it."""
    found = CSRF.search(browser.get(page_of(invoice)).text)
    token = found[1] if found else ""
    return browser.client.post(page_of(invoice), data={"csrf_token": token, "file": (io.BytesIO(content), name)})


def stored(portal: Alone, invoice: Invoice, purpose: str = FISCAL_XML) -> StoredFile | None:
    with portal.db.read() as session:
        return find_document(session, None, invoice.id, purpose)


def files_in(portal: Alone) -> list[Path]:
    return [path for path in portal.files.rglob("*") if path.is_file()]


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
    assert "3.570.000,12" in send(agent, dearer, document_for(dearer)).text
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
    for path in (
        f"{page_of(other)}/{file.id}",
        f"{page_of(other)}/{file.id}/remove",
        f"{page_of(invoice)}/{uuid.uuid4()}",
    ):
        assert agent.get(path).status_code == 404, path
    assert agent.post(f"{page_of(other)}/{file.id}/remove", form=page_of(invoice)).status_code == 404
    with small.db.read() as session:
        assert find_document(session, small.party(2), invoice.id, FISCAL_XML) is None
        assert find_document(session, party, invoice.id, FISCAL_XML)


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


def fill_in(portal: Alone, browser: Browser, **more: str) -> Any:
    """Save the fiscal settings for Colombia as an administrator."""
    return browser.post("/backoffice/portal/agency/fiscal", **{**COLOMBIA.dump(), **more})


def test_the_settings_keep_their_secrets_to_themselves(portal: Alone) -> None:
    admin = portal.staff("administrator")
    assert fill_in(portal, admin).status_code == 303
    with portal.db.read() as session:
        kept = str(agency_of(session).fiscal)
    assert COLOMBIA.resolution in kept
    shown = admin.get("/backoffice/portal/agency/fiscal").text
    for secret in (COLOMBIA.technical_key, COLOMBIA.software_pin):
        assert secret not in kept
        assert f'value="{secret}"' not in shown
    wrong = fill_in(portal, admin, municipality="1", first_number="x")
    assert wrong.status_code == 422
    assert "municipality-error" in wrong.text
    assert portal.staff("agent").get("/backoffice/portal/agency/fiscal").status_code == 403


def test_a_colombian_document_is_built_after_the_settings_and_a_note_refers_to_it(portal: Alone) -> None:
    agency(portal)
    party, agent = portal.party(), portal.staff()
    invoice = issue(portal.db, party, lines=[rent()], number="FV-000123")
    early = agent.post(f"{page_of(invoice)}/build", form=page_of(invoice))
    assert early.status_code == 422
    assert "resolución" in early.text
    admin = portal.staff("administrator")
    fill_in(portal, admin)
    fill_in(portal, admin, technical_key="", software_pin="")  # left empty: kept
    assert agent.post(f"{page_of(invoice)}/build", form=page_of(invoice)).status_code == 303
    file = stored(portal, invoice)
    assert file
    read = read_document(agent.get(f"{page_of(invoice)}/{file.id}", buffered=True).data)
    assert (read.number, read.total, len(read.code)) == ("FV123", invoice.subtotal + invoice.tax_total, 96)

    note = credit(portal.db, invoice, invoice.total)
    assert agent.post(f"{page_of(note)}/build", form=page_of(note)).status_code == 303
    made = stored(portal, note)
    assert made
    assert read.code.encode() in agent.get(f"{page_of(note)}/{made.id}", buffered=True).data


def test_a_mexican_document_is_built_and_signed_with_the_key_of_the_settings(tmp_path, sqlite_url) -> None:
    key, made = certificate()
    files = {"fiscal_certificate": tmp_path / "csd.p12", "fiscal_password_file": tmp_path / "password"}
    sealed = pkcs12.serialize_key_and_certificates(b"csd", key, made, None, BestAvailableEncryption(b"clave"))
    files["fiscal_certificate"].write_bytes(sealed)
    files["fiscal_password_file"].write_text("clave\n")
    with portal_alone(tmp_path, sqlite_url, **files) as portal:
        mexican = {"country": "MX", "document_type": "RFC", "document_number": "EKU9003173C9", "postal_code": "42501"}
        agency(portal, **mexican, fiscal={"mx": {"regime": "601"}}, currency="MXN")
        line = make_line("Renta", Decimal(1), Decimal(8500), [("IVA", Decimal(16))])
        invoice, agent = issue(portal.db, portal.party(), lines=[line], currency="MXN"), portal.staff()
        sent = agent.post(f"{page_of(invoice)}/build", form=page_of(invoice), way="03")
        assert sent.status_code == 303, sent.text
        file = stored(portal, invoice)
        assert file
        read = read_document(agent.get(f"{page_of(invoice)}/{file.id}", buffered=True).data)
        assert (read.total, read.signed, read.validated) == (Decimal("9860.00"), True, False)
        assert "general" in agent.get(page_of(invoice)).text or "XAXX010101000" in agent.get(page_of(invoice)).text


def test_a_key_that_does_not_fit_stops_the_start_and_is_named(tmp_path, sqlite_url) -> None:
    (key, _), (_, other) = certificate(), certificate()
    cert, private = tmp_path / "c.cer", tmp_path / "c.key"
    cert.write_bytes(other.public_bytes(Encoding.DER))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for given in ({"fiscal_key": private}, {"fiscal_key": tmp_path / "none"}, {"fiscal_key": cert}, {}):
        with pytest.raises(SettingsError, match="PORTERIA_FISCAL"):
            Settings(data=tmp_path, database_pattern=sqlite_url, fiscal_certificate=cert, **given)


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
