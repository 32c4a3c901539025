"""What a file of a table is made of: its encoding, its separator, its records. Bytes in, rows of cells out."""

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from typing import Protocol

DELIMITERS = ",;\t|"
LONGEST_CELL = 20_000
LONGEST_LINE = 1_000_000
_UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x89PNG", b"%PDF", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b")


class UnusableFile(Exception):
    """A file that cannot be imported as a whole.

    `reason`: `empty`, `no_text`, `no_rows`, `missing_columns`, `repeated_columns`, `broken`; of a workbook
    `no_workbook`, `old_workbook`, `encrypted`, `broken_workbook`, `workbook_too_large`; of a mapping `no_column`.
    `hint`: names of columns, separated by commas. `row`: where it broke, if that is known.
    """

    def __init__(self, reason: str, hint: str = "", row: int | None = None) -> None:
        super().__init__(reason)
        self.reason, self.hint, self.row = reason, hint, row


class _Decoder(Protocol):
    def decode(self, data: bytes, final: bool = ...) -> str: ...


class Encoding:
    """Finds the encoding of a file while its pieces pass by: UTF-8 if all of it is, otherwise Windows-1252."""

    def __init__(self) -> None:
        self._utf8: _Decoder | None = codecs.getincrementaldecoder("utf-8")()
        self._cp1252 = True
        self._utf16 = False
        self._first = True

    def feed(self, piece: bytes) -> None:
        """Look at the next piece. Raises UnusableFile if this is no text."""
        if self._first:
            self._first = False
            self._begin(piece)
        if self._utf16:
            return
        if b"\0" in piece:
            raise UnusableFile("no_text")
        if self._utf8 is not None:
            try:
                self._utf8.decode(piece)
            except UnicodeDecodeError:
                self._utf8 = None
        self._cp1252 = self._cp1252 and not any(byte in piece for byte in _UNDEFINED_IN_CP1252)

    def _begin(self, piece: bytes) -> None:
        if piece.startswith(_NO_TEXT):
            raise UnusableFile("no_text")
        self._utf16 = piece.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))

    def result(self) -> str:
        """The name of the encoding, for `records`."""
        if self._utf16:
            return "utf-16"
        if self._utf8 is not None:
            try:
                self._utf8.decode(b"", True)
                return "utf-8-sig"
            except UnicodeDecodeError:
                pass
        return "cp1252" if self._cp1252 else "latin-1"


def records(pieces: Iterable[bytes], encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records of a file with their numbers as a spreadsheet counts them (the first one is 1), blank ones left out.

    Only one piece and one record are in memory. Raises UnusableFile if a record cannot be read.
    """
    number = 0
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(_lines(pieces, encoding), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except (csv.Error, UnicodeError):
        raise UnusableFile("broken", row=number + 1) from None


def _lines(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    rest = ""
    for piece in pieces:
        lines = _split(rest + decoder.decode(piece))
        # The last one may go on in the next piece, and a carriage return may be half of a line's end.
        rest = lines.pop() if lines else ""
        if len(rest) > LONGEST_LINE:
            raise UnicodeError("a line without an end")
        yield from lines
    yield from _split(rest + decoder.decode(b"", True))


def _split(text: str) -> list[str]:
    """Lines with their ends. `str.splitlines` would also divide at characters that end no line of a table."""
    return list(io.StringIO(text, newline=""))


def first_lines(head: bytes, encoding: str) -> list[str]:
    """The lines of a file's first piece."""
    text = codecs.getincrementaldecoder(encoding)().decode(head)
    return [line for line in text.splitlines() if line.strip()][:2]


def is_separator_line(line: str) -> bool:
    """Whether this is the line `sep=;` with which some files tell a spreadsheet their separator."""
    return line.strip().lower().startswith("sep=") and len(line.strip()) <= 6
