"""Files that the mailer fetches from the portal, with a token of identity, and sends along; on both databases."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from services.mailer.app import create_app
from services.mailer.clients.portal import PortalFiles
from services.mailer.jobs import enclosing
from services.mailer.queries import LetterFilter, list_letters
from services.portal.models import Agency, Invoice, Notice
from shared.db import new_id
from shared.events import InvalidEvent
from shared.events.mailer import LetterSent
from shared.events.portal import NoticeAttachment, NoticeRaised
from shared.web import Staff
from tests.support import billing
from tests.support.clientarea import party_event, serving
from tests.support.house import House, whole_house
from tests.support.mailer import Mailer, one_of
from tests.support.notices import hear, published
from tests.support.processes import free_port
from tests.support.raised import raised
from tests.support.smtp import ReceivedLetter, SmtpSink

NAME = "Factura de María Ñandú.pdf"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with whole_house(folder, f"sqlite:///{folder}/{{service}}.db", identity={"password_cost": 10}) as made:
        yield made


@pytest.fixture(scope="module")
def invoice(house: House) -> Invoice:
    event, db = party_event(), house.rooms["portal"].db
    hear(db, event)
    return billing.issue(db, event.party_id)


@pytest.fixture
def mailer(house: House, database_url: str, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, house.folder, smtp_url=smtp_sink.url, internal_pattern=house.url)
    yield made
    made.db.dispose()


def with_file(mailer: Mailer, invoice: Invoice, paper: str = "pdf", **changes: Any) -> NoticeRaised:
    path = f"/api/portal/v1/invoices/{changes.pop('invoice_id', invoice.id)}/{paper}"
    file = NoticeAttachment(name=NAME, media_type="application/pdf", path=path)
    return raised(mailer, "invoice_issued", attachments=[file], **changes)


def files_of(letter: ReceivedLetter) -> dict[str, bytes]:
    return {part.get_filename() or "": bytes(part.get_content()) for part in letter.message.iter_attachments()}


def test_an_invoice_goes_along_in_the_language_of_its_reader_and_beside_the_usual_letter(
    mailer: Mailer, smtp_sink: SmtpSink, invoice: Invoice
) -> None:
    events = {
        language: with_file(mailer, invoice, language=language, address=f"{language}@example.test")
        for language in ("es", "en")
    }
    plain = raised(mailer, "invoice_issued", address="plain@example.test")
    mailer.hear(*events.values(), plain)
    with mailer.working():
        for event in (*events.values(), plain):
            mailer.wait_for(event, "sent")
    papers = []
    for language in events:
        received = one_of(smtp_sink.to(f"{language}@example.test"))
        ((name, content),) = files_of(received).items()
        assert name == NAME
        assert content.startswith(b"%PDF")
        assert content.rstrip().endswith(b"%%EOF")
        assert f"{mailer.settings.public_url}/customerarea/cases/1?tab=all" in received.text.splitlines()
        assert received.html
        papers.append(content)
    assert papers[0] != papers[1]
    assert one_of(smtp_sink.to("plain@example.test")).message.get_content_type() == "multipart/alternative"


def test_what_the_portal_announces_arrives_with_its_paper_its_number_and_a_way_to_stop_it(
    mailer: Mailer, house: House, smtp_sink: SmtpSink
) -> None:
    db = house.rooms["portal"].db
    with db.write() as session:
        session.get_one(Agency, 1).attach_documents = True
    event = party_event(2)
    hear(db, event)
    invoice = billing.issue(db, event.party_id, concept="Canon de diciembre")
    *_, announced = [one for one in published(db, NoticeRaised) if one.reader.party_id == event.party_id]
    mailer.hear(announced)
    with mailer.working():
        letter = mailer.wait_for(announced, "sent")
    received = one_of(smtp_sink.messages)
    assert files_of(received)[f"{invoice.number}.pdf"].startswith(b"%PDF")
    assert str(invoice.number) in received.text
    assert "Canon de diciembre" in received.text
    stop = f"<{mailer.settings.public_url}{announced.stop_path}>"
    assert received.message["List-Unsubscribe"] == stop
    assert stop.strip("<>") in received.text.splitlines()
    hear(db, one_of(mailer.told(LetterSent)))
    with db.read() as session:
        assert [one.state for one in session.scalars(select(Notice).where(Notice.about == invoice.id))] == ["sent"]
    with mailer.db.read() as session:
        assert [one.id for one in list_letters(session, LetterFilter(text=invoice.number)).items] == [letter.id]


def test_a_file_that_is_gone_or_too_large_is_left_out_and_the_letter_says_so(
    mailer: Mailer, smtp_sink: SmtpSink, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = with_file(mailer, invoice, invoice_id=new_id(), address="gone@example.test")
    mailer.hear(gone)
    with mailer.working():
        mailer.wait_for(gone, "sent")
    monkeypatch.setattr(enclosing, "SIZE_LIMIT", 1000)
    large = with_file(mailer, invoice, address="large@example.test")
    mailer.hear(large)
    with mailer.working():
        letter = mailer.wait_for(large, "sent")
    for address in ("gone@example.test", "large@example.test"):
        received = one_of(smtp_sink.to(address))
        assert files_of(received) == {}
        assert received.text
    assert (letter.outcome or "").startswith("250 ")
    assert NAME in (letter.outcome or "")
    staff = Staff(id="1", name="Agente Ana", role="agent", language="es")
    page = create_app(mailer.settings, mailer.db, load_staff=lambda: staff).test_client()
    shown = page.get(f"/backoffice/mailer/letters/{letter.id}").text
    assert f"la carta salió sin {NAME}" in shown
    assert f">{NAME}<" in shown


def test_while_the_portal_is_away_only_letters_with_files_wait_and_nobody_blames_the_mail_server(
    mailer: Mailer, house: House, smtp_sink: SmtpSink, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr(enclosing, "REST", 0.05)
    event = with_file(mailer, invoice)
    mailer.hear(event)
    patient = {"internal_pattern": f"http://127.0.0.1:{port}", "mail_retry_delays": (0.1,) * 600}
    with mailer.working(**patient):
        letter = mailer.wait_for(event, "pending")
        while not mailer.attempts(letter):
            other = raised(mailer, "receipt")
            mailer.hear(other)
            mailer.wait_for(other, "sent")
        assert mailer.attempts(letter)[0].verdict == "deferred"
        assert NAME in mailer.attempts(letter)[0].answer
        assert mailer.trouble() is None
        mailer.wait_for(event, "pending")
        with serving(house, port):
            letter = mailer.wait_for(event, "sent")
    received = one_of([one for one in smtp_sink.messages if files_of(one)])
    assert files_of(received)[NAME].startswith(b"%PDF")
    assert [attempt.verdict for attempt in mailer.attempts(letter)][-1] == "accepted"


def test_a_letter_can_be_taken_back_while_its_file_is_fetched(
    mailer: Mailer, smtp_sink: SmtpSink, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = with_file(mailer, invoice)
    fetch = PortalFiles.fetch

    def cancel_meanwhile(files: PortalFiles, path: str, language: str, most: int) -> bytes:
        assert mailer.cancel([mailer.letter_of(event).id]).cancelled == 1
        return fetch(files, path, language, most)

    monkeypatch.setattr(PortalFiles, "fetch", cancel_meanwhile)
    mailer.hear(event)
    with mailer.working():
        mailer.wait_for(event, "cancelled")
        other = raised(mailer, "receipt")
        mailer.hear(other)
        mailer.wait_for(other, "sent")
    assert len(smtp_sink.messages) == 1
    assert mailer.attempts(mailer.letter_of(event)) == []


def test_a_file_from_elsewhere_is_no_notice(mailer: Mailer) -> None:
    file = NoticeAttachment(name=NAME, media_type="application/pdf", path="/api/portal/v1/../../identity/v1/staff")
    with pytest.raises(InvalidEvent):
        mailer.hear(raised(mailer, "invoice_issued", attachments=[file]))
    assert mailer.letters() == []
