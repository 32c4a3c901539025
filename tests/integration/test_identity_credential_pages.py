"""Generar y enviar contraseñas de terceros, as an agent does it without JavaScript."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.identity.clients import Clients
from services.identity.jobs import BatchRunner
from shared.events.identity import CredentialIssued, CredentialRevoked
from shared.events.mailer import LetterSent
from shared.keyring import Keyring
from tests.support.identity import Identity, letter, running_identity
from tests.support.staff import StaffBrowser, add_staff

NEW = "/backoffice/identity/batches/new"
CONFIRM = f"{NEW}/confirm"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def agent(identity: Identity) -> StaffBrowser:
    return _signed_in(identity, "agent")


def test_an_agent_picks_people_page_by_page_sees_who_gets_none_and_starts_one_batch(
    identity: Identity, agent: StaffBrowser
) -> None:
    people = [identity.add_party(name=f"Persona {n:03}") for n in range(60)]
    nobody = identity.add_party(name="Zoila Sin Correo", email=None)
    page = agent.get(NEW).text
    for words in ("Clase de tercero", "Inquilinos", "Propietarios", "Ambos", "Filtrar aplicación", "Selecciones"):
        assert words in page
    assert "Exceptuar seleccionados" in page
    assert "GENERAR CONTRASEÑAS" in page
    first = [str(p.party_id) for p in people[:50]]
    following = re.findall(r'value="(cursor:[^"]+)"', page)[-1]
    turned = _press(agent, following, shown=first, party=first[:2])
    rest = [*(str(p.party_id) for p in people[50:]), str(nobody.party_id)]
    assert "Terceros seleccionados: 2" in agent.get(turned).text
    assert _press(agent, "generate", scope="only", classes="both", delivery="password", shown=rest, party=rest[-2:])
    shown = agent.get(CONFIRM).text
    assert re.search(r'confirm-number">\s*3\s*<', shown)
    assert "Zoila Sin Correo" in shown
    assert "Sin correo electrónico" in shown
    form = dict(re.findall(r'name="(draft|total)" value="([^"]+)"', shown))
    started = agent.post(f"{NEW}/start", CONFIRM, **form)
    assert started.status_code == 303
    again = agent.post(f"{NEW}/start", CONFIRM, **form)  # pressed twice
    assert again.location == "/backoffice/identity/batches/"
    assert 'http-equiv="refresh"' in agent.get(started.location).text
    _work(identity)
    done = agent.get(started.location).text
    assert 'http-equiv="refresh"' not in done
    assert "Terminado" in done
    assert f"/backoffice/mailer/?batch_id={started.location.rsplit('/')[-1]}" in done
    assert len(identity.told(CredentialIssued)) == 3


def test_choosing_nobody_says_that_it_goes_to_everybody_with_the_number(
    identity: Identity, agent: StaffBrowser
) -> None:
    for _ in range(4):
        identity.add_party()
    _press(agent, "generate", scope="only", classes="both", delivery="password")
    assert "No eligió a nadie: se enviarán a todos (4)." in agent.get(CONFIRM).text


def test_a_number_that_changed_is_shown_again_instead_of_started(identity: Identity, agent: StaffBrowser) -> None:
    identity.add_party()
    shown = agent.get(CONFIRM).text
    form = dict(re.findall(r'name="(draft|total)" value="([^"]+)"', shown))
    identity.add_party()
    answer = agent.post(f"{NEW}/start", CONFIRM, **form)
    assert answer.status_code == 200
    assert "El número cambió" in answer.text
    assert not _work(identity)


def test_everybody_whom_a_filter_finds_is_picked_at_once(identity: Identity, agent: StaffBrowser) -> None:
    for n in range(70):
        identity.add_party(name=f"Núñez {n}")
    identity.add_party(name="Otro")
    _press(agent, "tick_matching", q="nunez")
    page = agent.get(f"{NEW}?q=nunez").text
    assert "Terceros seleccionados: 70" in page
    assert re.search(r'id="scope-only"[^>]*checked', page)
    _press(agent, "untick_all")
    assert "Terceros seleccionados: 0" in agent.get(NEW).text


def test_an_auditor_sees_and_changes_nothing(identity: Identity) -> None:
    party = identity.add_party()
    identity.client().issue(party.party_id)
    auditor = _signed_in(identity, "auditor")
    access = f"/backoffice/identity/parties/{party.party_id}"
    assert auditor.get("/backoffice/identity/", follow_redirects=True).status_code == 200
    seen = auditor.get(access)
    assert seen.status_code == 200
    assert "/revoke" not in seen.text
    assert auditor.get(NEW).status_code == 403
    assert auditor.post(f"{access}/revoke", "/backoffice/identity/batches/").status_code == 403
    assert auditor.post(f"{NEW}/start", "/backoffice/identity/batches/").status_code == 403
    assert identity.told(CredentialRevoked) == []


def test_a_partys_access_is_shown_and_taken_away_after_asking(identity: Identity, agent: StaffBrowser) -> None:
    party = identity.add_party(name="Ana <b>Pérez</b>")
    identity.client().issue(party.party_id)
    identity.hear(letter(LetterSent, identity.told(CredentialIssued)[0].credential_id))
    access = f"/backoffice/identity/parties/{party.party_id}"
    page = agent.get(access).text
    assert "Ana &lt;b&gt;Pérez&lt;/b&gt;" in page
    assert "<b>Pérez" not in page
    assert agent.get(f"{access}/revoke").status_code == 200
    assert identity.told(CredentialRevoked) == []
    answer = agent.post(f"{access}/revoke", f"{access}/revoke")
    assert "Se revocó 1 credencial" in agent.get(answer.location).text
    assert [e.reason for e in identity.told(CredentialRevoked)] == ["revoked"]


def _press(browser: StaffBrowser, go: str, **fields: Any) -> str:
    answer = browser.post(NEW, go=go, **fields)
    assert answer.status_code == 303, answer.text
    return answer.location.split("#")[0]


def _signed_in(identity: Identity, role: str) -> StaffBrowser:
    browser = StaffBrowser(identity.app)
    assert browser.sign_in(role, add_staff(identity.db, role, role)).status_code == 303
    return browser


def _work(identity: Identity) -> bool:
    stop, settings = threading.Event(), identity.settings
    return BatchRunner(
        identity.db, Clients(settings), Keyring(settings.data, "identity"), settings.policy, stop.is_set
    ).run()
