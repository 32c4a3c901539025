"""What files, columns and cells mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.rules.columns import (
    TITLES,
    columns_of,
    fields_again,
    find_delimiter,
    map_titles,
    mapped_fields,
    require_columns,
    signature_of,
)
from services.directory.rules.parties import check_party
from services.directory.rules.tables import is_example, read_row
from shared.sheets.text import Encoding, UnusableFile, first_lines, records

HEADER = "Tipo de documento;Documento;Nombre;Clase;Correo electrónico"
ROW = "CC;12.345.678;José Ñandú;Ambos;a@b.co"


def encoding_of(content: bytes) -> str:
    detective = Encoding()
    for start in range(0, len(content), 7):
        detective.feed(content[start : start + 7])
    return detective.result()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_file_is_understood_in_every_encoding_and_with_every_separator(encoding, delimiter):
    content = f"{HEADER}\r\n{ROW}\r\n".replace(";", delimiter).encode(encoding)
    found = encoding_of(content)
    assert find_delimiter(first_lines(content, found)) == delimiter
    (_, header), (number, cells) = records([content], found, delimiter)
    row = read_row(columns_of(header), cells, document_type="", classes=[])
    assert number == 2
    assert row.faults == []
    assert check_party(row.values)["name"] == "José Ñandú"
    assert row.values["classes"] == ["tenant", "owner"]


@given(st.binary(max_size=300), st.integers(min_value=1, max_value=50))
def test_pieces_of_any_size_give_the_same_records(content, size):
    pieces = [content[start : start + size] for start in range(0, len(content), size)]

    def read(parts):
        try:
            return list(records(parts, "latin-1", ";"))
        except UnusableFile as error:
            return error.reason

    assert read(pieces) == read([content])


def test_rows_are_numbered_as_a_spreadsheet_does_with_blank_lines_and_line_breaks_in_cells():
    content = b'a;b\n\n"x\ny";1\n;;\nz;2\n'
    assert [number for number, _ in records([content], "utf-8", ";")] == [1, 3, 5]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\x89PNG\r\n\x1a\n", "no_text"), (b"PK\x03\x04...", "no_text"), (b"a,b\n1,\x002\n", "no_text")],
)
def test_what_is_no_text_is_refused(content, reason):
    with pytest.raises(UnusableFile) as refusal:
        Encoding().feed(content)
    assert refusal.value.reason == reason


def test_a_line_without_an_end_does_not_fill_the_memory():
    def endless():
        for _ in range(100):
            yield b"x" * 100_000

    with pytest.raises(UnusableFile) as refusal:
        list(records(endless(), "utf-8", ";"))
    assert refusal.value.reason == "broken"


def test_missing_columns_are_named_and_defaults_stand_in():
    columns = columns_of(["documento", "nombre"])
    with pytest.raises(UnusableFile) as refusal:
        require_columns(columns, has_document_type=False, has_classes=False)
    assert refusal.value.hint == "document_type,classes"
    require_columns(columns, has_document_type=True, has_classes=True)


def test_a_column_twice_is_refused_but_phones_may_be_several():
    with pytest.raises(UnusableFile) as refusal:
        require_columns(columns_of(["documento", "cedula", "nombre"]), has_document_type=True, has_classes=True)
    assert refusal.value.hint == "document_number"
    columns = columns_of(["documento", "nombre", "celular", "teléfono"])
    require_columns(columns, has_document_type=True, has_classes=True)
    assert read_row(columns, ["1", "A", "300", "400"], document_type="CC", classes=["owner"]).values["phones"] == [
        "300",
        "400",
    ]


def test_english_headings_mean_the_same():
    header = ["document_type", "document_number", "name", "classes", "emails"]
    row = read_row(columns_of(header), ["CC", "1", "A", "tenant;owner", "a@b.co c@d.co"], document_type="", classes=[])
    assert row.values["classes"] == ["tenant", "owner"]
    assert [entry["address"] for entry in row.values["emails"]] == ["a@b.co", "c@d.co"]


def test_what_a_cell_cannot_mean_is_a_fault_of_that_cell():
    columns = columns_of(["documento", "nombre", "clase", "activo"])
    row = read_row(columns, ["1", "A", "vecino", "quizás", "more"], document_type="CC", classes=[])
    assert {(fault.field, fault.reason) for fault in row.faults} == {
        ("", "extra_cells"),
        ("classes", "class"),
        ("active", "flag"),
    }


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_title_that_we_write_is_understood_when_it_comes_back(language):
    titles = TITLES[language]
    assert columns_of(list(titles.values())).fields == list(titles)


def test_a_mapping_by_titles_leaves_the_other_columns_to_their_names():
    header = ["Arrendatario actual", "Cédula", "Correo", "Valor"]
    mapping = {"arrendatario  ACTUAL": "name", "Correo": ""}
    assert map_titles(header, mapping) == ["name", "document_number", "", ""]
    with pytest.raises(UnusableFile) as refusal:
        map_titles(header, {"Canon": ""})
    assert (refusal.value.reason, refusal.value.hint) == ("no_column", "Canon")


def test_a_header_is_known_again_in_other_capitals_and_with_the_column_of_problems():
    header, fields = ["Quién", "Cédula", "x"], ["name", "document_number", ""]
    mended = ["QUIEN", "problema", "cedula", "X"]
    assert signature_of(mended) == signature_of(header)
    assert fields_again(mended, mapped_fields(header, fields)) == ["name", "problem", "document_number", ""]
    assert signature_of(["Quién", "Cédula", "y"]) != signature_of(header)
    assert signature_of(["Cédula", "Quién", "x"]) != signature_of(header)


def test_the_column_of_problems_says_nothing_about_a_party():
    columns = columns_of(["documento", "nombre", "Problema", "Estado del correo"])
    row = read_row(columns, ["1", "A", "nombre: falta\nmucho", "Rebotado"], document_type="CC", classes=["owner"])
    assert row.faults == []
    assert set(row.values) == {"document_type", "document_number", "name", "classes"}


@pytest.mark.parametrize(("name", "example"), [("Ejemplo: Ana", True), ("EXAMPLE: Ana", True), ("Ana Ejemplo", False)])
def test_rows_of_examples_are_known_by_their_name(name, example):
    row = read_row(columns_of(["documento", "nombre"]), ["1", name], document_type="CC", classes=["owner"])
    assert is_example(row) is example


def test_phones_are_parted_by_semicolons_and_without_any_by_commas_and_slashes():
    columns = columns_of(["documento", "nombre", "telefono"])

    def phones(text):
        return read_row(columns, ["1", "A", text], document_type="CC", classes=["owner"]).values["phones"]

    assert phones("300 1; 300/2") == ["300 1", " 300/2"]
    assert phones("300 1, 300 2/300 3") == ["300 1", " 300 2", "300 3"]
