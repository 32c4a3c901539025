"""Tables to download: texts stay texts, and rows are not gathered."""

import contextlib
import csv
import io
import re
import tempfile
import zipfile

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from shared.web import exports
from shared.web.exports import bare_text, safe_text, stream_csv, stream_table, stream_xlsx

FORMULAS = ["=1+1", "+57 300", "-1", "@SUM(A1)", "\t=1", "\rx", "\nx", "  =1", "＝1+1", "'=1", "''@x"]
TEXTS = ["Ana", "O'Brien", "'Ana'", "", "1=1", "a@b.co", "’=1"]


@pytest.fixture
def context():
    with Flask(__name__).test_request_context():
        yield


def read_csv(response, delimiter=","):
    return list(csv.reader(io.StringIO(response.get_data().decode("utf-8-sig"), newline=""), delimiter=delimiter))


def body(response):
    with contextlib.closing(response):
        return response.get_data()


@pytest.mark.parametrize("text", FORMULAS)
def test_what_looks_like_a_formula_gets_an_apostrophe_and_loses_it_again(text):
    assert safe_text(text) == f"'{text}"
    assert bare_text(safe_text(text)) == text


@pytest.mark.parametrize("text", TEXTS)
def test_other_texts_stay_as_they_are(text):
    assert safe_text(text) == bare_text(text) == text


@given(st.text(alphabet="'=+-@\t\r\n＝ aé"))
def test_every_text_comes_back_as_it_was_and_none_begins_like_a_formula(text):
    assert bare_text(safe_text(text)) == text
    assert not re.match(r"\s*[=+\-@＝]|[\t\r\n]", safe_text(text))


def test_a_csv_has_the_mark_of_excel_escaped_cells_and_a_name_with_accents(context):
    answer = stream_csv("terceros año.csv", ["Nombre", "n"], [["=1+1", 1], ['a "b"; ñ\nc', None], ["x", -5]])
    assert answer.get_data().startswith(b"\xef\xbb\xbf")
    assert read_csv(answer) == [["Nombre", "n"], ["'=1+1", "1"], ['a "b"; ñ\nc', ""], ["x", "-5"]]
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"terceros ano.csv\"; filename*=UTF-8''terceros%20a%C3%B1o.csv"
    )


def test_a_separator_can_be_chosen(context):
    assert read_csv(stream_csv("a.csv", ["a", "b"], [["1;2", "3"]], delimiter=";"), ";")[1] == ["1;2", "3"]


def test_a_csv_is_sent_while_its_rows_are_read(context):
    read = []

    def rows():
        for number in range(20_000):
            read.append(number)
            yield ["x" * 100, number]

    pieces = stream_csv("a.csv", ["a", "b"], rows()).iter_encoded()
    next(pieces)
    assert len(read) < 1000
    assert max(len(piece) for piece in pieces) < 2 * exports.PIECE
    assert len(read) == 20_000


def test_rows_that_fail_at_once_fail_before_the_answer(context):
    def rows():
        raise LookupError
        yield []

    for stream in (stream_csv, stream_xlsx):
        with pytest.raises(LookupError):
            stream("a", ["a"], rows())


def test_in_a_workbook_every_text_is_stored_as_text(context):
    content = body(stream_xlsx("a.xlsx", ["Nombre", "n"], [[text, 7] for text in FORMULAS + TEXTS]))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    found = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in found] == ["Nombre", *FORMULAS, *TEXTS]
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    kinds = dict(re.findall(r'<c r="(A\d+)"(?: s="\d+")?(?: t="(\w+)")?', xml))
    assert kinds["A2"] == "inlineStr"
    assert set(kinds.values()) == {"inlineStr"}
    assert "<f>" not in xml


def test_more_rows_than_a_sheet_holds_go_on_further_sheets(context, monkeypatch):
    monkeypatch.setattr(exports, "LAST_ROW", 4)
    content = body(stream_xlsx("a.xlsx", ["n"], [[number] for number in range(7)]))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    sheets = [book.get_sheet_by_index(number).to_python() for number in range(len(book.sheet_names))]
    assert [[row[0] for row in sheet] for sheet in sheets] == [["n", 0, 1, 2], ["n", 3, 4, 5], ["n", 6]]


def test_nothing_is_left_on_the_disk(context, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = stream_table("xlsx", "a", ["n"], [["x"]] * 100)
    assert int(answer.headers["Content-Length"]) == len(body(answer))

    def failing():
        yield ["x"]
        raise LookupError

    with pytest.raises(LookupError):
        stream_table("xlsx", "a", ["n"], failing())
    assert list(tmp_path.iterdir()) == []
