"""Pages of the directory, with the real identity beside it: keys are issued on purpose and only then."""

import io
import re
import uuid

import pytest

from services.directory.pages.access import FIELD, MARKER
from services.directory.rules.columns import columns_of, require_columns
from shared.events.identity import CredentialIssued
from tests.support.clientarea import _event
from tests.support.directory import OFFICE, directory, form_of, party_values, table, tell, with_identity

TYPED = "tranvia-lirio-93-cometa"


@pytest.fixture
def made(tmp_path, sqlite_url):
    with directory(tmp_path, sqlite_url) as opened:
        yield opened


@pytest.fixture
def both(tmp_path, database_url):
    with with_identity(tmp_path, database_url) as opened:
        yield opened


def issued(identity):
    """The credentials that identity told of."""
    return [event for event in map(_event, identity.outbox()) if isinstance(event, CredentialIssued)]


def told_party(made, identity, number=1, **values):
    party = made.register(number, **values)
    tell(made, identity)
    return party


def test_an_empty_directory_says_what_to_do(made):
    page = made.office().get("/").text
    assert "Todavía no hay terceros" in page
    assert f'href="{OFFICE}/imports/new"' in page


def test_the_list_filters_and_tells_how_many(made):
    for number in range(3):
        made.register(number, name=f"Íñigo {number}")
    page = made.office().get("/?q=inigo+2").text
    assert "1 tercero" in page
    assert "Íñigo 2" in page
    assert "Íñigo 1" not in page
    assert "Ningún tercero cumple el filtro" in made.office().get("/?q=nadie").text
    assert made.office().get("/?cursor=nonsense&class=x&sort=x").status_code == 200


def test_a_party_is_registered_with_the_form(made):
    office = made.office()
    answer = office.post("/parties/new", "/parties/new", **form_of({**party_values(1), "language": "es"}))
    assert answer.status_code == 303
    assert "quedó registrado con el código C-000001" in office.client.get(answer.location).text


def test_a_wrong_form_keeps_what_was_typed_and_marks_the_field(made):
    form = form_of({**party_values(1), "language": "es"}) | {"document_number": "12a", "email-0": "nadie"}
    answer = made.office().post("/parties/new", "/parties/new", **form)
    assert answer.status_code == 422
    assert 'value="12a"' in answer.text
    assert 'id="document_number-error"' in answer.text
    assert 'id="email-0-error"' in answer.text
    assert made.told() == []


def test_a_change_made_meanwhile_is_not_overwritten(made):
    party = made.register()
    office = made.office()
    hidden = office.hidden(f"/parties/{party['id']}/edit")
    made.call("PATCH", f"/parties/{party['id']}", json={"name": "Otra"})
    answer = office.client.post(f"{OFFICE}/parties/{party['id']}/edit", data={**form_of(party), **hidden})
    assert answer.status_code == 409
    assert "Otra persona cambió" in answer.text
    assert made.names("") == ["Otra"]


def test_deactivating_asks_first_and_can_be_taken_back(made):
    party = made.register()
    office, path = made.office(), f"/parties/{party['id']}/deactivate"
    assert "¿Desactivar a Persona 1?" in office.get(path).text
    assert made.names("active=true") == ["Persona 1"]
    office.post(path, path)
    assert made.names("active=false") == ["Persona 1"]
    path = f"/parties/{party['id']}/reactivate"
    office.post(path, path)
    assert made.names("active=true") == ["Persona 1"]


def test_an_auditor_sees_and_cannot_change(made):
    party = made.register()
    auditor = made.office("auditor")
    page = auditor.get(f"/parties/{party['id']}").text
    assert "Persona 1" in page
    assert "Editar tercero" not in page
    for path in ("/parties/new", f"/parties/{party['id']}/edit", f"/parties/{party['id']}/key", "/imports/new"):
        assert auditor.get(path).status_code == 403
        assert auditor.post(path, "/").status_code == 403
    assert auditor.post(f"/parties/{party['id']}/deactivate", "/").status_code == 403
    assert made.names("active=true") == ["Persona 1"]


def test_nobody_sees_the_pages_without_signing_in(made):
    answer = made.app.test_client().get(f"{OFFICE}/")
    assert answer.status_code == 303
    assert "/signin" in answer.location


def test_a_form_of_another_site_changes_nothing(made):
    party = made.register()
    answer = made.office().client.post(f"{OFFICE}/parties/{party['id']}/deactivate")
    assert answer.status_code == 400
    assert made.names("active=true") == ["Persona 1"]


def test_the_page_works_and_says_so_while_identity_is_away(made):
    party = made.register()
    page = made.office().get(f"/parties/{party['id']}")
    assert page.status_code == 200
    assert "El servicio de accesos no responde" in page.text


def test_a_normal_page_has_no_field_for_a_password_at_all(made):
    party = made.register()
    page = made.office().get(f"/parties/{party['id']}/edit").text
    assert FIELD not in page
    assert MARKER not in page
    assert 'type="password"' not in page
    asked = made.office().get(f"/parties/{party['id']}/edit?clave=escribir").text
    assert f'name="{FIELD}" value=""' in asked
    assert "Saldrá una carta a persona1@example.com" in asked


@pytest.mark.parametrize("state", ["blocked", "bounced", None])
def test_before_anything_the_page_says_why_no_letter_can_go(made, state):
    emails = [{"address": "x@example.com", "state": state}] if state else []
    party = made.register(emails=emails)
    for path in ("edit", "edit?clave=escribir", "key"):
        assert "No puede salir ninguna carta" in made.office().get(f"/parties/{party['id']}/{path}").text


def test_generating_asks_first_and_then_issues_once(both):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/key"
    hidden = office.hidden(path)
    assert "Saldrá una carta a persona1@example.com" in office.get(path).text
    assert issued(identity) == []
    answer = office.client.post(OFFICE + path, data=hidden)
    assert "Su carta a persona1@example.com está a la espera" in office.client.get(answer.location).text
    again = office.client.post(OFFICE + path, data=hidden)
    assert again.status_code == 303
    (event,) = issued(identity)
    assert (str(event.party_id), event.delivery, event.recipient.address) == (
        party["id"],
        "password",
        "persona1@example.com",
    )


@pytest.mark.parametrize(("asked", "delivery"), [("link", "link"), ("none", "password"), ("forged", "password")])
def test_the_agent_chooses_what_the_letter_holds(both, asked, delivery):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/key"
    answer = office.client.post(OFFICE + path, data=office.hidden(path) | {"delivery": asked})
    said = "El enlace se emitió" if delivery == "link" else "La contraseña se emitió"
    assert said in office.client.get(answer.location).text
    (event,) = issued(identity)
    assert (event.delivery, event.recipient.address) == (delivery, "persona1@example.com")


def test_a_typed_password_is_issued_by_saving_once(both):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/edit"
    hidden = office.hidden(f"{path}?clave=escribir")
    form = {**form_of(party), **hidden, FIELD: TYPED}
    answer = office.client.post(OFFICE + path, data=form)
    assert answer.status_code == 303
    assert "La contraseña se emitió" in office.client.get(answer.location).text
    office.client.post(OFFICE + path, data=form)
    (event,) = issued(identity)
    assert event.recipient.address == "persona1@example.com"
    assert identity.secret_of(CredentialIssued) == TYPED


@pytest.mark.parametrize("marker", [None, "", "forged", "of another party", "of another person"])
def test_a_filled_in_password_without_the_marker_of_its_page_never_issues(both, marker):
    made, identity = both
    party, other = (told_party(made, identity, number) for number in (1, 2))
    office, path = made.office(), f"/parties/{party['id']}/edit"
    form = {**form_of(party), **office.hidden(path), FIELD: TYPED, "password": TYPED, "name": "Nombre nuevo"}
    if marker == "of another party":
        form[MARKER] = office.hidden(f"/parties/{other['id']}/edit?clave=escribir")[MARKER]
    elif marker == "of another person":
        form[MARKER] = made.office().hidden(f"{path}?clave=escribir")[MARKER]
    elif marker is not None:
        form[MARKER] = marker
    office.client.post(OFFICE + path, data=form)
    assert issued(identity) == []
    # Without a marker it is a normal save; with one that is not good nothing is done at all.
    assert made.names(f"document={party['document_number']}") == ["Persona 1" if form.get(MARKER) else "Nombre nuevo"]


def test_an_asked_for_field_that_stays_empty_issues_nothing(both):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/edit"
    answer = office.post(path, f"{path}?clave=escribir", **form_of(party))
    assert answer.status_code == 303
    assert issued(identity) == []


def test_a_password_is_not_sent_where_the_page_did_not_announce_it(both):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/edit"
    form = {**form_of(party), "email-0": "otra@example.com", FIELD: TYPED}
    answer = office.post(path, f"{path}?clave=escribir", **form)
    assert issued(identity) == []
    page = office.client.get(answer.location).text
    assert "La contraseña no se emitió" in page
    assert "Saldrá una carta a otra@example.com" in page


@pytest.mark.parametrize("password", ["x" * 73, "12345", "persona1"])
def test_a_password_that_identity_refuses_is_told_and_the_rest_is_saved(both, password):
    made, identity = both
    party = told_party(made, identity)
    office, path = made.office(), f"/parties/{party['id']}/edit"
    answer = office.post(path, f"{path}?clave=escribir", **form_of(party) | {FIELD: password, "name": "Nueva"})
    page = office.client.get(answer.location).text
    assert "La contraseña no se emitió" in page
    assert f'value="{password}"' not in page
    assert issued(identity) == []
    assert made.names("") == ["Nueva"]


def test_a_party_without_address_gets_its_password_shown_once(both):
    made, identity = both
    party = told_party(made, identity, emails=[])
    office, path = made.office(), f"/parties/{party['id']}/key"
    answer = office.post(path, path)
    shown = re.search(r"<code>([^<]+)</code>", answer.text)
    assert shown
    assert answer.headers["Cache-Control"] == "no-store"
    (event,) = issued(identity)
    assert (event.delivery, event.recipient) == ("none", None)


@pytest.mark.parametrize(("language", "shown"), [("es", "Tipo de documento"), ("en", "Document type")])
def test_the_upload_page_names_the_columns_in_the_readers_language_and_they_are_understood(made, language, shown):
    page = made.office().get(f"/imports/new?lang={language}").text
    names = re.findall(r"<code>([^<]+)</code>", page)
    assert shown in names
    assert len(names) == 17
    assert all(columns_of(names).fields)
    require_columns(columns_of(names), has_document_type=False, has_classes=False)


def test_a_table_is_uploaded_looked_at_and_applied(made):
    office = made.office()
    content = table("CC,20000001,Ana,tenant,a@example.com", "CC,abc,=Mala,tenant,")
    file = (io.BytesIO(content), "personas.csv")
    answer = office.post("/imports/new", "/imports/new", file=file)
    assert answer.status_code == 303
    path = answer.location.removeprefix(OFFICE)
    assert 'http-equiv="refresh"' in office.get(path).text
    made.work()
    page = office.get(path).text
    assert "Se omite 1 fila con problemas" in page
    assert "El número no tiene la forma" in page
    assert 'http-equiv="refresh"' not in page
    assert made.names("") == []
    office.post(f"{path}/apply", path)
    made.work()
    assert "La importación terminó" in office.get(path).text
    assert made.names("") == ["Ana"]
    left_out = office.get(f"{path}/rejected.csv").get_data().decode("utf-8-sig").splitlines()
    assert left_out[0] == "tipo documento,documento,nombre,clase,correo,Problema"
    assert left_out[1].startswith("CC,abc,'=Mala,tenant,,")


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"una sola columna\n1\n"])
def test_an_unusable_file_is_told_at_its_field(made, content):
    answer = made.office().post("/imports/new", "/imports/new", file=(io.BytesIO(content), "x.csv"))
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text


def test_unknown_parties_and_imports_are_pages_that_say_so(made):
    assert made.office().get(f"/parties/{uuid.uuid4()}").status_code == 404
    assert made.office().get(f"/imports/{uuid.uuid4()}").status_code == 404
