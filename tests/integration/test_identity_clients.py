"""Other systems on the pages: registered, changed, their secret exchanged without interruption, shut out."""

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from services.identity.actions.clients import SecretChanged, create_client, register_first_party, rotate_secret
from services.identity.models.oauth import OAuthClient
from services.identity.rules.scopes import API_SCOPES
from services.identity.schemas.clients import SCOPE_TEXTS
from shared import clock
from shared.events.acts import IdentityActRecorded
from shared.keyring import Keyring
from shared.outbox import outbox
from tests.support.identity import Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff, document_of

CLIENTS = "/backoffice/identity/clients/"
ERP = {"name": "ERP de la agencia", "scopes": ["parties:read", "letters:read"], "redirects": ""}
CALLBACK = "https://erp.example/callback"


@pytest.fixture
def identity(sqlite_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(sqlite_url, tmp_path) as running:
        yield running


@pytest.fixture
def boss(identity: Identity) -> StaffBrowser:
    return signed_in(identity, "boss", "administrator")


def signed_in(identity: Identity, username: str, role: str) -> StaffBrowser:
    browser = StaffBrowser(identity.app)
    assert browser.sign_in(username, add_staff(identity.db, username, role)).status_code == 303
    return browser


def shown(page: Any) -> tuple[str, str]:
    """Client id and secret on the page that shows them once."""
    client_id, secret = re.findall(r"<code>([^<]+)</code>", page.text)
    return client_id, secret


def connect(boss: StaffBrowser, **changes: Any) -> tuple[str, str]:
    page = boss.post(CLIENTS + "new", **(ERP | changes))
    assert page.status_code == 200, page.text
    return shown(page)


def ask(identity: Identity, client_id: str, secret: str, **more: str) -> Any:
    data = {"grant_type": "client_credentials", **more}
    return identity.app.test_client().post("/oauth/token", data=data, auth=(client_id, secret))


def gets_token(identity: Identity, client_id: str, secret: str) -> bool:
    return bool(ask(identity, client_id, secret).status_code == 200)


def row(identity: Identity, client_id: str) -> OAuthClient:
    with identity.db.read() as session:
        return session.get_one(OAuthClient, client_id)


def rotate(boss: StaffBrowser, client_id: str, overlap: str) -> str:
    address = f"{CLIENTS}{client_id}/rotate"
    seen = re.search(r'name="seen" value="([^"]*)"', boss.get(address).text)
    assert seen
    return shown(boss.post(address, overlap=overlap, seen=seen[1]))[1]


def acts(identity: Identity, client_id: str) -> list[str]:
    return [told.act for told in identity.told(IdentityActRecorded) if told.subject_id == client_id]


def test_a_system_is_connected_and_gets_tokens_with_what_was_shown_once(identity: Identity, boss: StaffBrowser):
    client_id, secret = connect(boss)
    answer = ask(identity, client_id, secret)
    assert answer.json["scope"] == "parties:read letters:read"
    page = boss.get(CLIENTS).text
    assert "ERP de la agencia" in page
    assert secret not in page + boss.get(CLIENTS + client_id).text
    assert "Ver los inquilinos y propietarios" in page
    assert acts(identity, client_id) == ["client.created"]


def test_a_secret_lies_nowhere_in_clear(identity: Identity, boss: StaffBrowser):
    client_id, secret = connect(boss)
    newer = rotate(boss, client_id, "7")
    client = row(identity, client_id)
    with identity.db.read() as session:
        bodies = b"".join(bytes(body) for body in session.scalars(select(outbox.c.body)))
    for text in (secret, newer):
        assert text.encode() not in bodies + client.secret_hash + (client.former_secret_hash or b"")


def test_every_scope_is_explained(identity: Identity, boss: StaffBrowser):
    assert set(SCOPE_TEXTS) == set(API_SCOPES)
    page = boss.get(CLIENTS + "new").text
    for scope in API_SCOPES:
        assert f'value="{scope}"' in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\1b"}, "name"),
        ({"name": "Portería falsa"}, "name"),
        ({"name": "porteria-directory"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"redirects": "http://erp.example/callback"}, "redirects"),
        ({"redirects": "https://erp.example/callback\nhttps://*.example/"}, "redirects"),
        ({"redirects": "javascript:alert(1)"}, "redirects"),
        ({"redirects": "https://[erp.example/"}, "redirects"),
    ],
)
def test_bad_input_is_answered_at_the_field_and_nothing_is_registered(
    identity: Identity, boss: StaffBrowser, changes: dict[str, Any], field: str
):
    answer = boss.post(CLIENTS + "new", **(ERP | changes))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with identity.db.read() as session:
        assert session.query(OAuthClient).count() == 1, "only that of the test itself"


def test_changed_rights_count_from_the_next_token_on(identity: Identity, boss: StaffBrowser):
    client_id, secret = connect(boss)
    changed: dict[str, Any] = {"name": "ERP nuevo", "scopes": ["letters:read"], "redirects": f"{CALLBACK}\n{CALLBACK}"}
    assert boss.post(CLIENTS + client_id, **changed).status_code == 303
    assert ask(identity, client_id, secret, scope="parties:read").json["error"] == "invalid_scope"
    assert ask(identity, client_id, secret).json["scope"] == "letters:read"
    client = row(identity, client_id)
    assert (client.name, client.redirect_uris) == ("ERP nuevo", [CALLBACK])
    (told,) = [one for one in identity.told(IdentityActRecorded) if one.act == "client.changed"]
    assert {"scopes": "parties:read letters:read → letters:read"}.items() <= {
        detail.name: detail.value for detail in told.details
    }.items()


@pytest.mark.parametrize(("overlap", "days"), [("1", 1), ("7", 7)])
def test_during_the_overlap_both_secrets_work_and_then_only_the_new_one(
    identity: Identity, boss: StaffBrowser, overlap: str, days: int
):
    client_id, former = connect(boss)
    newer = rotate(boss, client_id, overlap)
    assert gets_token(identity, client_id, former)
    assert gets_token(identity, client_id, newer)
    with time_machine.travel(clock.now() + timedelta(days=days, seconds=-5), tick=False):
        assert gets_token(identity, client_id, former)
    with time_machine.travel(clock.now() + timedelta(days=days, seconds=5), tick=False):
        assert not gets_token(identity, client_id, former)
        assert gets_token(identity, client_id, newer)


def test_without_overlap_the_former_secret_ends_at_once(identity: Identity, boss: StaffBrowser):
    client_id, former = connect(boss)
    newer = rotate(boss, client_id, "0")
    assert not gets_token(identity, client_id, former)
    assert gets_token(identity, client_id, newer)
    assert not gets_token(identity, client_id, "")


def test_at_most_two_secrets_work_and_the_former_can_be_ended(identity: Identity, boss: StaffBrowser):
    client_id, first = connect(boss)
    second = rotate(boss, client_id, "7")
    third = rotate(boss, client_id, "7")
    assert [gets_token(identity, client_id, one) for one in (first, second, third)] == [False, True, True]
    assert boss.get(f"{CLIENTS}{client_id}/former").status_code == 200
    assert gets_token(identity, client_id, second), "asking does nothing"
    assert boss.post(f"{CLIENTS}{client_id}/former").status_code == 303
    assert [gets_token(identity, client_id, one) for one in (second, third)] == [False, True]
    expected = ["client.created", "client.secret_rotated", "client.secret_rotated", "client.changed"]
    assert acts(identity, client_id) == expected


def test_a_form_sent_twice_rotates_once(identity: Identity, boss: StaffBrowser):
    client_id, _ = connect(boss)
    address = f"{CLIENTS}{client_id}/rotate"
    _, newer = shown(boss.post(address, overlap="0", seen=""))
    again = boss.post(address, overlap="0", seen="")
    assert (again.status_code, again.location) == (303, CLIENTS + client_id)
    assert gets_token(identity, client_id, newer)
    assert boss.post(address, overlap="0", seen="yesterday").status_code == 303
    assert boss.post(address, overlap="30", seen="").status_code == 422
    assert gets_token(identity, client_id, newer)


def test_a_disabled_system_gets_no_tokens_until_it_is_enabled(identity: Identity, boss: StaffBrowser):
    client_id, secret = connect(boss)
    address = f"{CLIENTS}{client_id}/disable"
    assert "10 minutos" in boss.get(address).text
    assert gets_token(identity, client_id, secret), "asking does nothing"
    assert boss.post(address).status_code == 303
    assert ask(identity, client_id, secret).json["error"] == "invalid_client"
    assert "Desactivado" in boss.get(CLIENTS).text
    assert boss.post(f"{CLIENTS}{client_id}/enable", form=CLIENTS + client_id).status_code == 303
    assert gets_token(identity, client_id, secret)
    assert acts(identity, client_id) == ["client.created", "client.disabled", "client.enabled"]


def test_our_own_services_are_shown_and_cannot_be_changed(identity: Identity, boss: StaffBrowser):
    with identity.db.write() as session:
        keyring = Keyring(identity.settings.data, "identity")
        register_first_party(session, keyring, identity.settings.public_url, identity.settings.port)
    page = boss.get(CLIENTS).text
    assert "Portería directory" in page
    assert f'href="{CLIENTS}porteria-directory"' not in page
    own = CLIENTS + "porteria-directory"
    before = row(identity, "porteria-directory")
    assert boss.get(own).status_code == 404
    assert boss.post(own, form=CLIENTS + "new", **ERP).status_code == 404
    assert boss.post(own + "/rotate", form=CLIENTS + "new", overlap="0", seen="").status_code == 404
    for act in ("disable", "enable", "former"):
        assert boss.post(f"{own}/{act}", form=CLIENTS + "new").status_code == 403
    after = row(identity, "porteria-directory")
    assert (after.secret_hash, after.scopes, after.disabled_at) == (before.secret_hash, before.scopes, None)


def test_an_auditor_looks_and_changes_nothing_and_an_agent_has_nothing_to_do_there(
    identity: Identity, boss: StaffBrowser
):
    client_id, secret = connect(boss)
    auditor, agent = signed_in(identity, "auditor", "auditor"), signed_in(identity, "agent", "agent")
    assert auditor.get(CLIENTS).status_code == auditor.get(CLIENTS + client_id).status_code == 200
    assert agent.get(CLIENTS).status_code == agent.get(CLIENTS + client_id).status_code == 403
    assert "<form" not in auditor.get(CLIENTS + client_id).text.split("<main")[1]
    form = "/backoffice/identity/password/"
    for other in (auditor, agent):
        assert other.post(CLIENTS + client_id, form=form, **ERP).status_code == 403
        assert other.post(f"{CLIENTS}{client_id}/disable", form=form).status_code == 403
        assert other.post(f"{CLIENTS}{client_id}/rotate", form=form, overlap="0", seen="").status_code == 403
    assert gets_token(identity, client_id, secret)


def test_the_keys_are_shown_without_what_is_secret(identity: Identity, boss: StaffBrowser):
    kid = document_of(identity.app, "/.well-known/jwks.json")["keys"][0]["kid"]
    page = boss.get(CLIENTS).text
    assert kid[:12] in page
    assert '"d"' not in page


def test_of_two_rotations_at_once_one_counts(database_url: str, tmp_path: Path):
    with running_identity(database_url, tmp_path) as identity:
        with identity.db.write() as session:
            client_id = create_client(session, "ERP", ["parties:read"])[0].client_id
        start, secrets, refused = threading.Barrier(3), [], []

        def run() -> None:
            start.wait(10)
            try:
                with identity.db.write() as session:
                    secrets.append(rotate_secret(session, client_id, timedelta(0), None)[1])
            except SecretChanged:
                refused.append(1)

        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert (len(secrets), len(refused)) == (1, 2)
        assert gets_token(identity, client_id, secrets[0])
