"""A ZIP that is sent while its entries are made."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from services.portal.clients.papers import zip_stream


def test_what_goes_in_comes_out_with_its_date():
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    stream = zip_stream([("a.pdf", lambda: b"one"), ("b.xml", lambda: b"two" * 50_000)], at)
    with zipfile.ZipFile(BytesIO(b"".join(stream))) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == {
            "a.pdf": b"one",
            "b.xml": b"two" * 50_000,
        }
        assert {info.date_time for info in archive.infolist()} == {(2026, 11, 21, 9, 30, 0)}


def test_an_entry_is_made_only_when_its_turn_comes():
    made = []

    def entry(number):
        def make():
            made.append(number)
            return b"x" * 1000

        return f"{number}.pdf", make

    stream = zip_stream(map(entry, range(1000)))
    sent = sum(len(next(stream)) for _ in range(3))
    assert made == [0, 1, 2]
    assert sent > 3 * 30


def test_names_are_safe_and_each_occurs_once():
    wanted = ["../../etc/passwd", "FV-1.pdf", "fv-1.PDF", "FV-1.pdf", "a\\b:c?.pdf", "", "...", "Ñandú.pdf", "\x00x"]
    stream = zip_stream(((name, lambda: b"") for name in wanted), datetime(2026, 1, 1, tzinfo=UTC))
    with zipfile.ZipFile(BytesIO(b"".join(stream))) as archive:
        assert archive.namelist() == [
            "etc-passwd",
            "FV-1.pdf",
            "fv-1 (2).PDF",
            "FV-1 (3).pdf",
            "a-b-c-.pdf",
            "file",
            "file (2)",
            "Ñandú.pdf",
            "x",
        ]


def test_an_error_in_the_middle_leaves_nothing_that_looks_whole():
    def fail():
        raise RuntimeError("no more")

    stream = zip_stream([("a.pdf", lambda: b"one"), ("b.pdf", fail), ("c.pdf", lambda: b"three")])
    sent: list[bytes] = []
    with pytest.raises(RuntimeError, match="no more"):
        sent.extend(stream)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(BytesIO(b"".join(sent)))
