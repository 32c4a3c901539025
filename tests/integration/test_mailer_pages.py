"""The mailer's back office, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.mailer.app import create_app
from shared.web import Staff
from tests.support.mailer import Mailer


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
