"""Parties over REST, on both databases."""

import threading
import uuid

import pytest

from services.directory.actions.parties import DocumentTaken, register_party
from services.directory.consumers import HANDLERS
from shared import clock
from shared.db import new_id
from shared.events.directory import PartyDeactivated, PartyRegistered, PartyUpdated
from shared.events.identity import CredentialActivated, CredentialIssued, CredentialRevoked
from tests.support.directory import directory, party_values


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def errors(answer):
    return {entry["field"]: entry["message"] for entry in answer.json["errors"]}


def test_a_registered_party_is_answered_found_and_told_of(made):
    party = made.register(document_number="1.234.567-8", name="José Ñandú")
    assert party["code"] == "C-000001"
    assert party["emails"] == [{"address": "persona1@example.com", "principal": True, "state": "unverified"}]
    assert made.call("GET", f"/parties/{party['id']}").json == party
    (event,) = made.told()
    assert isinstance(event, PartyRegistered)
    assert (str(event.party_id), event.version, event.document_key) == (party["id"], 1, "12345678")


@pytest.mark.parametrize("spelling", ["1.234.567-8", "1234567-8", "12345678", "12 345 678"])
def test_a_document_is_found_in_any_spelling_and_registered_once(made, spelling):
    made.register(document_number="12345678", name="Ana")
    made.register(2)
    assert made.names(f"document={spelling}") == ["Ana"]
    again = made.call("POST", "/parties", json=party_values(3, document_number=spelling))
    assert again.status_code == 409
    assert "C-000001" in errors(again)["document_number"]


def test_filters_narrow_together(made):
    made.register(1, name="JOSÉ Ñandú Pérez", classes=["tenant", "owner"])
    made.register(2, name="Jose Perez", emails=[])
    made.register(3, name="Ana Peña", active=False, emails=[{"address": "x@example.com", "state": "bounced"}])
    assert made.names("q=perez jose") == ["JOSÉ Ñandú Pérez", "Jose Perez"]
    assert made.names("q=nandu") == ["JOSÉ Ñandú Pérez"]
    assert made.names("q=100%") == []
    assert made.names("class=owner") == ["JOSÉ Ñandú Pérez"]
    assert made.names("active=false") == ["Ana Peña"]
    assert made.names("email_state=none") == ["Jose Perez"]
    assert made.names("email_state=bounced&active=true") == []
    assert made.names("code=2") == ["Jose Perez"]
    assert made.names("email=X@example.com") == ["Ana Peña"]
    assert made.call("GET", "/parties/count").json == {"count": 3}
    assert made.call("GET", "/parties/count?active=true").json == {"count": 2}


@pytest.mark.parametrize("sort", ["name", "-name", "code", "-document", "-created_at", "updated_at"])
def test_pages_hold_everybody_once_in_every_order(made, sort):
    for number in range(7):
        made.register(number, name=f"Persona {number % 3}")
    seen, cursor = [], ""
    while cursor is not None:
        page = made.call("GET", f"/parties?limit=3&sort={sort}&cursor={cursor}").json
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
    assert sorted(seen) == [f"C-{number:06}" for number in range(1, 8)]


def test_the_number_of_queries_does_not_grow_with_the_rows(made):
    counts = []
    for number in range(30):
        made.register(number)
        if number in (1, 29):
            with made.counting() as statements:
                made.names("limit=100")
            counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_change_counts_up_and_no_difference_does_nothing(made):
    party = made.register()
    made.forget_told()
    same = made.call("PATCH", f"/parties/{party['id']}", json={"name": party["name"], "emails": party["emails"]})
    assert (same.status_code, same.json["version"], made.told()) == (200, 1, [])
    emails = [{"address": "new@example.com", "principal": True}, {"address": "persona1@example.com"}]
    changed = made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails, "name": "Otra"}).json
    assert changed["version"] == 2
    assert [email["principal"] for email in changed["emails"]] == [True, False]
    (event,) = made.told()
    assert isinstance(event, PartyUpdated)
    assert (event.version, event.name, event.emails[0].address) == (2, "Otra", "new@example.com")


def test_a_change_from_an_old_version_is_refused(made):
    party = made.register()
    made.call("PATCH", f"/parties/{party['id']}", json={"name": "A"})
    late = made.call("PATCH", f"/parties/{party['id']}", json={"name": "B", "version": 1})
    assert late.status_code == 409
    assert made.names("q=B") == []


def test_deactivating_and_activating_again_are_told(made):
    party = made.register()
    made.forget_told()
    made.call("PATCH", f"/parties/{party['id']}", json={"active": False})
    made.call("PATCH", f"/parties/{party['id']}", json={"active": True})
    assert [(type(event), event.active, event.version) for event in made.told()] == [
        (PartyDeactivated, False, 2),
        (PartyUpdated, True, 3),
    ]


def test_what_is_wrong_is_told_at_the_field_in_the_reader_s_language(made):
    body = party_values(document_type="NIT", document_number="900123456-1", emails=[{"address": "x"}], classes=[])
    spanish, english = (made.call("POST", "/parties", json=body, language=language) for language in ("es", "en"))
    assert spanish.status_code == 422
    assert spanish.content_type == "application/problem+json"
    assert errors(spanish).keys() == {"document_number", "emails.0.address", "classes"}
    assert "900123456-8" in errors(spanish)["document_number"]
    assert "dígito de verificación" in errors(spanish)["document_number"]
    assert "check digit" in errors(english)["document_number"]
    assert made.told() == []


def test_unknown_fields_and_wrong_types_are_refused(made):
    answer = made.call("POST", "/parties", json=party_values(emails="a@b.co", nonsense=1))
    assert answer.status_code == 422
    assert {"emails", "nonsense"} <= errors(answer).keys()


def test_the_same_request_twice_registers_once(made):
    first = made.call("POST", "/parties", json=party_values(), key="k1")
    second = made.call("POST", "/parties", json=party_values(), key="k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] == second.json["id"]
    assert len(made.told()) == 1


def test_own_codes_are_kept_and_automatic_ones_are_not_given_by_hand(made):
    assert made.register(1, code="apto-101")["code"] == "APTO-101"
    assert made.call("POST", "/parties", json=party_values(2, code="APTO-101")).status_code == 409
    assert "code" in errors(made.call("POST", "/parties", json=party_values(3, code="C-000001")))
    assert made.register(4)["code"] == "C-000001"


def test_codes_are_unique_when_many_register_at_once(made):
    def register(start):
        for number in range(start, start + 5):
            made.register(number)

    threads = [threading.Thread(target=register, args=(start,)) for start in (100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    items = made.call("GET", "/parties?limit=100").json["items"]
    assert sorted(item["code"] for item in items) == [f"C-{number:06}" for number in range(1, 16)]


def test_of_two_registrations_of_one_document_at_once_one_is_refused(made):
    outcomes = []
    together = threading.Barrier(2)

    def register():
        together.wait(20)
        try:
            with made.db.write() as session:
                register_party(session, party_values(), language="es")
            outcomes.append("registered")
        except DocumentTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["registered", "taken"]
    assert len(made.told()) == 1


@pytest.mark.parametrize(
    ("claims", "status"),
    [({"scope": ""}, 403), ({"aud": "another"}, 401), ({"exp": 1}, 401), ({"iss": "http://evil.test"}, 401)],
)
def test_tokens_that_do_not_fit_are_refused(made, claims, status):
    client = made.app.test_client()
    headers = made.issuer.bearer(**{"scope": "parties:read", **claims})
    assert client.get("/api/directory/v1/parties", headers=headers).status_code == status
    assert client.get("/api/directory/v1/parties").status_code == 401


def test_an_unknown_party_is_not_found(made):
    assert made.call("GET", f"/parties/{uuid.uuid4()}").status_code == 404
    assert made.call("PATCH", f"/parties/{uuid.uuid4()}", json={"name": "x"}).status_code == 404


def test_a_cursor_that_we_did_not_give_out_is_refused(made):
    assert made.call("GET", "/parties?cursor=nonsense").status_code == 400


def hear(made, *events):
    for event in events:
        with made.db.write() as session:
            HANDLERS[type(event)](session, [event])


def test_who_has_credentials_is_known_from_events_in_any_order(made):
    first, second, third = (made.register(number) for number in range(3))
    made.forget_told()
    ids = {party["name"]: uuid.UUID(party["id"]) for party in (first, second, third)}
    key_1, key_2, key_3 = new_id(), new_id(), new_id()

    def issued(key, name):
        return CredentialIssued(credential_id=key, party_id=ids[name], delivery="none", expires_at=clock.now())

    hear(made, issued(key_1, "Persona 0"), issued(key_1, "Persona 0"))
    hear(made, CredentialActivated(credential_id=key_2, party_id=ids["Persona 1"], how="used"))
    # Revoked is heard before issued: it stays ended.
    hear(made, CredentialRevoked(credential_id=key_3, party_id=ids["Persona 2"], reason="revoked"))
    hear(made, issued(key_3, "Persona 2"))
    assert made.names("has_credentials=true") == ["Persona 0", "Persona 1"]
    assert made.names("has_credentials=false") == ["Persona 2"]
    hear(made, CredentialRevoked(credential_id=key_1, party_id=ids["Persona 0"], reason="expired"))
    assert made.names("has_credentials=true") == ["Persona 1"]
    shown = made.call("GET", f"/parties/{second['id']}").json
    assert (shown["has_credentials"], shown["version"], made.told()) == (True, 1, [])
