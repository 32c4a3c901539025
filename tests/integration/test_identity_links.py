"""Single-use links: for how long they work, once, and revoking them."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from services.identity.actions.links import revoke_links
from shared import clock
from shared.events.acts import ACT_EVENTS
from shared.events.identity import CredentialIssued, CredentialRevoked
from tests.support.identity import Api, Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff

LINKS = "/backoffice/identity/links/"
GOOD = "caracol azul vuela de noche"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def api(identity: Identity) -> Api:
    return identity.client()


def linked(identity: Identity, api: Api, **values: Any) -> tuple[Any, str]:
    """A party that got a link; and the token that its letter holds."""
    party = identity.add_party(**values)
    answer = api.issue(party.party_id, delivery="link")
    assert answer.status_code == 201, answer.text
    return party, identity.open(identity.told(CredentialIssued)[-1])


def check(api: Api, token: str) -> Any:
    return api.post("/recoveries/check", {"token": token}).json


def complete(api: Api, token: str) -> Any:
    return api.post("/recoveries/complete", {"token": token, "new_password": GOOD})


def test_a_link_works_for_seven_days_and_once(identity: Identity, api: Api):
    party, token = linked(identity, api)
    _, late = linked(identity, api)
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23), tick=False):
        fresh = identity.client()
        assert check(fresh, token) == {"valid": True, "purpose": "activation"}
        assert complete(fresh, token).status_code == 200
        assert check(fresh, token) == {"valid": False, "reason": "used"}
        assert complete(fresh, token).status_code == 410
        assert fresh.opens(party.document_number, GOOD)
    with time_machine.travel(clock.now() + timedelta(days=7, seconds=1), tick=False):
        fresh = identity.client()
        assert check(fresh, late) == {"valid": False, "reason": "expired"}
        assert complete(fresh, late).status_code == 410


def test_sending_again_kills_the_former_link(identity: Identity, api: Api):
    party, former = linked(identity, api)
    api.issue(party.party_id, delivery="link")
    newer = identity.open(identity.told(CredentialIssued)[-1])
    assert former != newer
    assert check(api, former) == {"valid": False, "reason": "replaced"}
    assert complete(api, former).status_code == 410
    assert complete(api, newer).status_code == 200


def test_what_never_was_a_link_is_told_apart_from_nothing(api: Api):
    assert check(api, "x" * 43) == {"valid": False, "reason": "unknown"}


def test_the_list_says_who_issued_what_until_when_and_holds_no_token(identity: Identity, api: Api):
    party, token = linked(identity, api, name="Ana Pérez")
    other, _ = linked(identity, api, name="Berta Ruiz")
    identity.add_party(name="Nadie")
    answer = api.get(f"/links?party_id={party.party_id}")
    assert [one["party_id"] for one in answer.json["items"]] == [str(party.party_id)]
    item = answer.json["items"][0]
    assert item["purpose"] == "activation"
    assert item["issued_by"].startswith("test")
    assert token not in answer.text
    every = api.get("/links?limit=1").json
    assert len(every["items"]) == 1
    following = api.get(f"/links?limit=1&cursor={every['next']}").json
    assert {every["items"][0]["party_id"], following["items"][0]["party_id"]} == {
        str(party.party_id),
        str(other.party_id),
    }
    soon = (clock.now() + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert api.get(f"/links?expires_before={soon}").json["items"] == []


def test_a_revoked_link_takes_its_waiting_credential_with_it_and_nothing_else(identity: Identity, api: Api):
    party = identity.add_party()
    api.issue(party.party_id, mode="manual", password=GOOD, delivery="none")
    assert api.opens(party.document_number, GOOD)
    api.issue(party.party_id, delivery="link")
    token = identity.open(identity.told(CredentialIssued)[-1])
    link = api.get("/links").json["items"][0]
    assert api.post(f"/links/{link['id']}/revoke", key="k1").json == {"revoked": 1}
    assert api.post(f"/links/{link['id']}/revoke", key="k1").json == {"revoked": 1}
    assert api.post(f"/links/{link['id']}/revoke").json == {"revoked": 0}
    assert check(api, token) == {"valid": False, "reason": "replaced"}
    assert api.get("/links").json["items"] == []
    assert api.opens(party.document_number, GOOD)
    ended = identity.told(CredentialRevoked)
    assert [str(one.credential_id) for one in ended] == [link["credential_id"]]
    acts = [one for one in identity.told(ACT_EVENTS["identity"]) if one.act == "link.revoked"]
    assert [(one.count, one.party_id) for one in acts] == [(1, party.party_id)]


def test_using_and_revoking_a_link_at_once_has_one_winner(identity: Identity, api: Api):
    _, token = linked(identity, api)
    link_id = api.get("/links").json["items"][0]["id"]
    outcomes: dict[str, bool] = {}
    start = threading.Barrier(2)

    def use() -> None:
        client = identity.client()
        start.wait(10)
        outcomes["used"] = complete(client, token).status_code == 200

    def revoke() -> None:
        start.wait(10)
        with identity.db.write() as session:
            outcomes["revoked"] = revoke_links(session, [uuid.UUID(link_id)], "test") == 1

    threads = [threading.Thread(target=use), threading.Thread(target=revoke)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes.values()) == [False, True], outcomes


def test_an_agent_filters_and_revokes_the_ticked_ones_after_confirming_the_number(identity: Identity, api: Api):
    for name in ("Ana Pérez", "Berta Ruiz", "Carla Díaz"):
        linked(identity, api, name=name)
    browser = StaffBrowser(identity.app)
    browser.sign_in("ana", add_staff(identity.db, "ana", "agent"))
    page = browser.get(LINKS).text
    assert all(name in page for name in ("Ana Pérez", "Berta Ruiz", "Carla Díaz"))
    narrowed = browser.get(f"{LINKS}?q=ruiz").text
    assert "Berta Ruiz" in narrowed
    assert "Ana Pérez" not in narrowed
    ids = [one["id"] for one in api.get("/links").json["items"]][:2]
    ask = f"{LINKS}revoke?link={ids[0]}&link={ids[1]}&back={LINKS}"
    assert 'confirm-number">2<' in browser.get(ask).text
    assert browser.post(f"{LINKS}revoke", form=ask, link=ids, back=LINKS).location == LINKS
    assert len(api.get("/links").json["items"]) == 1
    assert browser.get(f"{LINKS}revoke").status_code == 303
    left = api.get("/links").json["items"][0]
    party = browser.get(f"/backoffice/identity/parties/{left['party_id']}").text
    assert f"{LINKS}revoke?link={left['id']}" in party


def test_an_auditor_sees_links_and_revokes_none(identity: Identity, api: Api):
    linked(identity, api, name="Ana Pérez")
    browser = StaffBrowser(identity.app)
    browser.sign_in("olga", add_staff(identity.db, "olga", "auditor"))
    page = browser.get(LINKS).text
    assert "Ana Pérez" in page
    assert "links/revoke?link" not in page
    assert browser.get(f"{LINKS}revoke").status_code == 403
    assert browser.post(f"{LINKS}revoke", form=LINKS).status_code == 403
