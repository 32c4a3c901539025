"""Templates that the staff changes, on both databases."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.mailer.actions.templates import TESTS_PER_HOUR, forget_drafts
from services.mailer.app import create_app
from services.mailer.models import TemplateDraft, TemplateVersion
from services.mailer.queries.templates import list_broken_templates
from services.mailer.rules.templates import KIND_OF, LANGUAGES, default_words
from shared import clock
from shared.events.acts import MailerActRecorded
from shared.web import Staff
from tests.support.letters import credentials
from tests.support.mailer import PASSWORD, Mailer, one_of
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until

AT = "/backoffice/mailer/templates/credential/es"
WORDS = default_words("credential", "es")


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


def browser_of(mailer: Mailer, role: str = "agent", staff_id: str = "1") -> FlaskClient:
    staff = Staff(id=staff_id, name="Agente Ana", role=role, language="es")
    app = create_app(mailer.settings, mailer.db, load_staff=lambda: staff)
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def words(**changes: str) -> dict[str, Any]:
    return {"subject": WORDS.subject, "text": WORDS.text, "html": WORDS.html, "based_on": "0"} | changes


def shown(page: Any) -> str:
    return unescape(page.text)


def versions(mailer: Mailer) -> int:
    with mailer.db.read() as session:
        return session.query(TemplateVersion).count()


def test_the_next_letter_has_the_new_words_while_the_worker_runs(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    client = browser_of(mailer)
    with mailer.working():
        (before,) = mailer.issue(address="before@example.test")
        mailer.wait_for(before, "sent")
        mailer.pause()
        (waiting,) = mailer.issue(address="waiting@example.test")
        new = words(subject="Su llave", text=WORDS.text.replace("Hola", "Buenos días"))
        page = client.post(AT, data=new, follow_redirects=True)
        assert "Guardado como versión 1" in shown(page)
        assert "1 carta de este tipo espera y saldrá con el texto nuevo." in shown(page)
        mailer.resume()
        mailer.wait_for(waiting, "sent")
    assert one_of(smtp_sink.to("before@example.test")).message["Subject"] == WORDS.subject
    received = one_of(smtp_sink.to("waiting@example.test"))
    assert received.message["Subject"] == "Su llave"
    assert received.text.startswith("Buenos días, José Ñandú:")
    assert credentials(received) == ("12345678", PASSWORD)
    (act,) = [told for told in mailer.told(MailerActRecorded) if told.act == "template.changed"]
    assert (act.subject, act.subject_id) == ("template", "credential/es")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"subject": ""}, "Esto no puede quedar vacío."),
        ({"subject": "Hola {{ name }}"}, "El asunto no lleva marcadores"),
        ({"text": WORDS.text.replace("{{ link }}", "")}, "Falta {{ link }}"),
        ({"text": WORDS.text.replace("Usuario: {{ login }}", "Su usuario es {{ login }}.")}, "Usuario: {{ login }}"),
        ({"text": WORDS.text + "{{ salary }}"}, "{{ salary }} no se conoce aquí"),
        ({"html": WORDS.html + "<script>alert(1)</script>"}, "“script”"),
        ({"html": WORDS.html + '<p onclick="x()">a</p>'}, "“onclick”"),
        ({"html": WORDS.html + '<a href="javascript:x()">a</a>'}, "javascript:x()"),
        ({"html": WORDS.html + '<img src="https://spy.example/x.png">'}, "“img”"),
        ({"html": WORDS.html + "<p>"}, "<p>"),
    ],
)
def test_what_can_not_be_a_letter_is_refused_at_its_field(mailer: Mailer, changes: dict[str, str], said: str) -> None:
    client = browser_of(mailer)
    for path in (AT, f"{AT}/preview", f"{AT}/test"):
        page = client.post(path, data=words(**changes) | {"address": "ana@example.test"})
        assert page.status_code == 422
        (field,) = changes
        problem = re.search(rf'id="{field}-error">(.*?)</p>', page.text, re.DOTALL)
        assert problem, path
        assert said in unescape(problem[1])
        assert "<iframe" not in page.text
    assert versions(mailer) == 0
    assert mailer.letters() == []


def test_a_preview_shows_what_is_not_saved_to_its_writer_alone(mailer: Mailer) -> None:
    client = browser_of(mailer)
    page = client.post(f"{AT}/preview", data=words(html=WORDS.html + "<p>Borrador</p>"), follow_redirects=True)
    assert "todavía no está guardado" in shown(page)
    frame = re.search(r'<iframe[^>]* sandbox [^>]*src="([^"]+)"', page.text)
    assert frame
    inside = client.get(unescape(frame[1]))
    assert "Borrador" in inside.text
    assert "María Fernanda Ríos" in inside.text
    policy = inside.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    other = browser_of(mailer, staff_id="2")
    assert other.get(unescape(frame[1])).status_code == 404
    assert "Borrador" not in other.get(AT).text
    assert versions(mailer) == 0
    with mailer.db.write() as session:
        forget_drafts(session, clock.now() + timedelta(seconds=1))
        assert session.query(TemplateDraft).count() == 0


def test_a_test_goes_to_its_writer_marked_as_one_and_to_no_party(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    client = browser_of(mailer)
    data = words(subject="Otro asunto") | {"address": "ana@example.test"}
    with mailer.working(mail_delay=3600.0):
        page = client.post(f"{AT}/test", data=data, follow_redirects=True)
        assert "La prueba va en camino a ana@example.test." in shown(page)
        wait_until(lambda: mailer.states() == ["sent"])
    received = one_of(smtp_sink.to("ana@example.test"))
    assert received.message["Subject"] == "[PRUEBA] Otro asunto"
    assert "1.234.567-8" in received.text
    assert "María Fernanda Ríos" in received.html
    letter = one_of(mailer.letters())
    assert (letter.kind, letter.party_id, letter.ciphertext) == ("test", None, None)
    assert "Otro asunto" in client.get(f"/backoffice/mailer/letters/{letter.id}").text
    assert versions(mailer) == 0


def test_a_test_needs_an_address_and_there_are_only_so_many(mailer: Mailer) -> None:
    client = browser_of(mailer)
    assert client.post(f"{AT}/test", data=words()).status_code == 422
    for _ in range(TESTS_PER_HOUR):
        assert client.post(f"{AT}/test", data=words() | {"address": "a@example.test"}).status_code == 303
    page = client.post(f"{AT}/test", data=words() | {"address": "a@example.test"})
    assert page.status_code == 429
    assert "20 pruebas" in shown(page)
    other = browser_of(mailer, staff_id="2")
    assert other.post(f"{AT}/test", data=words() | {"address": "a@example.test"}).status_code == 303
    assert len(mailer.letters()) == TESTS_PER_HOUR + 1


def test_words_that_tell_different_things_are_saved_with_a_warning(mailer: Mailer) -> None:
    client = browser_of(mailer)
    less = words(html=WORDS.html.replace("{{ expires }}", "pronto"))
    page = shown(client.post(AT, data=less, follow_redirects=True))
    assert "no dicen lo mismo" in page
    assert "Solo el texto sin formato tiene: expires." in page
    assert versions(mailer) == 1


def test_versions_are_kept_and_each_can_come_back(mailer: Mailer) -> None:
    client = browser_of(mailer)
    client.post(AT, data=words(subject="Uno"))
    client.post(AT, data=words(subject="Dos", based_on="1") | {"note": "más corto"})
    page = client.get(AT)
    assert 'value="Dos"' in page.text
    assert "más corto" in page.text
    assert "Uno" in client.get(f"{AT}/versions/1").text
    assert "versión más nueva" in shown(client.get(f"{AT}/versions/1/restore"))
    assert "Guardado como versión 3" in shown(client.post(f"{AT}/versions/1/restore", follow_redirects=True))
    assert 'value="Uno"' in client.get(AT).text
    client.post(f"{AT}/versions/0/restore")
    assert f'value="{WORDS.subject}"' in client.get(AT).text
    assert versions(mailer) == 4
    assert client.get(f"{AT}/versions/9").status_code == 404
    assert client.post(f"{AT}/versions/9/restore").status_code == 404
    acts = [told.act for told in mailer.told(MailerActRecorded)]
    assert acts == ["template.changed"] * 2 + ["template.restored"] * 2


def test_who_saves_over_a_newer_version_is_told_and_loses_nothing(mailer: Mailer) -> None:
    client = browser_of(mailer)
    client.post(AT, data=words(subject="Uno"))
    page = client.post(AT, data=words(subject="Dos"), follow_redirects=True)
    assert "Otra persona guardó" in shown(page)
    assert 'value="Dos"' in page.text
    assert versions(mailer) == 1
    assert "Nada era distinto" in shown(client.post(AT, data=words(subject="Uno", based_on="1"), follow_redirects=True))
    assert versions(mailer) == 1


def test_a_placeholder_can_be_added_without_typing_it(mailer: Mailer) -> None:
    client = browser_of(mailer)
    data = words() | {"placeholder": "expires"}
    page = shown(client.post(f"{AT}/insert", data=data, follow_redirects=True))
    assert "<p>{{ expires }}</p></textarea>" in page
    assert client.post(f"{AT}/insert", data=words() | {"placeholder": "salary"}).status_code == 404


def test_a_saved_template_that_can_not_be_used_stops_no_letter(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    with mailer.db.write() as session:
        row = {"kind": "credential", "language": "es", "subject": "Roto", "html": "<p>", "note": "", "version": 1}
        session.add(TemplateVersion(**row, text="Hola", changed_by="Ana", changed_at=clock.now()))
    (event,) = mailer.issue(address="ana@example.test")
    with mailer.working():
        mailer.wait_for(event, "sent")
    received = one_of(smtp_sink.to("ana@example.test"))
    assert received.message["Subject"] == WORDS.subject
    assert credentials(received)[1] == PASSWORD
    with mailer.db.read() as session:
        (broken,) = list_broken_templates(session)
    assert (broken.kind, broken.language) == ("credential", "es")
    client = browser_of(mailer)
    assert "No sirve: sale el original" in shown(client.get("/backoffice/mailer/templates"))
    page = client.get(AT)
    assert "ya no se puede usar" in shown(page)
    assert 'id="text-error"' in page.text
    client.post(f"{AT}/versions/0/restore")
    with mailer.db.read() as session:
        assert list_broken_templates(session) == []


def test_an_auditor_reads_templates_and_changes_none(mailer: Mailer) -> None:
    client = browser_of(mailer, "auditor")
    page = client.get(AT).text
    assert "Guardar" not in page
    assert "readonly" in page
    for path in ("", "/preview", "/test", "/insert", "/versions/0/restore"):
        assert client.post(f"{AT}{path}", data=words()).status_code == 403
    assert client.get("/backoffice/mailer/templates/credential/fr").status_code == 404
    assert client.get("/backoffice/mailer/templates/salary/es").status_code == 404


def test_every_kind_has_its_page(mailer: Mailer) -> None:
    client = browser_of(mailer)
    listed = client.get("/backoffice/mailer/templates").text
    found = set(re.findall(r'href="(/backoffice/mailer/templates/[a-z_]+/[a-z]+)"', listed))
    assert len(found) == len(KIND_OF) * len(LANGUAGES)
    for path in found:
        page = client.get(path)
        assert page.status_code == 200
        frame = re.search(r'<iframe[^>]*src="([^"]+)"', page.text)
        assert frame
        assert client.get(unescape(frame[1])).status_code == 200
