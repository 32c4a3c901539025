"""Files that go with letters: which there may be, and how a message carries them (RFC 2045, 2183, 2231)."""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from services.mailer.rules.notices import PATH_LIMIT, NoticeRefused

MOST = 5
MEDIA_TYPES = ("application/pdf", "application/xml", "text/xml", "application/zip", "image/jpeg", "image/png")
NAME_LIMIT = 120
SIZE_LIMIT = 10 * 1024 * 1024
"""Of all files of a letter together; mail servers take little more."""
HOME = "/api/portal/v1"
PATH = re.compile(rf"{HOME}(/(?!\.\.?(/|$))[\w\-.~]+)+", re.ASCII)
UNFIT = frozenset('/\\"<>:|?*')
LONGEST_ENDING = 8
PIECE = 60
WITHOUT = " (without "


@dataclass(frozen=True)
class AttachedFile:
    """A file as it goes out."""

    name: str
    media_type: str
    content: bytes


def check_attachments(wanted: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    """Files (name, media type, path at the portal) as they are kept; raises NoticeRefused."""
    files = [{"name": file_name(name), "media_type": media_type, "path": path} for name, media_type, path in wanted]
    if len(files) > MOST:
        raise NoticeRefused(f"more than {MOST} files can not go with a letter")
    for file in files:
        if file["media_type"] not in MEDIA_TYPES:
            raise NoticeRefused("this type of file can not go with a letter")
        if len(file["path"]) > PATH_LIMIT or not PATH.fullmatch(file["path"]):
            raise NoticeRefused("a file is not at the REST interface of the portal")
    return files


def file_name(name: str) -> str:
    """A name under which any system keeps a file: somebody may have uploaded it under another one."""
    plain = "".join("-" if one in UNFIT else one for one in name if one.isprintable())
    stem, dot, ending = plain.strip().lstrip(".").rpartition(".")
    if not dot or len(ending) > LONGEST_ENDING:
        stem, dot, ending = stem + dot + ending, "", ""
    return (stem[: NAME_LIMIT - len(dot + ending)].strip() or "documento") + dot + ending


def with_remark(answer: str, left_out: Sequence[str]) -> str:
    """The mail server's answer to a letter, and the names of files without which it went."""
    return f"{answer}{WITHOUT}{', '.join(left_out)})" if left_out else answer


def without_remark(outcome: str) -> tuple[str, str]:
    """The answer, and the names again."""
    answer, _, names = outcome.partition(WITHOUT)
    return answer, names.removesuffix(")")


def enclosed(boundary: str, letter: bytes, files: Sequence[AttachedFile]) -> bytes:
    """The body of a multipart/mixed message: the letter (a whole part with its head), and the files after it."""
    parts = b"".join(_part(boundary, file) for file in files)
    return f"--{boundary}\r\n".encode() + letter + parts + f"--{boundary}--\r\n".encode()


def _part(boundary: str, file: AttachedFile) -> bytes:
    head = (
        f"--{boundary}\r\n"
        f"Content-Type: {file.media_type}\r\n"
        f"Content-Disposition: attachment;{_filename(file.name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(file.content).replace(b"\n", b"\r\n")


def _filename(name: str) -> str:
    """The name as a parameter: quoted where ASCII and short, else in UTF-8 and in pieces (RFC 2231, 3 and 4)."""
    if name.isascii() and len(name) <= PIECE:
        return f'\r\n filename="{name}"'
    pieces = [""]
    for character in name:
        written = quote(character, safe="")
        if len(pieces[-1]) + len(written) > PIECE:
            pieces.append("")
        pieces[-1] += written
    if len(pieces) == 1:
        return f"\r\n filename*=utf-8''{pieces[0]}"
    pieces[0] = f"utf-8''{pieces[0]}"
    return ";".join(f"\r\n filename*{number}*={piece}" for number, piece in enumerate(pieces))
