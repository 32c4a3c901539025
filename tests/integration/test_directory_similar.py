"""Parties that may be there already: told while somebody types, and asked about before they are saved twice."""

import re
import uuid

import pytest

from tests.support.directory import directory, party_values

NEW = "/parties/new"


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def form(**values):
    """What a browser sends to register somebody."""
    usual = {"document_type": "CC", "document_number": "30000001", "name": "Berta Gómez", "language": "es",
             "classes": "tenant", "email-0": "", "phones": ""}  # fmt: skip
    return usual | values


def ask(made, **query):
    answer = made.office().client.get("/backoffice/directory/parties/similar", query_string=query)
    assert answer.status_code == 200
    return [(item["field"], item["href"].rpartition("/")[2]) for item in answer.json["items"]]


def test_the_script_is_told_who_has_the_same_document_address_phone_or_name(made):
    ana = made.register(1, name="Ana Pérez García", phones=["300 111 2222 ext 5"])["id"]
    made.register(2, name="Otra Persona")
    assert ask(made, document_type="CC", document_number="10.000.001") == [("document_number", ana)]
    assert ask(made, email="PERSONA1@example.com") == [("emails", ana)]
    assert ask(made, phone="(300) 1112222", document_type="CC") == [("phones", ana)]
    assert ask(made, name="garcia perez, ana") == [("name", ana)]
    assert ask(made, name="Ana Peres Garcia") == [("name", ana)]
    assert ask(made, name="Ana", email="an", phone="3", document_number="x") == []
    assert ask(made, name="Ana Pérez García", party_id=ana) == []
    assert ask(made) == []


def test_only_who_may_change_parties_is_told(made):
    client = made.office("auditor").client
    assert client.get("/backoffice/directory/parties/similar?name=Ana").status_code == 403


@pytest.mark.parametrize(
    ("field", "value"), [("email-0", "Persona1@example.com"), ("phones", "3001112222"), ("name", "PEREZ Ana")]
)
def test_without_a_script_saving_asks_and_a_second_time_saves(made, field, value):
    ana = made.register(1, name="Ana Pérez", phones=["+573001112222"])
    made.forget_told()
    office, sent = made.office(), form(**{field: value})
    answer = office.post(NEW, NEW, **sent)
    assert answer.status_code == 409
    assert "puede que ya esté registrado" in answer.text
    assert f"/parties/{ana['id']}" in answer.text
    assert "Guardar de todos modos" in answer.text
    assert made.told() == []
    assert made.told(acts=True) == []
    seen = re.findall(r'name="seen" value="([^"]+)"', answer.text)
    assert office.post(NEW, NEW, **sent, seen=seen).status_code == 303
    assert made.call("GET", "/parties/count").json == {"count": 2}


def test_who_saw_one_warning_is_asked_about_another(made):
    ana = made.register(1, name="Ana Pérez")
    answer = made.office().post(NEW, NEW, **form(name="Ana Pérez", **{"email-0": "persona1@example.com"}),
                                seen=[f"name:{ana['id']}"])  # fmt: skip
    assert answer.status_code == 409


def test_the_same_document_is_refused_whatever_was_seen(made):
    ana = made.register(1)
    sent = form(document_number="10000001", seen=[f"document_number:{ana['id']}"])
    answer = made.office().post(NEW, NEW, **sent)
    assert answer.status_code == 409
    assert 'id="document_number-error"' in answer.text
    assert made.call("GET", "/parties/count").json == {"count": 1}


def test_a_change_is_asked_about_only_for_what_is_new_in_it(made):
    made.register(1, name="Ana Pérez")
    twin = made.register(2, name="Pérez Ana", emails=party_values(1)["emails"])
    office, path = made.office(), f"/parties/{twin['id']}/edit"
    same = form(document_number="10000002", name="Pérez Ana", principal="0", **{"email-0": "persona1@example.com"})
    assert office.post(path, path, **same, notes="nueva").status_code == 303
    made.register(3, name="Carla Ruiz")
    assert office.post(path, path, **same | {"name": "Ruiz Carla"}).status_code == 409
    assert made.call("GET", f"/parties/{twin['id']}").json["name"] == "Pérez Ana"


def test_a_program_is_not_asked(made):
    made.register(1, name="Ana")
    assert made.register(2, name="Ana", emails=party_values(1)["emails"])["code"] == "C-000002"


def test_a_phone_is_shown_as_the_country_writes_it_and_wrong_ones_are_told_at_the_field(made):
    office = made.office()
    answer = office.post(NEW, NEW, **form(phones="300 111 2222\n+52 55 1234 5678", country="CO", city="Cali"))
    page = office.client.get(answer.location).text
    for text in ("300 1112222", "+52 55 1234 5678", "Cali, Colombia"):
        assert text in page
    edited = office.client.get(f"{answer.location}/edit").text
    assert "+57 300 1112222" in edited
    assert '<option value="CO" selected>Colombia</option>' in edited
    wrong = office.post(NEW, NEW, **form(document_number="30000002", name="Otra", phones="300 111"))
    assert wrong.status_code == 422
    assert 'id="phones-error"' in wrong.text
    assert "«300 111» no es un teléfono" in wrong.text


def test_a_mexican_party_writes_its_numbers_without_a_country_code(made):
    party = made.register(1, document_type="RFC", document_number="GODE561231GR8", phones=["55 1234 5678"])
    assert party["phones"] == ["+525512345678"]
    moved = made.call(
        "PATCH", f"/parties/{party['id']}", json={"phones": ["601 234 5678"], "address": {"country": "CO"}}
    )
    assert moved.json["phones"] == ["+576012345678"]
    refused = made.call("PATCH", f"/parties/{party['id']}", json={"address": {"country": "ZZ"}})
    assert refused.status_code == 422
    assert made.call("GET", f"/parties?q={'%2B'}57601").json["items"][0]["id"] == party["id"]
    assert made.call("GET", f"/parties/{uuid.uuid4()}").status_code == 404
