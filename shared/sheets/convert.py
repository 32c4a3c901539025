"""What the cells of a workbook (XLSX) mean, and the program that turns one of its sheets into CSV.

It runs as a process of its own (shared/sheets/workbooks.py starts it), with bounded memory and time: a workbook of some
kilobytes can unpack to gigabytes, and the reader then gives up by ending the whole process. So nothing of the project
is imported here. Standard input: the workbook; standard output: CSV, row for row, blank ones too, so that rows keep
their numbers; standard error: one line of JSON, `{"sheet", "sheets"}` or `{"error"}`, a reason of text.py.
"""

import csv
import io
import json
import resource
import sys
from collections.abc import Iterator
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

MEMORY = 1024 * 1024 * 1024
SECONDS = 90
EXACT = 10**15
"""A spreadsheet keeps fifteen digits of a number; what is longer was cut off there."""


def cell_text(value: Any) -> str:
    """A cell as text. 1234567.0 is 1234567; a number too long to be exact keeps a form that no document number has."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if abs(value) < EXACT and value == int(value) else repr(float(value))
    return str(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def rows_of(sheet: CalamineSheet) -> Iterator[list[str]]:
    """The rows of a sheet from its first one, without blank cells at their ends."""
    for row in sheet.iter_rows():
        cells = [cell_text(value) for value in row]
        while cells and not cells[-1].strip():
            cells.pop()
        yield cells


def choose_sheet(book: CalamineWorkbook) -> CalamineSheet | None:
    """The first sheet with rows below a first one; if there is none, the first with anything. Hidden ones come last."""
    ordered = sorted(book.sheets_metadata, key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
    best = None
    for metadata in ordered:
        sheet = book.get_sheet_by_name(metadata.name)
        if sheet.height > 1:
            return sheet
        best = best or (sheet if sheet.height else None)
    return best


def convert(content: IO[bytes], output: IO[str]) -> dict[str, Any]:
    """Write the rows of the chosen sheet as CSV; returns its name and how many visible ones there are, or an error."""
    try:
        book = CalamineWorkbook.from_filelike(content)
        sheet = choose_sheet(book)
    except CalamineError:
        return {"error": "broken_workbook"}
    if sheet is None:
        return {"error": "empty"}
    csv.writer(output).writerows(rows_of(sheet))
    visible = [one for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    return {"sheet": sheet.name, "sheets": len(visible)}


def main() -> None:
    """Convert standard input. Running out of memory is an error to tell, or the end of this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=False) as output:
        try:
            report = convert(sys.stdin.buffer, output)
        except MemoryError:
            report = {"error": "workbook_too_large"}
    sys.stderr.write(json.dumps(report))


if __name__ == "__main__":
    main()
