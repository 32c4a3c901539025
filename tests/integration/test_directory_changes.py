"""The change log of a party: pages, REST, imports and what is heard write it, in the transaction of the change."""

import uuid

import pytest

from services.directory.actions.parties import update_party
from shared.audit import Actor, acting
from tests.support.directory import directory, table


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def log(made, party, query=""):
    answer = made.call("GET", f"/parties/{party['id']}/changes{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["items"]


def fields(made, party):
    return [(item["field"], item["before"], item["after"]) for item in log(made, party)]


def test_every_field_that_changed_has_a_line_with_before_and_after(made):
    party = made.register(1, name="Ana", phones=["300 111 2222"], notes="uno")
    change = {
        "name": "Ana María",
        "classes": ["tenant", "owner"],
        "document_number": "20000001",
        "phones": ["+573001112223"],
        "address": {"city": "Cali", "country": "CO"},
        "language": "en",
        "notes": "dos",
        "active": False,
    }
    made.call("PATCH", f"/parties/{party['id']}", json=change)
    assert sorted(fields(made, party)) == [
        ("city", "", "Cali"),
        ("classes", "tenant", "tenant, owner"),
        ("country", "", "CO"),
        ("created", "", ""),
        ("deactivated", "", ""),
        ("document", "CC 10000001", "CC 20000001"),
        ("language", "es", "en"),
        ("name", "Ana", "Ana María"),
        ("notes", "uno", "dos"),
        ("phones", "+573001112222", "+573001112223"),
    ]


def test_addresses_are_told_one_by_one(made):
    party = made.register(1)
    emails = [{"address": "n@example.com", "principal": True, "state": "valid"}, {"address": "o@example.com"}]
    made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails})
    assert sorted(fields(made, party)) == [
        ("created", "", ""),
        ("email", "", "n@example.com"),
        ("email", "", "o@example.com"),
        ("email", "persona1@example.com", ""),
        ("email_state", "unverified", "valid"),
        ("principal_email", "persona1@example.com", "n@example.com"),
    ]


def test_no_difference_and_a_refused_change_leave_no_line(made):
    party = made.register(1)
    made.register(2)
    made.call("PATCH", f"/parties/{party['id']}", json={"name": party["name"], "emails": party["emails"]})
    made.call("PATCH", f"/parties/{party['id']}", json={"name": "X", "document_number": "10000002"})
    with made.db.write() as session:
        update_party(session, uuid.UUID(party["id"]), {"name": "X"})
        session.rollback()
    assert fields(made, party) == [("created", "", "")]


def test_who_did_it_is_known_for_pages_programs_imports_and_the_system(made):
    party = made.register(1, name="Ana")
    made.office().post(f"/parties/{party['id']}/deactivate", f"/parties/{party['id']}/deactivate")
    made.imported(table("CC,10000001,Ana Nueva,tenant,", "CC,20000001,Berta,owner,"))
    with made.db.write() as session, acting(Actor("system", "", "")):
        update_party(session, uuid.UUID(party["id"]), {"notes": "x"})
    kinds = [(item["field"], item["actor_kind"], bool(item["actor_name"])) for item in log(made, party)]
    assert kinds == [
        ("notes", "system", False),
        ("name", "import", True),
        ("deactivated", "staff", True),
        ("created", "client", True),
    ]
    (berta,) = made.call("GET", "/parties?q=berta").json["items"]
    assert [(item["field"], item["actor_kind"]) for item in log(made, berta)] == [("imported", "import")]


def test_the_log_is_read_page_by_page_the_newest_first(made):
    party = made.register(1)
    for number in range(4):
        made.call("PATCH", f"/parties/{party['id']}", json={"notes": str(number)})
    first = made.call("GET", f"/parties/{party['id']}/changes?limit=3").json
    second = made.call("GET", f"/parties/{party['id']}/changes?limit=3&cursor={first['next']}").json
    assert [item["after"] for item in first["items"] + second["items"]] == ["3", "2", "1", "0", ""]
    assert second["next"] is None
    assert made.call("GET", f"/parties/{uuid.uuid4()}/changes").status_code == 404
    assert made.call("GET", f"/parties/{party['id']}/changes", scope="letters:read").status_code == 403


def test_the_page_shows_the_latest_and_a_link_to_all(made):
    party = made.register(1, name="Ana")
    office = made.office("auditor")
    page = office.get(f"/parties/{party['id']}").text
    assert "Últimos cambios" in page
    assert "Ver todos los cambios" not in page
    for number in range(12):
        made.call("PATCH", f"/parties/{party['id']}", json={"notes": f"nota {number}."})
    page = office.get(f"/parties/{party['id']}").text
    assert "nota 11." in page
    assert page.count('class="log-what"') == 10
    assert "Ver todos los cambios" in page
    everything = office.get(f"/parties/{party['id']}/changes").text
    assert everything.count('class="log-what"') == 13
    assert "Registrado" in everything


def test_acts_of_people_are_told_to_the_audit_trail_once_each_and_not_per_row_of_an_import(made):
    party = made.register(1)
    made.call("PATCH", f"/parties/{party['id']}", json={"name": "Otra", "notes": "x"})
    for active in (False, True):
        made.call("PATCH", f"/parties/{party['id']}", json={"active": active})
    acts = [(event.act, str(event.party_id)) for event in made.told(acts=True)]
    names = ("party.created", "party.updated", "party.deactivated", "party.reactivated")
    assert acts == [(name, party["id"]) for name in names]
    updated = made.told(acts=True)[1]
    assert {detail.name: detail.value for detail in updated.details}["fields"] == "name, notes"
    made.forget_told()
    made.imported(table("CC,20000001,Berta,owner,", "CC,20000002,Carla,owner,"))
    assert not [event for event in made.told(acts=True) if event.act.startswith("party.")]
