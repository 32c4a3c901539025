"""Files of tables as they are handed in: text, or a workbook that is turned into text."""

import io
from dataclasses import dataclass
from typing import IO

from shared.sheets.workbooks import is_workbook, read_workbook


class FileTooLarge(Exception):
    """The file is larger than the setting allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True)
class Upload:
    """A file that may be taken in. `content` is text; of a workbook its first sheet with data, as CSV in UTF-8.

    size: bytes of what was sent. sheet, sheets: of a workbook, which sheet was read and how many it shows.
    """

    content: IO[bytes]
    size: int
    sheet: str = ""
    sheets: int = 0
    is_workbook: bool = False


def open_upload(stream: IO[bytes], limit: int) -> Upload:
    """Look at what was sent, and read a workbook; that takes seconds, so it comes before the transaction.

    `stream` can be read again from its beginning. Raises UnusableFile, FileTooLarge.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > limit:
        raise FileTooLarge(limit)
    stream.seek(0)
    beginning = stream.read(8)
    stream.seek(0)
    if not is_workbook(beginning):
        return Upload(stream, size)
    found = read_workbook(stream)
    stream.seek(0)
    return Upload(found.content, size, found.sheet[:100], found.sheets, is_workbook=True)
