"""The page of a party tells everything that happened with its access, whoever knows it."""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask, jsonify, request
from sqlalchemy import insert

from services.identity.models.audit import AuditEntry
from shared.db import new_id
from shared.events.identity import CredentialIssued
from shared.events.mailer import LetterSent
from tests.support.identity import Identity, letter, running_identity
from tests.support.staff import StaffBrowser, add_staff
from tests.support.web import serving

PARTY = "/backoffice/identity/parties/"
MORNING = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)  # 9 o'clock in Bogotá


@pytest.fixture
def neighbours() -> Iterator[tuple[str, dict[str, Any]]]:
    """Mailer and directory at one address, and what each of them answers."""
    answers: dict[str, Any] = {"letters": [], "changes": []}
    app = Flask("neighbours")

    def answer(what: str) -> Any:
        given = answers[what]
        if isinstance(given, int):
            return jsonify(title="x"), given
        return jsonify(items=given[: int(request.args["limit"])], next=None)

    app.get("/api/mailer/v1/letters", endpoint="letters")(lambda: answer("letters"))
    app.get("/api/directory/v1/parties/<_id>/changes", endpoint="changes")(lambda _id: answer("changes"))
    app.post("/oauth/token", endpoint="token")(lambda: jsonify(access_token="t", expires_in=600))
    with serving(app) as port:
        yield f"http://127.0.0.1:{port}", answers


@pytest.fixture
def identity(neighbours: tuple[str, Any], database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path, internal_pattern=neighbours[0]) as running:
        yield running


@pytest.fixture
def browser(identity: Identity) -> StaffBrowser:
    signed_in = StaffBrowser(identity.app)
    signed_in.sign_in("auditor", add_staff(identity.db, "auditor", "auditor"))
    return signed_in


def story(page: str) -> list[str]:
    """What the timeline says, the newest first: the text, and after a dash what is said besides."""
    found = re.findall(r'<p class="timeline-text">(.*?)</p>(?:\s*<p class="form-text">(.*?)</p>)?', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", " — ".join(filter(None, parts))).strip() for parts in found]


def letter_answer(**more: Any) -> dict[str, Any]:
    usual = {
        "id": str(new_id()),
        "kind": "credential",
        "state": "sent",
        "address": "ana@example.com",
        "attempt_count": 2,
        "outcome": "250 2.0.0 OK",
        "created_at": "2026-11-20T14:01:00+00:00",
        "ended_at": "2026-11-20T14:02:00+00:00",
        "ended_by": None,
    }
    return usual | more


def test_the_whole_life_is_told_the_newest_first_and_by_day(
    identity: Identity, browser: StaffBrowser, neighbours: tuple[str, dict[str, Any]]
) -> None:
    party = identity.add_party(name="Ana Ríos", email="ana@example.com")
    with time_machine.travel(MORNING) as time:
        identity.client().issue(party.party_id, delivery="password")
        issued = identity.told(CredentialIssued)[0]
        time.shift(timedelta(minutes=3))
        identity.hear(letter(LetterSent, issued.credential_id))
        time.shift(timedelta(minutes=7))
        assert identity.client().opens(party.document_number, identity.open(issued))
        time.shift(timedelta(days=1))
        identity.client().post(f"/parties/{party.party_id}/credentials/revoke")
    one = letter_answer(outcome="<script>")
    neighbours[1]["letters"] = [one]
    change = {"at": "2026-11-20T13:00:00+00:00", "actor_name": "Laura", "before": "a@b.co", "after": "ana@example.com"}
    neighbours[1]["changes"] = [
        change | {"field": "principal_email", "subject": ""},
        change | {"field": "created", "before": "", "after": "", "subject": "", "at": "2026-11-20T12:00:00+00:00"},
    ]
    page = browser.get(f"{PARTY}{party.party_id}").text
    told = story(page)
    assert told[0].startswith("La credencial del 20/11/26")
    assert "Revocada por el personal" in told[0]
    assert told[1] == "Ingresó con la contraseña por primera vez"
    assert told[2] == "Su carta se entregó: desde aquí esta contraseña es la válida"
    assert told[3] == "Carta con la contraseña: Enviado — A ana@example.com · 2 intentos · &lt;script&gt;"
    assert told[4].startswith("test emitió una credencial — Carta con la contraseña")
    assert told[5:] == [
        "Cambio en el directorio: Correo electrónico principal — a@b.co → ana@example.com · Por Laura",
        "Registrado en el directorio — Por Laura",
    ]
    assert f'href="/backoffice/mailer/letters/{one["id"]}"' in page
    days = re.findall(r'<h3 class="timeline-day">([^<]+)</h3>', page)
    assert days == ["sábado, 21 de noviembre de 2026", "viernes, 20 de noviembre de 2026"]
    assert "no responde" not in page


def test_a_service_that_is_away_is_told_in_its_place_and_acts_stand_in_for_it(
    identity: Identity, browser: StaffBrowser, neighbours: tuple[str, dict[str, Any]]
) -> None:
    party = identity.add_party(name="Ana Ríos")
    write_act(identity, party.party_id, "party.updated")
    write_act(identity, party.party_id, "sessions.ended")
    assert story(browser.get(f"{PARTY}{party.party_id}").text) == ["Laura cerró las sesiones de Ana Ríos"]
    neighbours[1]["changes"] = 503
    page = browser.get(f"{PARTY}{party.party_id}").text
    assert "«Terceros» no responde" in page
    assert "«Correo» no responde" not in page
    assert sorted(story(page)) == ["Laura cambió los datos de Ana Ríos", "Laura cerró las sesiones de Ana Ríos"]


def test_a_party_that_the_directory_forgot_is_not_an_outage(
    identity: Identity, browser: StaffBrowser, neighbours: tuple[str, dict[str, Any]]
) -> None:
    neighbours[1]["changes"] = 404
    page = browser.get(f"{PARTY}{identity.add_party().party_id}").text
    assert "no responde" not in page
    assert "Todavía no ha pasado nada" in page


def test_only_the_newest_are_shown_until_more_are_asked_for(
    identity: Identity, browser: StaffBrowser, neighbours: tuple[str, dict[str, Any]]
) -> None:
    party = identity.add_party()
    hours = [f"2026-11-{1 + n // 24:02}T{n % 24:02}:00:00+00:00" for n in range(150)]
    neighbours[1]["letters"] = [letter_answer(created_at=at, ended_at=None, state="pending") for at in reversed(hours)]
    page = browser.get(f"{PARTY}{party.party_id}").text
    assert len(story(page)) == 100
    assert "Mostrar también los anteriores" in page
    longer = browser.get(f"{PARTY}{party.party_id}?all=yes").text
    assert len(story(longer)) == 150
    assert "Mostrar también los anteriores" not in longer


def write_act(identity: Identity, party_id: uuid.UUID, act: str) -> None:
    with identity.db.write() as session:
        session.execute(
            insert(AuditEntry).values(
                id=new_id(),
                at=MORNING,
                received_at=MORNING,
                service="directory",
                act=act,
                actor_kind="staff",
                actor_id=str(new_id()),
                actor_name="Laura",
                address="",
                party_id=party_id,
                subject="",
                subject_id="",
                details=[],
                event_source="test",
                event_id=str(new_id()),
            )
        )
