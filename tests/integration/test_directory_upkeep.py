"""What keeps the directory quick and its data whole: the number of queries, what needs attention, the migration."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import insert, text

from services.directory.actions.words import word_rows
from services.directory.models import Import, Party, PartyEmail, PartyFacts, PartyWord
from services.directory.rules.parties import search_text
from shared import clock, migrations
from shared.db import new_id
from tests.support.directory import directory, table

FILTERS = (
    "",
    "q=persona",
    "q=nadie",
    "has_credentials=yes",
    "never_signed_in=yes",
    "letter_failed=no",
    "sort=-document",
)


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def fill(made, first, last):
    """Parties past the rules, because there are many."""
    rows, emails, words, facts = [], [], [], []
    for number in range(first, last):
        moment, key, name = clock.now(), str(10_000_000 + number), f"Persona Número {number}"
        row: dict[str, Any] = {"id": new_id(), "code": f"C-{number:06d}", "document_type": "CC", "document_number": key,
               "document_key": key, "name": name, "name_search": search_text(name), "is_tenant": True,
               "is_owner": False, "language": "es", "email_state": "valid", "created_at": moment,
               "updated_at": moment, "phones": []}  # fmt: skip
        rows.append(row)
        address = f"p{number}@example.com"
        emails.append({"party_id": row["id"], "position": 0, "address": address, "address_key": address,
                       "principal": True, "state": "valid"})  # fmt: skip
        words += word_rows(row["id"], row)
        facts.append({"party_id": row["id"], "has_credentials": True})
    with made.db.write() as session:
        for model, found in ((Party, rows), (PartyEmail, emails), (PartyWord, words), (PartyFacts, facts)):
            session.execute(insert(model), found)


def test_no_page_and_no_answer_asks_more_of_the_database_for_a_thousand_parties_than_for_ten(made):
    office = made.office()
    paths = [f"/?{query}" for query in FILTERS]

    def counts():
        party = made.call("GET", "/parties?limit=1").json["items"][0]["id"]
        found = []
        for path in [*paths, f"/parties/{party}", f"/parties/{party}/edit", "/parties/similar?name=Persona Número 7"]:
            with made.counting() as statements:
                assert office.get(path).status_code == 200
            found.append((path.replace(party, "…"), len(statements)))
        for query in (*FILTERS, "limit=100"):
            with made.counting() as statements:
                made.call("GET", f"/parties?{query.replace('yes', 'true').replace('no', 'false')}")
            found.append((query, len(statements)))
        return found

    fill(made, 0, 10)
    few = counts()
    fill(made, 10, 1000)
    assert counts() == few
    assert max(number for _, number in few) <= 10


def test_what_nobody_counts_is_said_so(made, monkeypatch):
    monkeypatch.setattr("services.directory.pages.parties.MOST_COUNTED", 5)
    fill(made, 0, 8)
    assert "Más de 5 terceros" in made.office().get("/?q=persona").text
    assert "8 terceros" in made.office().get("/").text
    assert "1 tercero<" in made.office().get("/?q=persona 7").text


def attention(made, language="es"):
    answer = made.call("GET", "/attention", scope="attention:read", language=language)
    assert answer.status_code == 200
    return {item["text"]: (item["count"], item["level"], item["href"]) for item in answer.json["items"]}


def test_all_well_needs_no_attention(made):
    made.register(1)
    made.register(2, active=False, emails=[{"address": "x@example.com", "state": "bounced"}])
    made.imported(table("CC,20000001,Berta,tenant,b@example.com"))
    assert attention(made) == {}
    assert made.call("GET", "/attention").status_code == 403


def test_unreachable_parties_and_waiting_imports_need_attention(made):
    made.register(1, emails=[])
    for number, state in ((2, "bounced"), (3, "blocked"), (4, "bounced")):
        made.register(number, emails=[{"address": f"x{number}@example.com", "state": state}])
    made.imported(table("CC,20000001,Berta,tenant,b@example.com"), apply="false")
    made.imported(table("CC,20000002,Carla,tenant,c@example.com", "CC,x,Mala,tenant,"))
    old = made.imported(table("CC,x,Mala,tenant,", "CC,20000003,Dora,tenant,d@example.com"))
    with made.db.write() as session:
        session.get_one(Import, uuid.UUID(old["id"])).finished_at = clock.now() - timedelta(days=8)
    found = attention(made)
    office = made.office()
    assert [(count, level) for count, level, _ in found.values()] == [
        (2, "bad"),
        (1, "bad"),
        (1, "waiting"),
        (1, "waiting"),
        (1, "info"),
    ]
    assert "Terceros activos con el correo devuelto" in found
    assert "Active parties whose e-mail address bounced" in attention(made, "en")
    for text_, (count, level, href) in found.items():
        page = office.client.get(href)
        assert page.status_code == 200
        if level != "waiting":
            assert f"{count} tercero" in page.text, text_


def test_data_of_the_former_version_survives_and_is_found_by_the_new_ways(made):
    config = migrations._config("directory", made.db)
    command.downgrade(config, "0001")
    parties = {"Ñandú García": ["300 111 2222", "de la oficina"], "Ana": []}
    ids = {name: new_id() for name in parties}
    moment = clock.now()
    with made.db.write() as session:
        for number, (name, phones) in enumerate(parties.items()):
            values = {"id": ids[name].hex if made.db.is_sqlite else ids[name], "n": str(number), "name": name,
                      "search": search_text(name), "phones": json.dumps(phones), "at": moment.replace(tzinfo=None)
                      if made.db.is_sqlite else moment, "yes": True, "no": False}  # fmt: skip
            session.execute(
                text(
                    "INSERT INTO parties (id, version, code, document_type, document_number, document_key, name, "
                    "name_search, is_tenant, is_owner, language, active, email_state, phones, street, city, region, "
                    "postal_code, country, notes, created_at, updated_at) VALUES (:id, 1, 'C-' || :n, 'CC', :n, :n, "
                    ":name, :search, :yes, :no, 'es', :yes, 'valid', :phones, '', '', '', '', '', '', :at, :at)"
                ),
                values,
            )
            for ended in ((False, True), (True,))[number]:
                session.execute(
                    text("INSERT INTO credential_facts VALUES (:credential, :party, :ended)"),
                    {"credential": new_id().hex if made.db.is_sqlite else new_id(), "party": values["id"],
                     "ended": ended},
                )  # fmt: skip
            email = {"id": new_id().hex if made.db.is_sqlite else new_id(), "party": values["id"], "yes": True,
                     "address": f"p{number}@example.com"}  # fmt: skip
            session.execute(
                text(
                    "INSERT INTO party_emails (id, party_id, position, address, address_key, principal, state) "
                    "VALUES (:id, :party, 0, :address, :address, :yes, 'valid')"
                ),
                email,
            )
    migrations.migrate("directory", made.db)
    assert made.names("q=garc nan") == ["Ñandú García"]
    assert made.names("q=%2B57300111") == ["Ñandú García"]
    assert made.names("has_credentials=true") == ["Ñandú García"]
    party = made.call("GET", f"/parties/{ids['Ñandú García']}").json
    assert party["phones"] == ["+573001112222", "de la oficina"]
    assert made.call("GET", f"/parties/{party['id']}/changes").json["items"] == []
    # What is no number stays until somebody mends it; the rest of the party can be saved beside it.
    saved = made.call("PATCH", f"/parties/{party['id']}", json={"phones": party["phones"], "name": "Ñandú Ruiz"})
    assert saved.json["phones"] == party["phones"]
    assert made.names("q=ruiz") == ["Ñandú Ruiz"]
    assert made.names("q=garcia") == []
    emails = [{**party["emails"][0], "state": "blocked"}]
    assert made.call("PATCH", f"/parties/{party['id']}", json={"emails": emails}).status_code == 200
