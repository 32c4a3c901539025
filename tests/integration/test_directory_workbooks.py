"""Imports of workbooks, columns that a person says, and rows that are mended, on both databases."""

import io
import json

import pytest
from alembic import command
from sqlalchemy import text

from services.directory.actions import applying
from services.directory.rules.columns import TITLES
from shared import migrations
from shared.events.directory import PartyRegistered
from tests.support.directory import OFFICE, directory, table
from tests.support.tables import read_table, workbook, workbook_of

OTHER = ("Cédula", "Arrendatario actual", "Canon", "Contacto")
LINES = (("12.345.678", "Ana Ríos", 1_200_000, "ana@example.com"), (23456789, "Luis Paz", 900_000, "luis@example.com"))


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def rows(count):
    return [("CC", 20_000_000 + n, f"Persona {n}", "inquilino", f"p{n}@example.com") for n in range(count)]


def counts(shown, *names):
    return tuple(shown["counts"][name] for name in names)


def uploaded(office, content, name="terceros.xlsx", **form):
    """Upload at the page; the path of the page that follows."""
    answer = office.post("/imports/new", "/imports/new", file=(io.BytesIO(content), name), **form)
    assert answer.status_code == 303, answer.text
    return answer.location.removeprefix(OFFICE)


def acts(made):
    return [event for event in made.told(acts=True) if event.act.startswith("parties.")]


def test_a_workbook_is_applied_and_again_changes_nothing(made):
    content = workbook(*rows(25))
    first = made.imported(content)
    assert (first["state"], first["sheet"]) == ("finished", "Hoja1")
    assert counts(first, "total", "created", "updated", "unchanged", "skipped") == (25, 25, 0, 0, 0)
    assert [type(event) for event in made.told()] == [PartyRegistered] * 25
    assert counts(made.imported(content), "created", "updated", "unchanged", "skipped") == (0, 0, 25, 0)


def test_numbers_are_read_as_people_see_them_and_zeros_stay_where_they_are_text(made):
    header = ("tipo", "documento", "nombre", "clase", "código postal", "teléfono", "activo")
    content = workbook(
        ("CC", 12345678.0, "Ana", "inquilino", "050021", 3001234567.0, True),
        ("CC", "00023456789", "Luis", "inquilino", 110111, "601 745 1234", "Sí"),
        ("CC", 1234567.5, "Media", "inquilino", "", "", ""),
        ("NIT", 9001234568.0, "Larga S.A.S.", "inquilino", "", "", ""),
        ("NIT", 1234567890123456.0, "Demasiado larga", "inquilino", "", "", ""),
        header=header,
    )
    shown = made.imported(content, name="terceros.xlsx")
    assert counts(shown, "created", "skipped") == (3, 2)
    assert [(entry["row"], entry["column"], entry["value"]) for entry in shown["problems"]] == [
        (4, "documento", "1234567.5"),
        (6, "documento", "1234567890123456.0"),
    ]
    found = {item["name"]: item for item in made.call("GET", "/parties").json["items"]}
    assert found["Ana"]["document_number"] == "12345678"
    assert found["Ana"]["address"]["postal_code"] == "050021"
    assert found["Ana"]["phones"] == ["+573001234567"]
    assert found["Luis"]["document_key"] == "23456789"
    assert found["Larga S.A.S."]["document_key"] == "9001234568"


def test_the_name_of_the_file_says_nothing(made):
    assert made.imported(workbook(*rows(2)), name="personas.csv")["counts"]["created"] == 2
    assert made.imported(table("CC,33333333,Eva,owner,"), name="personas.xlsx")["counts"]["created"] == 1


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "Excel antiguo"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "contraseña"),
        (b"PK\x03\x04 no zip", "dañado"),
        (workbook_of({"a": []}), "vacío"),
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_at_once_and_not_kept(made, content, text):
    answer = made.upload(content, "a.xlsx")
    assert answer.status_code == 422
    assert text in answer.json["errors"][0]["message"]
    assert made.call("GET", "/imports").json["items"] == []


def test_a_workbook_over_the_setting_is_refused(tmp_path, sqlite_url):
    with directory(tmp_path, sqlite_url, import_megabytes=1) as made:
        answer = made.upload(b"PK\x03\x04" + b"\0" * 1024 * 1024, "a.xlsx")
        assert answer.status_code == 413


def test_the_page_says_which_of_several_sheets_was_read(made):
    header = ("tipo", "documento", "nombre", "clase")
    content = workbook_of({"Portada": [], "Inquilinos": [header, ("CC", 12345678, "Ana", "ambos")], "x": [["y"]]})
    office = made.office()
    path = uploaded(office, content)
    made.work()
    page = office.get(path).text
    assert "3 hojas" in page
    assert "«Inquilinos»" in page


def test_an_interrupted_import_of_a_workbook_goes_on(made, monkeypatch):
    answer = made.upload(workbook(*rows(50)), "a.xlsx")
    real, calls = applying.publish, []

    def dying(*args, **more):
        real(*args, **more)
        calls.append(1)
        if len(calls) == 3:
            raise InterruptedError

    monkeypatch.setattr(applying, "publish", dying)
    with pytest.raises(InterruptedError):
        made.work(rows=10)
    monkeypatch.undo()
    made.work(rows=10)
    shown = made.shown(answer.json["id"])
    assert (shown["state"], counts(shown, "created", "applied")) == ("finished", (50, 50))


def test_columns_that_are_not_known_by_name_are_asked_for_with_their_first_rows(made):
    office = made.office()
    path = uploaded(office, workbook(*LINES, header=OTHER))
    assert path.endswith("/columns")
    page = office.get(path).text
    for shown in (*OTHER, "Ana Ríos", "23456789", "luis@example.com"):
        assert shown in page
    made.work()
    assert made.shown(path.split("/")[2])["state"] == "mapping"
    assert made.call("POST", f"/imports/{path.split('/')[2]}/apply").status_code == 409
    chosen = {"column-0": "document_number", "column-1": "name", "column-2": "", "column-3": "email"}
    answer = office.post(path, path, **chosen, document_type="", classes="tenant")
    assert answer.status_code == 422
    assert "Indique qué columna contiene: tipo de documento." in answer.text
    assert '<option value="name" selected>' in answer.text
    answer = office.post(path, path, **chosen, document_type="CC", classes="tenant")
    assert answer.status_code == 303
    made.work()
    shown = made.shown(path.split("/")[2])
    assert (shown["state"], counts(shown, "created", "skipped")) == ("ready", (2, 0))
    assert shown["ignored_columns"] == ["Canon"]
    office.post(f"/imports/{shown['id']}/apply", f"/imports/{shown['id']}")
    made.work()
    assert made.names("document=23456789") == ["Luis Paz"]


def test_the_next_file_with_the_same_titles_is_mapped_by_itself(made):
    remember(made)
    office = made.office()
    path = uploaded(office, workbook(*LINES, header=[title.upper() for title in OTHER]), document_type="CC",
                    classes="tenant")  # fmt: skip
    assert not path.endswith("/columns")
    made.work()
    assert counts(made.shown(path.rpartition("/")[2]), "created", "skipped") == (2, 0)
    by_rest = made.imported(workbook(*LINES, header=OTHER), name="a.xlsx", document_type="CC", classes="tenant")
    assert by_rest["columns"] == {"Cédula": "document_number", "Arrendatario actual": "name", "Contacto": "email"}
    other = workbook(*LINES, header=[*OTHER[:3], "Otro título"])
    assert uploaded(office, other).endswith("/columns")


def remember(made):
    office = made.office()
    path = uploaded(office, workbook(*LINES, header=OTHER), document_type="CC", classes="tenant")
    office.post(path, path, **{"column-0": "document_number", "column-1": "name", "column-3": "email"},
                document_type="CC", classes="tenant")  # fmt: skip
    return path.removesuffix("/columns")


def test_a_mapping_can_be_changed_until_the_import_is_applied(made):
    path = remember(made)
    made.work()
    office = made.office()
    assert f"{path}/columns" in office.get(path).text
    changed = {"column-0": "document_number", "column-1": "name", "column-2": "notes", "document_type": "CC",
               "classes": "owner"}  # fmt: skip
    assert office.post(f"{path}/columns", f"{path}/columns", **changed).status_code == 303
    made.work()
    shown = made.shown(path.rpartition("/")[2])
    assert (shown["state"], counts(shown, "total", "created", "warnings")) == ("ready", (2, 2, 2))
    office.post(f"{path}/apply", path)
    made.work()
    (ana,) = made.call("GET", "/parties?document=12345678").json["items"]
    assert (ana["classes"], ana["notes"], ana["emails"]) == (["owner"], "1200000", [])
    assert office.get(f"{path}/columns").status_code == 409
    assert made.office("auditor").get(f"{path}/columns").status_code == 403


def test_columns_of_a_column_twice_are_refused_at_the_form(made):
    office = made.office()
    path = uploaded(office, workbook(*LINES, header=OTHER), document_type="CC", classes="tenant")
    answer = office.post(path, path, **{f"column-{n}": "name" for n in range(3)}, document_type="CC", classes="tenant")
    assert answer.status_code == 422
    again = {"column-0": "document_number", "column-1": "name", "column-2": "name", "document_type": "CC",
             "classes": "tenant"}  # fmt: skip
    assert "Solo una columna puede contener: nombre." in office.post(path, path, **again).text


def test_rest_takes_a_mapping_and_tells_what_is_wrong_with_one(made):
    content = workbook(*LINES, header=OTHER)
    more = {"document_type": "CC", "classes": "tenant"}
    assert made.upload(content, "a.xlsx", **more).status_code == 422
    good = made.imported(
        content, name="a.xlsx", mapping=json.dumps({"arrendatario actual": "name", "Canon": ""}), **more
    )
    assert counts(good, "created") == (2,)
    for mapping in ("{", "[]", '{"Canon": 3}', '{"Canon": "rent"}'):
        answer = made.upload(content, "a.xlsx", mapping=mapping, **more)
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "mapping"
    answer = made.upload(content, "a.xlsx", mapping='{"Arriendo": "name"}', **more)
    assert answer.status_code == 422
    assert "Arriendo" in answer.json["errors"][0]["message"]
    assert made.upload(content, "a.xlsx", **more).status_code == 422  # what programs say is not remembered


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_left_out_are_downloaded_mended_and_sent_again_without_touching_anything_else(made, kind):
    path = remember(made)
    bad = [*LINES, ("abc", "=Mala", 7, "mala@example.com"), ("34567890", "Eva", "", "eva"), ("", "", "", "solo@x.co")]
    office = made.office()
    path = uploaded(office, workbook(*bad, header=OTHER), document_type="CC", classes="tenant")
    made.work()
    office.post(f"{path}/apply", path)
    made.work()
    assert sorted(made.names("")) == ["Ana Ríos", "Luis Paz"]
    header, *left = read_table(office.get(f"{path}/rejected.{kind}"))
    assert header == [*OTHER, "Problema"]
    first = "'=Mala" if kind == "csv" else "=Mala"
    assert [row[:4] for row in left] == [
        ["abc", first, "7", "mala@example.com"],
        ["34567890", "Eva", "", "eva"],
        ["", "", "", "solo@x.co"],
    ]
    assert left[0][4].startswith("Cédula: ")
    assert left[1][4] == "Contacto: Esto no es una dirección de correo."
    left[0][0], left[1][3] = "45678901", "eva@example.com"
    mended = sheet_of(kind, header, left)
    path = uploaded(office, mended, f"mended.{kind}", document_type="CC", classes="tenant")
    assert not path.endswith("/columns")
    made.work()
    shown = made.shown(path.rpartition("/")[2])
    assert counts(shown, "total", "created", "skipped") == (3, 2, 1)
    office.post(f"{path}/apply", path)
    made.work()
    assert sorted(made.names("")) == ["=Mala", "Ana Ríos", "Eva", "Luis Paz"]
    again, *_ = read_table(office.get(f"{path}/rejected.{kind}"))
    assert again == [*OTHER, "Problema"]


def sheet_of(kind, header, lines):
    if kind == "xlsx":
        return workbook(*lines, header=header)
    text = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in [header, *lines])
    return text.encode("utf-8-sig")


def test_what_is_wrong_in_the_same_way_twice_in_a_cell_is_told_once(made):
    shown = made.imported(table("CC,12345678,Ana,tenant,esto no"))
    assert [(entry["row"], entry["column"]) for entry in shown["problems"]] == [(2, "correo")]


def test_the_problems_are_in_the_readers_language_and_over_rest_too(made):
    shown = made.imported(table("CC,abc,Mala,tenant,"))
    answer = made.call("GET", f"/imports/{shown['id']}/rejected?format=xlsx", language="en")
    header, row = read_table(answer)
    assert header[-1] == "Problem"
    assert "document type" in row[-1]
    answer = made.call("GET", f"/imports/{shown['id']}/rejected", language="es")
    assert read_table(answer)[0][-1] == "Problema"
    assert made.call("GET", f"/imports/{shown['id']}/rejected?format=ods").status_code == 422


def test_a_row_that_lost_its_code_while_it_waited_is_in_the_file_of_rows_left_out(made):
    shown = made.imported(
        table("CC,20000002,Dos,tenant,B1", header="tipo,documento,nombre,clase,codigo"), apply="false"
    )
    made.register(1, code="B1")
    made.call("POST", f"/imports/{shown['id']}/apply")
    made.work()
    _, row = read_table(made.call("GET", f"/imports/{shown['id']}/rejected"))
    assert row[:5] == ["CC", "20000002", "Dos", "tenant", "B1"]
    assert row[5] == "codigo: Otro tercero tiene este código."


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_template_is_in_the_readers_language_and_its_examples_are_not_imported(made, kind, language):
    office = made.office()
    answer = office.get(f"/imports/template.{kind}?lang={language}")
    content = answer.get_data()
    header, *examples = read_table(answer)
    assert header[:3] == [TITLES[language][name] for name in ("document_type", "document_number", "name")]
    assert len(examples) == 2
    shown = made.imported(content, name=f"plantilla.{kind}")
    assert shown["state"] == "failed"
    assert "ninguna fila" in shown["error"]
    own = dict(zip(header, examples[0], strict=True)) | {header[2]: "Ana de Verdad"}
    mixed = workbook(list(own.values()), *examples, header=header)
    shown = made.imported(mixed, name="a.xlsx")
    assert counts(shown, "total", "created", "skipped") == (1, 1, 0)
    assert made.names("") == ["Ana de Verdad"]


def test_the_examples_of_the_template_would_be_right_if_they_were_real(made):
    header, *examples = read_table(made.office().get("/imports/template.csv"))
    real = [[cell.removeprefix("Ejemplo: ") for cell in row] for row in examples]
    shown = made.imported(workbook(*real, header=header), name="a.xlsx")
    assert counts(shown, "created", "skipped", "warnings") == (2, 0, 0)


def test_an_import_is_recorded_when_it_is_done_in_the_name_of_who_had_it_applied(made):
    office = made.office()
    path = uploaded(office, workbook(*rows(3), ("CC", "abc", "Mala", "tenant", "")))
    made.work()
    assert acts(made) == []
    office.post(f"{path}/apply", path)
    made.work()
    (act,) = acts(made)
    assert (act.act, act.count, act.subject, act.subject_id) == ("parties.imported", 3, "import", path.split("/")[2])
    assert (act.actor_kind, act.actor_name) == ("staff", "Ana Gómez")
    assert {detail.name: detail.value for detail in act.details}["left out"] == "1"
    made.imported(table("CC,77777777,Eva,owner,"))
    assert [(act.actor_kind, act.actor_id, act.count) for act in acts(made)[1:]] == [("client", "erp", 1)]


def test_an_import_of_the_former_version_is_still_shown_and_applied(made):
    shown = made.imported(table("CC,12345678,Ana,tenant,a@example.com"), apply="false")
    config = migrations._config("directory", made.db)
    command.downgrade(config, "0002")
    with made.db.write() as session:
        assert session.scalar(text("SELECT state FROM imports")) == "ready"
    command.upgrade(config, "0003")
    again = made.shown(shown["id"])
    assert again == shown | {"columns": again["columns"]}
    assert again["columns"]["documento"] == "document_number"
    made.call("POST", f"/imports/{shown['id']}/apply")
    made.work()
    assert made.names("") == ["Ana"]
