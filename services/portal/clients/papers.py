"""The papers of the client area as PDF files, set by typst.

They are PDF/A-2a (archives) and PDF/UA-1 (screen readers) at once: typst refuses to make a file that is not. What
people typed goes in as data, never as markup, and only fonts that come with typst are used: every machine makes the
same paper.
"""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path, PurePosixPath
from typing import cast

import segno
import typst

from services.portal.clients.lettering import Data, letter_income, letter_invoice, letter_receipt, letter_statement
from services.portal.rules.papers import IncomePaper, InvoicePaper, ReceiptPaper, StatementPaper
from services.portal.rules.printable import printable_data
from shared import clock

SOURCES = Path(__file__).parents[1] / "papers"

# A compiler is used by one thread at a time, or it raises; two of them at once gain little on two cores.
_LOCK = threading.Lock()


def invoice_pdf(paper: InvoicePaper) -> bytes:
    """An invoice or a credit note."""
    return _set("invoice.typ", letter_invoice(paper))


def receipt_pdf(paper: ReceiptPaper) -> bytes:
    """A receipt."""
    return _set("receipt.typ", letter_receipt(paper))


def statement_pdf(paper: StatementPaper) -> bytes:
    """An account statement."""
    return _set("statement.typ", letter_statement(paper))


def income_pdf(paper: IncomePaper) -> bytes:
    """A statement of income."""
    return _set("income.typ", letter_income(paper))


def _set(source: str, data: Data) -> bytes:
    inputs = {"paper": json.dumps(printable_data(data)), "qr": qr_drawing(data.get("qr", ""))}
    with _LOCK:
        made = _compiler().compile(SOURCES / source, format="pdf", sys_inputs=inputs, pdf_standards=["a-2a", "ua-1"])
    return cast("bytes", made)


@cache
def _compiler() -> typst.Compiler:
    """Kept, because it has read its fonts and remembers what it set before."""
    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(root=SOURCES, font_paths=fonts, ignore_system_fonts=True)


def qr_drawing(text: str) -> str:
    """A QR code as SVG, "" for no text."""
    if not text:
        return ""
    drawing = io.BytesIO()
    segno.make_qr(text, error="m").save(drawing, kind="svg", border=0, svgclass=None, lineclass=None)
    return drawing.getvalue().decode()


Entry = tuple[str, Callable[[], bytes]]
"""A name in a ZIP, and what makes its content when its turn comes."""


def zip_stream(entries: Iterable[Entry], at: datetime | None = None) -> Iterator[bytes]:
    """A ZIP, sent while its entries are made, one at a time: memory stays the same however many there are.

    Names become safe and unique. An error in the middle goes on to the caller, and as the directory at the end of the
    file is missing then, no program takes the part that was sent for the whole.
    """
    outlet, namer = _Outlet(), _Namer()
    moment = (at or clock.now()).timetuple()[:6]
    # No `with`: closing after an error would write the directory.
    archive = zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED)
    for name, make in entries:
        entry = zipfile.ZipInfo(namer.take(name), moment)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
        archive.writestr(entry, make())
        yield outlet.fetch()
    archive.close()
    yield outlet.fetch()


class _Outlet:
    """Where zipfile writes to: holds what was not fetched yet, and cannot go back."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        """Nothing is held open."""

    def fetch(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _Namer:
    """Gives names that every system can unpack into one folder, each once (also where capitals do not count)."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        safe = PurePosixPath(re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "-", wanted).strip(" .-") or "file")
        name, number = safe.name, 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{safe.stem} ({number}){safe.suffix}"
        self._taken.add(name.casefold())
        return name
