"""The mailer's back office, on both databases."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.mailer.actions.queue import note_trouble
from services.mailer.app import create_app
from shared import clock
from shared.db import new_id
from shared.events.mailer import LetterBounced
from shared.web import Staff
from tests.support.mailer import PASSWORD, Mailer
from tests.support.smtp import SmtpSink


@pytest.fixture
def mailer(database_url: str, tmp_path: Path) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path)
    yield made
    made.db.dispose()


def browser_of(mailer: Mailer, role: str = "agent") -> FlaskClient:
    app = create_app(
        mailer.settings, mailer.db, load_staff=lambda: Staff(id="1", name="Agente Ana", role=role, language="es")
    )
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def test_the_waiting_list_shows_who_waits_and_the_orange_button(mailer: Mailer) -> None:
    mailer.issue(name="Íñigo Núñez", address="i@example.test", document="CC 1.234")
    page = browser_of(mailer).get("/backoffice/mailer/").text
    for shown in ("Terceros a la espera de envío", "Pendiente", "Íñigo Núñez", "i@example.test", "CC 1.234"):
        assert shown in page
    assert "CANCELAR ENVÍOS PENDIENTES" in page
    assert "btn-cancel-pending" in page


def test_filters_find_without_accents_by_state_and_batch(mailer: Mailer) -> None:
    batch = new_id()
    mailer.issue(name="Íñigo Núñez")
    mailer.issue(name="Óscar Gómez", batch_id=batch)
    client = browser_of(mailer)
    for query in ("q=gomez", f"batch_id={batch}", "q=OSCAR&state=pending"):
        page = client.get(f"/backoffice/mailer/?{query}").text
        assert "Óscar Gómez" in page
        assert "Íñigo Núñez" not in page
    assert client.get("/backoffice/mailer/?batch_id=nonsense").status_code == 404


def test_cancelling_all_asks_with_the_number_and_then_does_it(mailer: Mailer) -> None:
    mailer.issue(3)
    client = browser_of(mailer)
    asked = client.get("/backoffice/mailer/cancel?all=yes").text
    assert '<p class="confirm-number">3</p>' in asked
    assert "Cancelar 3 envíos" in asked
    assert mailer.states() == ["pending"] * 3, "asking must not do it"
    done = client.post("/backoffice/mailer/cancel", data={"all": "yes"}, follow_redirects=True).text
    assert "Se cancelaron 3 envíos." in done
    assert mailer.states() == ["cancelled"] * 3
    assert {letter.ended_by for letter in mailer.letters()} == {"Agente Ana"}


def test_cancelling_the_selected_ones_or_a_batch_leaves_the_others(mailer: Mailer) -> None:
    batch = new_id()
    events = [*mailer.issue(2), *mailer.issue(2, batch_id=batch)]
    first = mailer.letter_of(events[0])
    client = browser_of(mailer)
    assert '<p class="confirm-number">1</p>' in client.get(f"/backoffice/mailer/cancel?ids={first.id}").text
    client.post("/backoffice/mailer/cancel", data={"ids": [str(first.id)]})
    assert [mailer.letter_of(event).state for event in events] == ["cancelled", "pending", "pending", "pending"]
    client.post("/backoffice/mailer/cancel", data={"batch_id": str(batch)})
    assert [mailer.letter_of(event).state for event in events] == ["cancelled", "pending", "cancelled", "cancelled"]


def test_an_auditor_sees_everything_and_changes_nothing(mailer: Mailer) -> None:
    mailer.issue()
    client = browser_of(mailer, "auditor")
    page = client.get("/backoffice/mailer/").text
    assert "Pendiente" in page
    assert "CANCELAR ENVÍOS PENDIENTES" not in page
    for path, form in (
        ("cancel", {"all": "yes"}),
        ("queue/pause", {}),
        ("queue/resume", {}),
        ("queue", {"delay": "5"}),
    ):
        assert client.post(f"/backoffice/mailer/{path}", data=form).status_code == 403
    assert mailer.states() == ["pending"]
    assert not mailer.queue().paused


def test_a_pause_is_announced_with_who_and_can_be_ended(mailer: Mailer) -> None:
    client = browser_of(mailer)
    page = client.post("/backoffice/mailer/queue/pause", follow_redirects=True).text
    assert "Pausados por Agente Ana" in page
    assert mailer.queue().paused
    client.post("/backoffice/mailer/queue/resume")
    assert not mailer.queue().paused


def test_a_server_that_is_away_is_announced(mailer: Mailer) -> None:
    with mailer.db.write() as session:
        note_trouble(session, "mail.example:25 can not be reached", clock.now())
    page = browser_of(mailer).get("/backoffice/mailer/").text
    assert "En este momento no se puede enviar nada." in page
    assert "mail.example:25 can not be reached" in page


def test_the_delay_can_be_changed_and_nonsense_is_told_at_the_field(mailer: Mailer) -> None:
    client = browser_of(mailer)
    assert client.post("/backoffice/mailer/queue", data={"delay": "90", "per_second": ""}).status_code == 303
    assert (mailer.queue().delay, mailer.queue().per_second) == (90.0, None)
    refused = client.post("/backoffice/mailer/queue", data={"delay": "-1"})
    assert refused.status_code == 422
    assert "Indique un número de segundos de 0 a 604800" in refused.text
    assert mailer.queue().delay == 90.0


def test_a_letter_is_shown_with_its_attempts_and_its_secret_masked(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("ana@example.test", "550 5.1.1 no such user")
    (event,) = mailer.issue(address="ana@example.test")
    with mailer.working(smtp_url=smtp_sink.url):
        letter = mailer.wait_for(event, "failed")
    client = browser_of(mailer)
    page = client.get(f"/backoffice/mailer/letters/{letter.id}").text
    assert "Rechazada definitivamente" in page
    assert "550 5.1.1 no such user" in page
    assert PASSWORD not in page
    preview = client.get(f"/backoffice/mailer/letters/{letter.id}/preview")
    assert PASSWORD not in preview.text
    assert "Usuario" in preview.text
    policy = preview.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert client.get(f"/backoffice/mailer/letters/{new_id()}").status_code == 404


def test_names_are_text_on_every_page(mailer: Mailer) -> None:
    (event,) = mailer.issue(name="<script>alert(1)</script>")
    client = browser_of(mailer)
    for path in (
        "",
        "letters",
        f"letters/{mailer.letter_of(event).id}",
        f"letters/{mailer.letter_of(event).id}/preview",
    ):
        assert "<script>alert" not in client.get(f"/backoffice/mailer/{path}").text


def test_the_local_mailbox_shows_letters_says_what_it_is_and_is_for_administrators(mailer: Mailer) -> None:
    (event,) = mailer.issue(name="Íñigo", address="i@example.test")
    with mailer.working():
        mailer.wait_for(event, "sent")
    client = browser_of(mailer, "administrator")
    page = client.get("/backoffice/mailer/sink").text
    assert "nada sale de esta máquina" in page
    assert "i@example.test" in page
    link = re.search(r'href="(/backoffice/mailer/sink/[^"]+local)"', page)
    assert link
    shown = client.get(link[1]).text
    assert f"Contraseña: {PASSWORD}" in shown
    assert not re.search(r"\d:\d\d [+-]\d{4}", shown), "the date is for people, in their zone"
    assert PASSWORD in client.get(f"{link[1]}/html").text
    assert "i@example.test" not in client.get("/backoffice/mailer/sink?q=nobody").text
    for path in ("/..%2f..%2fmailer.key", "/1.local", "/..", "/1234567890123456789.1_1.local"):
        assert client.get(f"/backoffice/mailer/sink{path}").status_code == 404
    assert browser_of(mailer, "agent").get("/backoffice/mailer/sink").status_code == 403


def test_with_a_real_mail_server_there_is_no_local_mailbox(database_url: str, tmp_path: Path) -> None:
    mailer = Mailer(database_url, tmp_path, smtp_url="smtp://mail.example")
    assert browser_of(mailer, "administrator").get("/backoffice/mailer/sink").status_code == 404
    mailer.db.dispose()


def test_the_list_is_paged_and_the_history_filtered(mailer: Mailer) -> None:
    mailer.issue(60)
    client = browser_of(mailer)
    page = client.get("/backoffice/mailer/").text
    assert page.count('data-label="Nombre"') == 50
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following
    assert client.get(following[1].replace("&amp;", "&")).text.count('data-label="Nombre"') == 10
    assert "No hay ninguna carta así" in client.get("/backoffice/mailer/letters?state=sent").text
    assert client.get("/backoffice/mailer/letters?state=pending").text.count('data-label="Nombre"') == 50


def test_an_agent_marks_a_sent_letter_as_come_back_after_being_asked(mailer: Mailer) -> None:
    (event,) = mailer.issue()
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    client, page = browser_of(mailer), f"/backoffice/mailer/letters/{letter.id}"
    assert "La carta volvió" in client.get(page).text
    assert letter.address in client.get(f"{page}/bounced").text
    assert mailer.states() == ["sent"], "asking must not do it"
    refused = client.post(f"{page}/bounced", data={"answer": " "})
    assert refused.status_code == 422
    assert "Escriba qué llegó de vuelta" in refused.text
    assert mailer.states() == ["sent"]
    done = client.post(f"{page}/bounced", data={"answer": "550 <b>no existe</b>"}, follow_redirects=True).text
    assert "volvió, según Agente Ana: 550 &lt;b&gt;no existe&lt;/b&gt;" in done
    assert f"{page}/bounced" not in done
    assert [told.answer for told in mailer.told(LetterBounced)] == ["550 <b>no existe</b>"]
    late = client.post(f"{page}/bounced", data={"answer": "again"}, follow_redirects=True).text
    assert "Solo puede volver una carta enviada" in late
    assert len(mailer.told(LetterBounced)) == 1


def test_an_auditor_does_not_mark_letters_as_come_back(mailer: Mailer) -> None:
    (event,) = mailer.issue()
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    client, page = browser_of(mailer, "auditor"), f"/backoffice/mailer/letters/{letter.id}"
    assert "La carta volvió" not in client.get(page).text
    assert client.get(f"{page}/bounced").status_code == 403
    assert client.post(f"{page}/bounced", data={"answer": "550"}).status_code == 403
    assert mailer.states() == ["sent"]


def test_the_waiting_page_renews_its_table_with_its_totals(mailer: Mailer) -> None:
    mailer.issue()
    page = browser_of(mailer).get("/backoffice/mailer/").text
    assert '<div id="waiting-letters" data-live>' in page
    assert ">Pendientes</span>" in page
