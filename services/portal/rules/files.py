"""What a file is, by its content, and under which name it may be offered for download.

What somebody claims about a file (its name, the content type that a browser sends) is believed in nothing.
"""

import re
import unicodedata

PDF, JPEG, PNG, WEBP, XML = "application/pdf", "image/jpeg", "image/png", "image/webp", "application/xml"
ENDINGS = {PDF: ".pdf", JPEG: ".jpg", PNG: ".png", WEBP: ".webp", XML: ".xml"}
IMAGES = (JPEG, PNG, WEBP)
PROOFS = (PDF, *IMAGES)
"""What clients may send: proofs of payment, attachments of a request."""
FISCAL_XML, FISCAL_PDF, PROOF, CASE = "fiscal_xml", "fiscal_pdf", "proof", "case"
"""What a stored file is for."""

BEGINNING = 4096
"""Bytes that are enough to tell what a file is."""
LONGEST_NAME = 120
MOST_PIXELS = 50_000_000
"""Of a picture that is opened at all; phones make 12 to 50 million."""

_HEIC = (b"heic", b"heix", b"hevc", b"heif", b"mif1", b"msf1", b"avif")
_ROOT = re.compile(
    r"(?:\s|<\?.*?\?>|<!--.*?-->)*+<(!DOCTYPE\s+)?([a-z_][\w.-]*:)?([a-z_][\w.-]*)", re.DOTALL | re.IGNORECASE
)
_END_OF_ZIP = b"PK\x05\x06"
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_OTHER_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


class UnusableFile(Exception):
    """A file that is not taken.

    `reason`: empty, type, heic, svg, html, pdf_begin, pdf_end, zip, damaged, pixels, or not_wanted (a known kind, but
    not here).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FileTooLarge(Exception):
    """The file is larger than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


def content_type_of(beginning: bytes) -> str:
    """What a file is, by its first BEGINNING bytes: one of ENDINGS. Raises UnusableFile with the reason."""
    if not beginning.strip(b"\0 \t\r\n"):
        raise UnusableFile("empty")
    if beginning.startswith(b"%PDF-"):
        return PDF
    if beginning.startswith(b"\xff\xd8\xff"):
        return JPEG
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return WEBP
    if beginning[4:8] == b"ftyp" and beginning[8:12] in _HEIC:
        raise UnusableFile("heic")
    return _markup(beginning)


def _markup(beginning: bytes) -> str:
    text = _decoded(beginning)
    if found := _ROOT.match(text):
        root = found.group(3).lower()
        if root in ("svg", "html"):
            raise UnusableFile(root)
        if text.lstrip().startswith("<?xml") or found.group(2) or "xmlns" in text:
            return XML
        raise UnusableFile("html" if root in ("head", "body", "script", "title", "div", "p", "a", "img") else "type")
    raise UnusableFile("pdf_begin" if b"%PDF-" in beginning else "type")


def _decoded(beginning: bytes) -> str:
    encoding = "utf-16" if beginning[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return beginning.decode(encoding, "replace")


def require_whole_pdf(beginning: bytes, end: bytes) -> None:
    """See that a PDF begins at its first byte and ends with its mark, with nothing after it that something else reads.

    `end` is at least the last 70,000 bytes, or all of them. Raises UnusableFile.
    """
    if not beginning.startswith(b"%PDF-"):
        raise UnusableFile("pdf_begin")
    if not end.rstrip(b"\0 \t\r\n").endswith(b"%%EOF"):
        raise UnusableFile("pdf_end")
    if _is_zip(end):
        raise UnusableFile("zip")


def _is_zip(end: bytes) -> bool:
    """Whether a ZIP program would find an archive: its directory stands at the end, before at most a comment."""
    at = end.rfind(_END_OF_ZIP)
    while at >= 0:
        length = int.from_bytes(end[at + 20 : at + 22], "little")
        if at + 22 + length >= len(end.rstrip(b"\0 \t\r\n")):
            return True
        at = end.rfind(_END_OF_ZIP, 0, at)
    return False


def safe_name(text: str, content_type: str) -> str:
    """A name for the download: no path, no control or direction characters, at most LONGEST_NAME, the right ending."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C" or letter == "\t")
    stem = " ".join(_FORBIDDEN.sub("_", seen).split()).strip(". ")
    ending = ENDINGS[content_type]
    known = (ending, ".jpeg") if content_type == JPEG else (ending,)
    for mine in known:
        if stem.lower().endswith(mine):
            stem = stem[: -len(mine)]
            break
    else:
        stem = _OTHER_ENDING.sub("", stem)
    return (stem.strip(". ")[: LONGEST_NAME - len(ending)].strip(". ") or "archivo") + ending
