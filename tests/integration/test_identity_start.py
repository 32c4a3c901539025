"""The start page of the back offices: what needs attention in all four, whoever of them answers."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, jsonify, request
from sqlalchemy import update

from services.identity.models.batches import CredentialBatch
from services.identity.models.credentials import Credential
from shared import clock
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff
from tests.support.web import serving

START = "/backoffice/"


@pytest.fixture
def neighbours() -> Iterator[tuple[str, dict[str, Any]]]:
    """The other three services at one address, and what each of them answers (by default that all is well)."""
    answers: dict[str, Any] = {}
    app = Flask("neighbours")

    @app.get("/api/<service>/v1/attention")
    def attention(service: str) -> Any:
        assert request.headers["Authorization"].startswith("Bearer ")
        answer = answers.get(service, [])
        return (jsonify(items=answer), 200) if isinstance(answer, list) else (jsonify(title="x"), answer)

    @app.post("/oauth/token")
    def token() -> Any:
        return jsonify(access_token="t", expires_in=600)

    with serving(app) as port:
        yield f"http://127.0.0.1:{port}", answers


@pytest.fixture
def identity(neighbours: tuple[str, Any], database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path, internal_pattern=neighbours[0]) as running:
        yield running


def start_page(identity: Identity, role: str = "agent") -> str:
    browser = StaffBrowser(identity.app)
    browser.sign_in(role, add_staff(identity.db, role, role))
    answer = browser.get(START)
    assert answer.status_code == 200
    return answer.text


def items(page: str) -> list[tuple[str, str, str]]:
    """(address, number, text) of what needs attention, in order."""
    tile = r'<a class="stat[^"]*" href="([^"]+)">\s*<span[^>]*>([^<]+)</span><span class="stat-label">([^<]+)'
    found = re.findall(tile, page)
    return [(href.replace("&amp;", "&"), number, text) for href, number, text in found]


def test_all_is_well_and_a_new_installation_is_led_through_its_first_steps(identity: Identity) -> None:
    page = start_page(identity)
    assert "Todo está en orden" in page
    assert "Primeros pasos" in page


def test_the_first_steps_are_gone_once_somebody_got_a_credential(identity: Identity) -> None:
    party = identity.add_party()
    assert "Primeros pasos" in start_page(identity)
    identity.client().issue(party.party_id, delivery="none")
    assert "Primeros pasos" not in start_page(identity, "auditor")


def test_what_needs_attention_in_any_service_is_shown_the_worst_first_with_the_way_to_it(
    identity: Identity, neighbours: tuple[str, dict[str, Any]]
) -> None:
    neighbours[1]["mailer"] = [
        {"text": "Cartas <fallidas>", "count": 12345, "level": "bad", "href": "/backoffice/mailer/x"}
    ]
    neighbours[1]["directory"] = [
        {"text": "Importación", "count": 1, "level": "waiting", "href": "/backoffice/directory/imports/"},
        {"text": "Elsewhere", "count": 1, "level": "bad", "href": "https://evil.example/"},
    ]
    party = identity.add_party()
    identity.client().issue(party.party_id, delivery="none")
    with identity.db.write() as session:
        session.execute(update(Credential).values(expires_at=clock.now() + timedelta(hours=30)))
    page = start_page(identity)
    assert items(page) == [
        ("/backoffice/mailer/x", "12.345", "Cartas &lt;fallidas&gt;"),
        ("/backoffice/identity/parties/?access=ending", "1", "Claves sin usar que vencen en dos días o menos"),
        ("/backoffice/directory/imports/", "1", "Importación"),
    ]
    assert "Todo está en orden" not in page


def test_a_service_that_does_not_answer_is_told_and_the_others_are_shown(
    identity: Identity, neighbours: tuple[str, dict[str, Any]]
) -> None:
    neighbours[1]["mailer"] = 500
    neighbours[1]["portal"] = [{"text": "Algo", "count": 2, "level": "info", "href": "/backoffice/portal/"}]
    page = start_page(identity)
    assert "«Correo» no responde" in page
    assert "«Terceros» no responde" not in page
    assert [one[2] for one in items(page)] == ["Algo"]
    assert "Todo está en orden" not in page


def test_identitys_own_attention_over_rest(identity: Identity) -> None:
    api, party = identity.client(), identity.add_party()
    assert api.get("/attention").json == {"items": []}
    batch = api.post("/credential-batches", {"party_ids": [str(party.party_id)], "scope": "only"}).json["id"]
    assert [(one["count"], one["level"]) for one in api.get("/attention").json["items"]] == [(1, "info")]
    with identity.db.write() as session:
        session.execute(update(CredentialBatch).values(problem="NoSealingKey"))
    found = api.get("/attention").json["items"]
    assert [(one["count"], one["level"], one["href"]) for one in found] == [(1, "bad", "/backoffice/identity/batches/")]
    assert batch


def test_those_whose_unused_key_ends_soon_can_be_found(identity: Identity) -> None:
    ending, later, used = (identity.add_party(name=name) for name in ("Termina", "Después", "Usada"))
    for party in (ending, later, used):
        identity.client().issue(party.party_id, delivery="none")
    with identity.db.write() as session:
        soon = clock.now() + timedelta(hours=30)
        session.execute(update(Credential).where(Credential.party_id != later.party_id).values(expires_at=soon))
        session.execute(
            update(Credential).where(Credential.party_id == used.party_id).values(first_used_at=clock.now())
        )
    browser = StaffBrowser(identity.app)
    browser.sign_in("agent", add_staff(identity.db, "agent", "agent"))
    page = browser.get("/backoffice/identity/parties/?access=ending").text
    assert "Termina" in page
    assert "Después" not in page
    assert "Usada" not in page
