"""Figures of the mailer and what needs attention, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from sqlalchemy import select

from services.mailer.actions.counting import count_finished_hours
from services.mailer.actions.queue import note_mailbox, note_trouble, pause_queue
from services.mailer.api.attention import list_attention
from services.mailer.app import create_app
from services.mailer.models import Letter, LetterHour, ReturnedMessage, Suppression
from services.mailer.queries.figures import list_hours
from shared import clock
from shared.web import Staff
from tests.support.mailer import Mailer


@pytest.fixture
def mailer(database_url: str, tmp_path: Path) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path)
    yield made
    made.db.dispose()


@pytest.fixture
def app(mailer: Mailer) -> Flask:
    return create_app(
        mailer.settings, mailer.db, load_staff=lambda: Staff(id="1", name="Ana", role="auditor", language="es")
    )


def ended(mailer: Mailer, state: str, at: datetime) -> Letter:
    (event,) = mailer.issue()
    with mailer.db.write() as session:
        row = session.get_one(Letter, mailer.letter_of(event).id)
        row.state, row.ended_at = state, at
    return row


def hour(number: int) -> datetime:
    """The middle of an hour, so many hours ago."""
    return clock.now().replace(minute=30, second=0, microsecond=0) - timedelta(hours=number)


def test_hours_that_are_over_are_counted_once_and_the_rest_live(mailer: Mailer) -> None:
    for state, ago in (("sent", 3), ("sent", 3), ("failed", 3), ("bounced", 2), ("cancelled", 2)):
        ended(mailer, state, hour(ago))
    mailer.issue()
    with mailer.db.write() as session:
        before = list_hours(session, hour(5))
        assert count_finished_hours(session) > 24 * 30
        assert count_finished_hours(session) == 0
        after = list_hours(session, hour(5))
    third = after[hour(3).replace(minute=0)]
    assert (third.sent, third.failed, third.bounced) == (2, 1, 0)
    told = [(one.sent, one.failed, one.bounced) for one in before.values()]
    assert [(one.sent, one.failed, one.bounced) for one in after.values()] == told
    assert list(after.values())[-1].waiting == 1


def test_what_was_counted_stays_when_a_letter_comes_back_later(mailer: Mailer) -> None:
    letter = ended(mailer, "sent", hour(3))
    with mailer.db.write() as session:
        count_finished_hours(session)
        row = session.get_one(Letter, letter.id)
        row.state, row.ended_at = "bounced", clock.now()
    with mailer.db.read() as session:
        found = list_hours(session, hour(5))
        assert found[hour(3).replace(minute=0)].sent == 1
        assert sum(one.bounced for one in found.values()) == 1
        assert all(row.hour.tzinfo == UTC for row in session.scalars(select(LetterHour)))


def test_the_page_has_pictures_and_the_same_numbers_as_tables(mailer: Mailer, app: Flask) -> None:
    ended(mailer, "sent", clock.now())
    client = app.test_client()
    page = client.get("/backoffice/mailer/figures").text
    assert "Los números de las últimas 24 horas" in page
    assert page.count("<tr>") == 24 + 30 + 2
    for name in ("hours", "days"):
        picture = client.get(f"/backoffice/mailer/figures/{name}.svg")
        assert picture.mimetype == "image/svg+xml"
        assert ET.fromstring(picture.data).tag.endswith("svg")  # noqa: S314 - our own
        assert "<script" not in picture.text
        assert "default-src 'none'" in picture.headers["Content-Security-Policy"]


def texts(mailer: Mailer, app: Flask) -> dict[str, int]:
    with app.test_request_context("/", headers={"Accept-Language": "es"}), mailer.db.read() as session:
        return {one.text: one.count for one in list_attention(session)}


def test_when_all_is_well_nothing_needs_attention(mailer: Mailer, app: Flask) -> None:
    mailer.issue()
    ended(mailer, "sent", clock.now())
    ended(mailer, "failed", clock.now() - timedelta(days=3))
    assert texts(mailer, app) == {}


def test_what_needs_attention_is_told_with_its_number(mailer: Mailer, app: Flask) -> None:
    for state in ("failed", "failed", "uncertain"):
        ended(mailer, state, clock.now())
    mailer.issue()
    with mailer.db.write() as session:
        pause_queue(session, "Ana")
        note_trouble(session, "mail.example:25 can not be reached", clock.now())
        note_mailbox(session, "refused")
        session.add(ReturnedMessage(digest="1", source="mailbox", received_at=clock.now(), verdict="guess"))
        session.add(Suppression(address="a@example.test", reason="bounced", since=clock.now()))
        session.add(Suppression(address="b@example.test", reason="manual", since=clock.now()))
    found = texts(mailer, app)
    assert found["cartas fallaron en las últimas 24 horas"] == 2
    assert found["carta de la que no se sabe si llegó"] == 1
    assert found["mensaje devuelto espera su decisión"] == 1
    assert found["dirección de la que volvieron cartas: corríjala"] == 1
    assert sum("hay cartas en espera" in text for text in found) == 2
    assert any("buzón de devoluciones" in text for text in found)


def test_a_letter_that_waits_for_no_known_reason_needs_attention(mailer: Mailer, app: Flask) -> None:
    (event,) = mailer.issue()
    with mailer.db.write() as session:
        session.get_one(Letter, mailer.letter_of(event).id).due_at = clock.now() - timedelta(hours=2)
    assert texts(mailer, app) == {"carta espera más de lo normal": 1}
    with mailer.db.write() as session:
        pause_queue(session, "Ana")
    assert "carta espera más de lo normal" not in texts(mailer, app)
