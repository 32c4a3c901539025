"""REST as every service offers it."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.support.web import Issuer, settings_in, small_app

THINGS = "/api/directory/v1/things"


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def client(tmp_path: Path, issuer: Issuer) -> FlaskClient:
    return small_app(settings_in(tmp_path), issuer).test_client()


@pytest.fixture
def bearer(issuer: Issuer) -> dict[str, str]:
    return issuer.bearer("things:read things:write")


def test_bad_fields_are_named_in_the_callers_language(client, bearer):
    body = {"name": "a", "size": 20, "color": "red"}
    spanish = client.post(THINGS, json=body, headers=bearer | {"Accept-Language": "es-CO"})
    assert spanish.status_code == 422
    assert spanish.content_type == "application/problem+json"
    assert {entry["field"]: entry["message"] for entry in spanish.json["errors"]} == {
        "name": "Debe tener entre 2 y 10 caracteres.",
        "size": "Debe estar entre 1 y 9.",
        "color": "Este campo no existe.",
    }
    english = client.post(THINGS, json=body, headers=bearer | {"Accept-Language": "en"})
    assert {"field": "name", "message": "Length must be between 2 and 10."} in english.json["errors"]


def test_a_missing_field_and_a_wrong_type_are_told_in_spanish(client, bearer):
    answer = client.post(THINGS, json={"size": "x"}, headers=bearer)
    assert answer.json["errors"] == [
        {"field": "name", "message": "Este dato es obligatorio."},
        {"field": "size", "message": "No es un número entero."},
    ]


def test_a_body_that_is_no_json_is_a_bad_request(client, bearer):
    answer = client.post(THINGS, data="{", content_type="application/json", headers=bearer)
    assert answer.status_code == 400
    assert answer.json["errors"] == [{"field": "", "message": "El cuerpo no es JSON válido."}]


def test_a_problem_has_the_members_of_the_standard_and_the_correlation_id(client, bearer):
    answer = client.get("/api/directory/v1/nothing", headers=bearer | {"X-Correlation-Id": "trace-0001"})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 404
    assert answer.json["type"] == "about:blank"
    assert answer.json["title"]
    assert answer.json["correlation_id"] == "trace-0001"


def test_a_wrong_method_is_told_which_ones_there_are(client, bearer):
    answer = client.delete(THINGS, headers=bearer)
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_a_domain_error_has_its_status_text_and_field(client, bearer):
    client.post(THINGS, json={"name": "abc"}, headers=bearer)
    answer = client.post(THINGS, json={"name": "abc"}, headers=bearer)
    assert answer.status_code == 409
    assert answer.json["detail"] == "«abc» ya existe."
    assert answer.json["errors"] == [{"field": "name", "message": "«abc» ya existe."}]


def test_a_list_is_walked_with_its_cursor_until_null(client, bearer):
    for name in ("bb", "aa", "cc"):
        client.post(THINGS, json={"name": name}, headers=bearer)
    first = client.get(f"{THINGS}?limit=2", headers=bearer).json
    assert [item["name"] for item in first["items"]] == ["aa", "bb"]
    second = client.get(THINGS, query_string={"limit": 2, "cursor": first["next"]}, headers=bearer).json
    assert [item["name"] for item in second["items"]] == ["cc"]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["x", "e30", "WyJuIiwibmFtZSxpZCIsWzEsMV1d", "ñ", "=" * 9])
def test_a_cursor_that_is_not_ours_is_a_bad_request(client, bearer, cursor):
    answer = client.get(THINGS, query_string={"cursor": cursor}, headers=bearer)
    assert answer.status_code == 400
    assert answer.json["errors"][0]["field"] == "cursor"


def test_a_bad_query_names_its_parameter(client, bearer):
    answer = client.get(f"{THINGS}?limit=9999", headers=bearer)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "limit"


def test_the_document_names_paths_security_and_the_shape_of_errors(client):
    document = client.get("/api/directory/v1/openapi.json").json
    post = document["paths"][THINGS]["post"]
    assert post["security"] == [{"oauth2": ["things:write"]}]
    assert document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["tokenUrl"].endswith(
        "/oauth/token"
    )
    assert "ProblemDocument" in document["components"]["schemas"]
    unauthorized = document["components"]["responses"]["UNAUTHORIZED"]
    assert "application/problem+json" in unauthorized["content"]


def test_the_document_names_every_status_that_may_come(client):
    document = client.get("/api/directory/v1/openapi.json").json
    operations = document["paths"][THINGS]
    assert set(operations["get"]["responses"]) == {"200", "400", "401", "403", "422", "503"}
    assert set(operations["post"]["responses"]) == {"201", "400", "401", "403", "409", "413", "422", "503"}
    (key,) = [one for one in operations["post"]["parameters"] if one["in"] == "header"]
    assert (key["name"], key["required"]) == ("Idempotency-Key", False)


@pytest.mark.parametrize("text", ["\\u0000", "a\\uD800b"])
def test_text_that_no_database_takes_is_refused_at_its_field(client, bearer, text):
    answer = client.post(THINGS, data=f'{{"name": "{text}"}}', content_type="application/json", headers=bearer)
    assert answer.status_code == 422
    assert answer.json["errors"] == [
        {"field": "name", "message": "Este texto tiene caracteres que no se pueden guardar."}
    ]


def test_an_escaped_backslash_is_not_taken_for_such_text(client, bearer):
    answer = client.post(THINGS, data='{"name": "\\\\u0000"}', content_type="application/json", headers=bearer)
    assert answer.status_code == 201


def test_such_text_in_the_query_and_from_a_stranger(client, bearer):
    assert client.get(f"{THINGS}?cursor=%00", headers=bearer).json["errors"][0]["field"] == "cursor"
    assert client.get(f"{THINGS}?cursor=%00").status_code == 401


def test_the_page_of_the_document_runs_no_inline_script_and_its_files_are_ours(client):
    assert client.get("/api/directory/v1/docs").status_code == 308
    page = client.get("/api/directory/v1/docs/")
    assert "<script>" not in page.text
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    for name in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert name in page.text
        assert client.get(f"/api/directory/v1/docs/{name}").status_code == 200


def test_no_csrf_token_is_needed_where_no_cookie_counts(client, bearer):
    assert client.post(THINGS, json={"name": "abc"}, headers=bearer).status_code == 201
