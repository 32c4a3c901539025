"""Exports of the list: exactly what it shows, nothing that a spreadsheet runs, and the same memory however many."""

import gc
import io
import re
import shutil
import subprocess
import tracemalloc
import zipfile
from itertools import islice

import pytest
from sqlalchemy import insert

from services.directory.actions.emails import email_row
from services.directory.models import Party, PartyEmail
from services.directory.queries.parties import PartyFilter
from services.directory.rules.parties import EmailValue, check_party
from services.directory.schemas import exports
from services.directory.schemas.exports import party_header, party_rows
from shared import clock
from shared.db import new_id
from shared.web.exports import stream_table
from tests.support.directory import directory
from tests.support.tables import read_table

FORMULA = '=HYPERLINK("http://evil.example","Ana")'
FULL = {
    "classes": ["tenant", "owner"],
    "emails": [{"address": "b@example.com"}, {"address": "a@example.com", "principal": True, "state": "valid"}],
    "phones": ["+57 300 123 4567", "601 745 1234 ext. 12", "+52 55 5555 1234"],
    "address": {"street": "Calle 10 # 5-20, apto. 3", "city": "Bogotá", "region": "D.C.", "postal_code": "050021",
                "country": "CO"},
    "language": "en",
    "notes": "Primera línea\n- segunda; \"con\" comillas",
}  # fmt: skip


@pytest.fixture
def made(tmp_path, database_url):
    with directory(tmp_path, database_url) as opened:
        yield opened


def exported(made, kind="csv", query="", language="es"):
    answer = made.call("GET", f"/parties/export?format={kind}&{query}", language=language)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_has_everything_of_a_party(made, kind):
    made.register(1, document_number="12.345.678", name="Íñigo Ríos", code="A1", **FULL)
    header, row = read_table(exported(made, kind))
    found = dict(zip(header, row, strict=True))
    phones = "+57 300 1234567; +57 601 7451234 ext. 12; +52 55 5555 1234"
    assert found == {
        "Código": "A1",
        "Tipo de documento": "CC",
        "Número de documento": "12.345.678",
        "Nombre": "Íñigo Ríos",
        "Clase": "Ambos",
        "Correo": "a@example.com",
        "Estado del correo": "Válido",
        "Otros correos": "b@example.com",
        "Teléfonos": f"'{phones}" if kind == "csv" else phones,
        "Dirección": "Calle 10 # 5-20, apto. 3",
        "Ciudad": "Bogotá",
        "Departamento": "D.C.",
        "Código postal": "050021",
        "País": "CO",
        "Idioma": "en",
        "Activo": "Sí",
        "Notas": FULL["notes"],
    }


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_that_is_imported_again_changes_nothing(made, kind, language, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 3)
    made.register(1, **FULL)
    made.register(2, name=FORMULA, code="B-7", emails=[])
    made.register(3, name="-Raya", document_type="NIT", document_number="900.123.456-8", notes="@nadie", active=False)
    for number in range(4, 9):
        made.register(number, document_type="PAS", document_number=f"00AB{number}")
    before = made.call("GET", "/parties").json["items"]
    content = exported(made, kind, language=language).get_data()
    made.forget_told()
    shown = made.imported(content, name=f"terceros.{kind}")
    names = ("total", "unchanged", "created", "updated", "skipped")
    assert [shown["counts"][name] for name in names] == [8, 8, 0, 0, 0], shown["problems"]
    assert shown["ignored_columns"] == []
    assert made.told() == []
    assert made.call("GET", "/parties").json["items"] == before


def test_an_export_is_exactly_what_the_list_with_this_filter_shows(made, monkeypatch):
    monkeypatch.setattr(exports, "CHUNK", 2)
    for number in range(1, 8):
        made.register(number, name=f"Persona {number}", classes=["owner" if number % 2 else "tenant"])
    office = made.office()
    query = "class=owner&q=persona&sort=-name"
    assert f"/parties/export.xlsx?{query}".replace("&", "&amp;") in office.get(f"/?{query}").text
    tables = (
        read_table(office.get(f"/parties/export.csv?{query}")),
        read_table(office.get(f"/parties/export.xlsx?{query}&cursor=nonsense")),
        read_table(exported(made, "csv", query)),
    )
    for _, *rows in tables:
        assert [row[3] for row in rows] == ["Persona 7", "Persona 5", "Persona 3", "Persona 1"]
    assert len(read_table(office.get("/parties/export.csv?q=nadie"))) == 1
    assert office.get("/parties/export.ods").status_code == 404


def test_the_buttons_stay_with_whatever_the_address_holds(made):
    made.register()
    page = made.office().get('/?q=persona&x="><script>&_scheme=javascript').text
    assert '"><script>' not in page
    assert 'href="/backoffice/directory/parties/export.csv?q=persona&amp;x=' in page


def test_an_export_needs_its_scope_and_a_known_form(made):
    assert made.call("GET", "/parties/export", scope="parties:write").status_code == 403
    for query in ("format=ods", "sort=x", "class=x"):
        assert made.call("GET", f"/parties/export?{query}").status_code == 422
    assert made.office("auditor").get("/parties/export.csv").status_code == 200
    assert made.app.test_client().get("/backoffice/directory/parties/export.csv").status_code == 303


def test_who_exported_how_many_and_by_what_filter_is_recorded(made):
    for number in range(3):
        made.register(number + 1, classes=["owner"] if number else ["tenant"])
    made.office("auditor").get("/parties/export.xlsx?class=owner&active=yes").close()
    exported(made, "csv", "active=false").close()
    by_page, by_rest = [one for one in made.told(acts=True) if one.act == "parties.exported"]
    assert (by_page.actor_kind, by_page.count) == ("staff", 2)
    assert {one.name: one.value for one in by_page.details} == {
        "format": "xlsx", "party_class": "owner", "active": "True",
    }  # fmt: skip
    assert (by_rest.actor_kind, by_rest.actor_id, by_rest.count) == ("client", "erp", 0)
    assert {one.name: one.value for one in by_rest.details} == {"format": "csv", "active": "False"}


def test_the_names_of_downloads_say_what_they_are_in_the_readers_language(made):
    office = made.office()
    for path, language, name in (
        ("parties/export.csv", "es", "terceros.csv"),
        ("parties/export.xlsx", "en", "parties.xlsx"),
        ("imports/template.xlsx", "es", "plantilla-terceros.xlsx"),
    ):
        answer = office.get(f"/{path}?lang={language}")
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        assert answer.headers["Cache-Control"] == "no-store"
        answer.close()


def test_a_formula_is_stored_as_a_text_of_a_workbook(made):
    made.register(1, name=FORMULA)
    content = exported(made, "xlsx").get_data()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    (xml,) = sheets
    ((kind, text),) = re.findall(r'<c r="D2"[^>]* t="(\w+)"><is><t[^>]*>([^<]*)</t></is></c>', xml)
    assert (kind, text) == ("inlineStr", FORMULA.replace("&", "&amp;"))
    assert "<f>" not in xml
    assert "hyperlink" not in xml.lower().replace(FORMULA.lower(), "")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed here")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_formula_in_a_name_arrives_as_text_in_libreoffice(made, kind, tmp_path):
    names = [FORMULA, "=1+1", "+1", "-2+3", "@SUM(1;2)"]
    for number, name in enumerate(names):
        made.register(number + 1, name=name)
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / f"terceros.{kind}").write_bytes(exported(made, kind, "sort=created_at").get_data())
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "fods"]
    if kind == "csv":  # comma, quotation mark, UTF-8, formulas evaluated as on a screen where that is chosen
        command += ["--infilter=CSV:44,34,76,1,,0,false,true,false,false,false,-1,true"]
    done = subprocess.run(
        [*command, "--outdir", str(folder), f"{folder}/terceros.{kind}"], capture_output=True, check=False, timeout=180
    )
    made_of = folder / "terceros.fods"
    assert made_of.exists(), done.stderr
    table = made_of.read_text().partition("<table:table ")[2]
    assert "table:formula" not in table
    cells = re.findall(r'<table:table-cell[^>]*office:value-type="(\w+)"[^>]*>\s*<text:p>(.*?)</text:p>', table)
    shown = {re.sub(r"<[^>]+>", "", text).replace("&quot;", '"').replace("&apos;", "'"): kind for kind, text in cells}
    for name in names:
        assert shown[f"'{name}" if kind == "csv" else name] == "string"


def fill(db, count):
    """Register parties as fast as the database takes them."""
    address = {"street": "Calle 1", "city": "Bogotá", "region": "D.C.", "postal_code": "110111", "country": "CO"}
    values = {"name": "x", "document_type": "PAS", "document_number": "AB000000", "classes": ["tenant"],
              "language": "es", "notes": "x" * 200, "phones": [], "address": address}  # fmt: skip
    same = check_party(values)
    with db.write() as session:
        for start in range(0, count, 5000):
            parties, addresses = [], []
            for number in range(start, min(start + 5000, count)):
                row = _party(number, same)
                email = EmailValue(f"p{number}@example.com", True, "valid")
                parties.append(row)
                addresses.append(email_row(row["id"], email, 0))
            session.execute(insert(Party), parties)
            session.execute(insert(PartyEmail), addresses)


def _party(number, values):
    moment, name = clock.now(), f"Persona {number:06}"
    return {
        **values,
        "id": new_id(),
        "version": 1,
        "active": True,
        "code": f"C-{number:06}",
        "document_number": f"AB{number:06}",
        "document_key": f"AB{number:06}",
        "name": name,
        "name_search": name.lower(),
        "email_state": "valid",
        "created_at": moment,
        "updated_at": moment,
    }


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_memory_of_an_export_does_not_grow_with_it(tmp_path, sqlite_url, kind):
    with directory(tmp_path, sqlite_url) as made:
        fill(made.db, 8000)
        few, many = peak_of(made, kind, 2000), peak_of(made, kind, 8000)
    assert many < few + 500_000, (few, many)


def peak_of(made, kind, count):
    """The most bytes that Python held during an export of this many parties."""
    with made.app.test_request_context():
        rows = islice(party_rows(made.db, PartyFilter(), sort="name", language="es"), count)
        gc.collect()
        tracemalloc.start()
        try:
            answer = stream_table(kind, "a", party_header("es"), rows)
            size = sum(len(piece) for piece in answer.iter_encoded())
            answer.close()
            assert size > 15 * count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
