"""The audit trail over REST: words in the caller's language, page by page; and people in it who are no party."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from services.identity.models.audit import AuditEntry
from services.identity.schemas.acts import detail_label, detail_value
from shared.db import new_id
from tests.support.identity import Api, Identity, running_identity
from tests.support.staff import StaffBrowser, add_staff

NOON = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
CHOSEN = "tres caballos bailan sin zapatos"


@pytest.fixture
def identity(database_url: str, tmp_path: Path) -> Iterator[Identity]:
    with running_identity(database_url, tmp_path) as one:
        yield one


def write(identity: Identity, *entries: dict[str, Any]) -> None:
    usual = {
        "received_at": NOON,
        "service": "portal",
        "act": "contact.changed",
        "actor_kind": "party",
        "actor_name": "A former name",
        "address": "192.0.2.7",
        "subject": "contact",
        "subject_id": str(new_id()),
        "count": None,
        "details": [{"name": "name", "value": "Luis Ríos"}],
        "event_source": "test",
    }
    rows = [
        usual | {"id": new_id(), "event_id": str(new_id()), "at": NOON + timedelta(minutes=number)} | entry
        for number, entry in enumerate(entries)
    ]
    with identity.db.write() as session:
        session.execute(insert(AuditEntry), rows)


def acts(api: Api, language: str = "es", **query: Any) -> Any:
    answer = api._client.get(
        "/api/identity/v1/acts", query_string=query, headers=api._headers | {"Accept-Language": language}
    )
    assert answer.status_code == 200, answer.text
    return answer.json


def guest_of(api: Api) -> str:
    order = {"address": "ana@example.test", "name": "Ana Contadora", "language": "es", "password": CHOSEN}
    return str(api.post("/guests", order).json["subject"])


def test_acts_of_a_party_are_told_in_the_caller_s_language_by_the_names_of_now(identity: Identity) -> None:
    api, party, other = identity.client(), identity.add_party(name="María Peña"), identity.add_party(name="Other")
    guest = guest_of(api)
    details = [{"name": "name", "value": "Luis Ríos"}, {"name": "rights", "value": "see_invoices, pay_invoices"}]
    write(
        identity,
        {"actor_id": str(party.party_id), "party_id": party.party_id, "details": details},
        {"actor_id": guest, "party_id": party.party_id},
        {"actor_id": guest, "party_id": other.party_id},
        {"actor_id": "x", "actor_kind": "staff", "actor_name": "Laura", "party_id": party.party_id},
    )
    told = acts(api, party_id=party.party_id)
    assert [one["text"] for one in told["items"]] == [
        "Laura cambió el contacto Luis Ríos de María Peña",
        "Ana Contadora cambió el contacto Luis Ríos de María Peña",
        "María Peña cambió el contacto Luis Ríos",
    ]
    assert told["next"] is None
    own = told["items"][2]
    assert own["details"] == [
        {"label": "Nombre", "value": "Luis Ríos"},
        {"label": "Permisos", "value": "Ver facturas, Pagar facturas"},
    ]
    assert (own["actor_kind"], own["actor_id"], own["actor_name"]) == ("party", str(party.party_id), "María Peña")
    assert datetime.fromisoformat(own["at"]) == NOON
    english = acts(api, "en", party_id=party.party_id)["items"]
    assert english[1]["text"] == "Ana Contadora changed the contact Luis Ríos of María Peña"
    assert len(acts(api)["items"]) == 4
    assert acts(api, party_id=uuid.uuid4())["items"] == []


def test_acts_come_page_by_page_and_a_broken_cursor_is_refused(identity: Identity) -> None:
    api, party = identity.client(), identity.add_party()
    entries = [
        {"actor_id": "x", "party_id": party.party_id, "details": [{"name": "name", "value": str(n)}]} for n in range(5)
    ]
    write(identity, *entries)
    seen, cursor = [], None
    while True:
        page = acts(api, party_id=party.party_id, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["details"][0]["value"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]
    assert api.get("/acts?cursor=nonsense").status_code == 400


def test_a_client_reads_what_people_did_and_not_what_the_agency_keeps_to_itself(identity: Identity) -> None:
    mine, agent = new_id(), {"actor_kind": "staff", "actor_id": str(new_id()), "actor_name": "Inés"}
    note = {"act": "case.written", "details": [{"name": "note", "value": "yes"}]}
    write(
        identity,
        {"party_id": mine, "actor_id": str(mine)},
        {"party_id": new_id(), "actor_id": str(mine)},  # in somebody else's area
        agent | note | {"party_id": mine},
        agent | {"party_id": mine, "act": "client.viewed", "details": [{"name": "reason", "value": "sospecha"}]},
        agent | {"party_id": mine, "act": "sub_account.suspended"},
    )
    api = identity.client()

    told = acts(api, party_id=mine, audience="client")["items"]
    assert [one["act"] for one in told] == ["sub_account.suspended", "contact.changed"]
    assert len(acts(api, party_id=mine)["items"]) == 4


def test_the_staff_finds_what_a_guest_did_by_the_guest_s_name(identity: Identity) -> None:
    api, party = identity.client(), identity.add_party(name="María Peña")
    guest = guest_of(api)
    write(identity, {"actor_id": guest, "party_id": party.party_id}, {"actor_id": "x", "party_id": party.party_id})
    browser = StaffBrowser(identity.app)
    browser.sign_in("auditor", add_staff(identity.db, "auditor", "auditor"))
    page = browser.get("/backoffice/identity/audit/?q=contadora").text
    assert page.count("Luis Ríos") == 1
    assert "<strong>Ana Contadora</strong>" in page


def test_several_things_in_one_detail_are_each_told_in_words(identity: Identity) -> None:
    with identity.app.test_request_context("/", headers={"Accept-Language": "es"}):
        assert detail_label("instead") == "Recibe estos avisos en lugar del cliente"
        assert detail_value("instead", "invoice, overdue") == "Facturas nuevas, Facturas vencidas"
        assert detail_value("fields", "street, city, phones") == "Dirección postal, Teléfonos"
        assert detail_value("reminder_due", "off") == "No se envía"
        assert detail_value("notices", "something new") == "something new"
