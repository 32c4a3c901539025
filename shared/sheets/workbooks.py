"""Taking in a workbook: looked at from outside first, then turned into CSV by a process that can only harm itself."""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from typing import IO, Any

import structlog

from shared.sheets import convert
from shared.sheets.text import UnusableFile

MOST_UNPACKED = 400 * 1024 * 1024
"""Bytes of all parts together as the file declares them; 50,000 rows with twenty columns are about 80 MB."""
MOST_PARTS = 5000
COMPOUND = b"\xd0\xcf\x11\xe0"
"""How old workbooks (.xls) begin, and new ones with a password."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
PIECE = 1024 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Workbook:
    """A sheet as a CSV file in UTF-8; `sheets` is how many visible ones the workbook has."""

    content: IO[bytes]
    sheet: str
    sheets: int


def is_workbook(beginning: bytes) -> bool:
    """Whether a file that begins so is to be read as a workbook: its name says nothing."""
    return beginning.startswith((b"PK\x03\x04", COMPOUND))


def read_workbook(file: IO[bytes]) -> Workbook:
    """The first sheet with data, as CSV; close its `content`. Raises UnusableFile."""
    _look(file)
    file.seek(0)
    content = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        report = _convert(file, content)
        if "error" in report:
            raise UnusableFile(report["error"])
        content.seek(0)
        return Workbook(content, str(report["sheet"]), int(report["sheets"]))
    except BaseException:
        content.close()
        raise


def _look(file: IO[bytes]) -> None:
    """Refuse what is no workbook, and what says itself that it is too large, before anything of it is unpacked."""
    file.seek(0)
    if file.read(4) == COMPOUND:
        raise UnusableFile("encrypted" if _contains(file, ENCRYPTED) else "old_workbook")
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeError):
        raise UnusableFile("broken_workbook") from None
    if not any(part.filename.startswith("xl/workbook") for part in parts):
        raise UnusableFile("no_workbook")
    if any(part.flag_bits & 1 for part in parts):
        raise UnusableFile("encrypted")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise UnusableFile("workbook_too_large")


def _contains(file: IO[bytes], wanted: bytes) -> bool:
    rest = b""
    while piece := file.read(PIECE):
        rest += piece
        if wanted in rest:
            return True
        rest = rest[-len(wanted) :]
    return False


def _convert(file: IO[bytes], content: IO[bytes]) -> dict[str, Any]:
    # Isolated (-I) and without our environment: whatever is in the file finds no secret there.
    command = [sys.executable, "-I", convert.__file__]
    with tempfile.TemporaryFile() as given:
        _copy(file, given)
        try:
            done = subprocess.run(
                command,
                stdin=given,
                stdout=content,
                stderr=subprocess.PIPE,
                env={},
                timeout=convert.SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": "workbook_too_large"}
    try:
        report: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])
        return report
    except (ValueError, IndexError):
        # It was ended: by its bounds, or by a reader that did not expect such a file.
        log.warning("workbook_not_read", status=done.returncode, said=done.stderr[-500:].decode(errors="replace"))
        return {"error": "workbook_too_large" if done.returncode < 0 else "broken_workbook"}


def _copy(file: IO[bytes], given: IO[bytes]) -> None:
    while piece := file.read(PIECE):
        given.write(piece)
    given.seek(0, io.SEEK_SET)
