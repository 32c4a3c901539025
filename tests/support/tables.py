"""Workbooks as people and programs send them, and tables as they come back."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook
from werkzeug.test import TestResponse

HEADER = ("Tipo de documento", "Documento", "Nombre", "Clase", "Correo")


def workbook(*rows: Sequence[Any], header: Sequence[str] = HEADER, sheet: str = "Hoja1") -> bytes:
    """An XLSX file with one sheet; numbers are stored as numbers, texts as texts."""
    return workbook_of({sheet: [header, *rows]})


def workbook_of(sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: Sequence[str] = ()) -> bytes:
    """An XLSX file with these sheets; those of `hidden` are not shown."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "default_date_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        if name in hidden:
            sheet.hide()
        else:
            sheet.activate()
        for position, row in enumerate(rows):
            for column, cell in enumerate(row):
                write = sheet.write_string if isinstance(cell, str) else sheet.write
                write(position, column, cell)
    book.close()
    return content.getvalue()


def with_parts(content: bytes, **parts: bytes) -> bytes:
    """The same workbook with other parts: `sheet1`, `sharedStrings`."""
    names = {"xl/worksheets/sheet1.xml": "sheet1", "xl/sharedStrings.xml": "sharedStrings"}
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, parts.get(names.get(part.filename, ""), old.read(part)))
    return changed.getvalue()


def read_table(answer: TestResponse, delimiter: str = ",") -> list[list[str]]:
    """The rows of a downloaded table, CSV or XLSX."""
    content = answer.get_data()
    answer.close()
    if answer.mimetype == "text/csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
    return [[str(cell) for cell in row] for row in sheet.iter_rows()]
