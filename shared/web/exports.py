"""Tables to download, row by row: memory stays the same however many rows there are, and no cell becomes a formula.

A spreadsheet runs what begins with one of `= + - @` (https://owasp.org/www-community/attacks/CSV_Injection). In CSV
such a cell gets an apostrophe in front, which `bare_text` takes away when the file comes back; in XLSX every text is
stored as text, so it needs nothing.
"""

import csv
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import IO, Any
from urllib.parse import quote

from flask import Response, stream_with_context

Cell = str | int | float | Decimal | None
Row = Sequence[Cell]

FORMATS = ("csv", "xlsx")
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 64 * 1024
LAST_ROW = 1_048_576
"""A sheet has no more rows than these; what is beyond goes on a further sheet."""
COLUMN_WIDTH = 22

# With the wide forms that some spreadsheets take for the plain ones. The apostrophes make it reversible: a text that
# begins with one itself gets another one.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@＝＋－＠])")


def safe_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it reads it from a CSV file."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare_text(text: str) -> str:
    """The text that `safe_text` made safe."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def stream_table(kind: str, name: str, header: Sequence[str], rows: Iterable[Row]) -> Response:
    """A download in one of FORMATS; `name` is the file's name without its ending."""
    stream = stream_csv if kind == "csv" else stream_xlsx
    return stream(f"{name}.{kind}", header, rows)


def stream_csv(filename: str, header: Sequence[str], rows: Iterable[Row], *, delimiter: str = ",") -> Response:
    """A CSV file (RFC 4180, UTF-8 with the mark by which Excel knows it), sent while `rows` is read.

    `rows` may read the database as it goes, in short transactions: the request's context lives until the end. An error
    before the first row becomes an ordinary answer; one later breaks the connection off, so that no half file looks
    whole.
    """
    pieces = _csv_pieces(header, rows, delimiter)
    response = Response(stream_with_context(chain([next(pieces)], pieces)), content_type=CSV_TYPE)
    _name(response, filename)
    return response


def _csv_pieces(header: Sequence[str], rows: Iterable[Row], delimiter: str) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    text.write("\ufeff")
    for row in chain([header], rows):
        writer.writerow([safe_text(cell) if isinstance(cell, str) else cell for cell in row])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def stream_xlsx(filename: str, header: Sequence[str], rows: Iterable[Row], *, sheet: str = "") -> Response:
    """An XLSX workbook, written row by row into a temporary file that is gone when the last byte was sent.

    A workbook can only be sent when it is complete, so all of `rows` is read first; nothing of it is kept in memory.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the response
    try:
        _write_xlsx(file, header, rows, sheet)
        return file_response(filename, file)
    except BaseException:
        file.close()
        raise


def file_response(filename: str, file: IO[bytes], content_type: str = XLSX_TYPE) -> Response:
    """A finished file as a download; it is closed after the last byte."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    response = Response(iter(lambda: file.read(PIECE), b""), content_type=content_type)
    response.call_on_close(file.close)
    response.headers["Content-Length"] = str(size)
    _name(response, filename)
    return response


def _name(response: Response, filename: str) -> None:
    # Both forms of RFC 6266: a header has only ASCII, and old programs read only the plain one.
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode()
    names = {"filename": plain} | ({} if plain == filename else {"filename*": f"UTF-8''{quote(filename, safe='')}"})
    response.headers.set("Content-Disposition", "attachment", **names)


def _write_xlsx(file: IO[bytes], header: Sequence[str], rows: Iterable[Row], title: str) -> None:
    import xlsxwriter

    # Its own folder, because the library leaves its pieces behind where writing is broken off.
    with tempfile.TemporaryDirectory() as pieces:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": pieces})
        bold = book.add_format({"bold": True})
        sheet, position = _add_sheet(book, header, title, bold), 1
        for row in rows:
            if position == LAST_ROW:
                sheet, position = _add_sheet(book, header, "", bold), 1
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(position, column, cell)
                elif cell is not None:
                    sheet.write_number(position, column, cell)
            position += 1
        book.close()


def _add_sheet(book: Any, header: Sequence[str], title: str, bold: Any) -> Any:
    sheet = book.add_worksheet(title or None)
    sheet.set_column(0, max(len(header) - 1, 0), COLUMN_WIDTH)
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
    return sheet
