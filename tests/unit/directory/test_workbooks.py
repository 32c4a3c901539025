"""What workbooks mean, and how those end that are none or that want to fill the memory."""

import csv
import datetime as dt
import io
import subprocess
import zipfile

import pytest

from shared.sheets import convert
from shared.sheets import workbooks as taking_in
from shared.sheets.convert import cell_text
from shared.sheets.text import UnusableFile
from shared.sheets.workbooks import is_workbook, read_workbook
from tests.support.tables import with_parts, workbook, workbook_of

MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = b"<worksheet " + MAIN + b"><sheetData>%b</sheetData></worksheet>"


def rows_in(content):
    found = read_workbook(io.BytesIO(content))
    with found.content as file:
        return list(csv.reader(io.StringIO(file.read().decode(), newline="")))


def refusal(content):
    with pytest.raises(UnusableFile) as caught:
        read_workbook(io.BytesIO(content))
    return caught.value.reason


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567.0, "1234567"),
        (-5.0, "-5"),
        (3001112222, "3001112222"),
        (12.5, "12.5"),
        (True, "true"),
        ("007", "007"),
        (" a ", " a "),
        ("", ""),
        (dt.date(2026, 2, 1), "2026-02-01"),
        (dt.datetime(2026, 2, 1, 8, 30), "2026-02-01T08:30:00"),  # noqa: DTZ001 - a cell has no zone
        (dt.time(8, 30), "08:30:00"),
        (999_999_999_999_999.0, "999999999999999"),
    ],
)
def test_a_cell_is_read_as_people_see_it(value, text):
    assert cell_text(value) == text


def test_a_number_that_the_spreadsheet_has_cut_off_looks_like_no_document_number():
    assert cell_text(1234567890123456.0) == "1234567890123456.0"
    assert cell_text(1e20) == "1e+20"


def test_rows_keep_their_numbers_and_blank_ones_are_kept():
    content = workbook_of({"a": [[], ["Nombre", "n", ""], [], ["Ana", 1.0, "", ""], ["=1", "ñ\nx"]]})
    assert rows_in(content) == [[], ["Nombre", "n"], [], ["Ana", "1"], ["=1", "ñ\nx"]]


def test_the_first_sheet_with_rows_is_taken_and_hidden_ones_come_last():
    data = [["Nombre"], ["Ana"]]
    sheets = {"oculta": data, "vacía": [], "portada": [["Terceros 2026"]], "Datos": data, "otra": data}
    found = read_workbook(io.BytesIO(workbook_of(sheets, hidden=["oculta"])))
    assert (found.sheet, found.sheets) == ("Datos", 4)
    found.content.close()
    found = read_workbook(io.BytesIO(workbook_of({"vacía": [], "oculta": data}, hidden=["oculta"])))
    assert (found.sheet, found.sheets) == ("oculta", 1)
    found.content.close()


def test_a_workbook_is_told_by_what_is_in_it():
    assert is_workbook(workbook(["x"]))
    assert is_workbook(taking_in.COMPOUND + b"...")
    assert not is_workbook(b"Nombre;Documento\n")


def archive(**parts):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/"), text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04\x14\x00", "broken_workbook"),
        (workbook(["x"])[:3000], "broken_workbook"),
        (archive(word__document="x"), "no_workbook"),
        (archive(xl__workbook="no xml at all"), "broken_workbook"),
        (workbook_of({"a": [], "b": []}), "empty"),
        (taking_in.COMPOUND + b"\0" * 600, "old_workbook"),
        (taking_in.COMPOUND + b"\0" * 600 + taking_in.ENCRYPTED, "encrypted"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(content, reason):
    assert refusal(content) == reason


def test_the_mark_of_a_password_is_found_across_pieces(monkeypatch):
    monkeypatch.setattr(taking_in, "PIECE", 7)
    assert refusal(taking_in.COMPOUND + b"\0" * 601 + taking_in.ENCRYPTED) == "encrypted"


def test_what_declares_to_be_too_large_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(taking_in, "_convert", None)
    bomb = with_parts(workbook(["x"]), sheet1=SHEET % (b" " * (taking_in.MOST_UNPACKED + 1)))
    assert len(bomb) < 1_000_000
    assert refusal(bomb) == "workbook_too_large"


BOMBS = {
    "two cells in opposite corners": {
        "sheet1": SHEET
        % b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    },
    "one long text in very many cells": {
        "sheet1": SHEET % (b'<row r="1">' + b'<c t="s"><v>0</v></c>' * 200_000 + b"</row>"),
        "sharedStrings": b"<sst " + MAIN + b"><si><t>" + b"x" * 30_000 + b"</t></si></sst>",
    },
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_fills_the_memory_ends_only_the_process_that_reads_it(bomb):
    content = with_parts(workbook(["x"]), **BOMBS[bomb])
    assert len(content) < 100_000
    assert refusal(content) == "workbook_too_large"


def test_a_reader_that_does_not_come_to_an_end_is_ended(monkeypatch):
    def slow(*_args, timeout, **_more):
        raise subprocess.TimeoutExpired("x", timeout)

    monkeypatch.setattr(subprocess, "run", slow)
    assert refusal(workbook(["x"])) == "workbook_too_large"


def test_running_out_of_memory_is_told(monkeypatch, capsys):
    class Full:
        buffer = io.BytesIO()

    def full(*_):
        raise MemoryError

    monkeypatch.setattr(convert, "convert", full)
    monkeypatch.setattr(convert.resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(convert.sys, "stdout", Full())
    convert.main()
    assert capsys.readouterr().err == '{"error": "workbook_too_large"}'


def test_the_process_that_reads_knows_none_of_our_settings(monkeypatch):
    seen = {}
    real = subprocess.run

    def run(command, **more):
        seen.update(more)
        return real(command, **more)

    monkeypatch.setattr(subprocess, "run", run)
    assert rows_in(workbook(["x"]))[1] == ["x"]
    assert seen["env"] == {}
