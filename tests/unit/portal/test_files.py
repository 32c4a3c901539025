"""Files that people hand in: told by their content, kept without what was hidden in them, refused with the reason."""

import errno
import io
import struct
import uuid
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from services.portal.clients.files import FileMissing, FileStore, StorageFull
from services.portal.rules.files import (
    JPEG,
    PDF,
    PNG,
    PROOFS,
    WEBP,
    XML,
    FileTooLarge,
    UnusableFile,
    content_type_of,
    safe_name,
)
from shared import clock

WHOLE_PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
LIMIT = 200_000


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path, LIMIT)


def picture(kind: str, size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size, "red").save(target, kind, **options)
    return target.getvalue()


def archive(comment: bytes = b"") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("Evil.class", b"\xca\xfe\xba\xbe")
        made.comment = comment
    return target.getvalue()


def kept(store: FileStore, content: bytes, allowed: tuple[str, ...] = PROOFS) -> tuple[str, bytes]:
    saved = store.save(io.BytesIO(content), allowed)
    with store.open(saved.id) as file:
        found = file.read()
    assert len(found) == saved.size
    return saved.content_type, found


def refusal(store: FileStore, content: bytes, allowed: tuple[str, ...] = PROOFS) -> str:
    with pytest.raises(UnusableFile) as refused:
        store.save(io.BytesIO(content), allowed)
    return refused.value.reason


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (WHOLE_PDF, PDF),
        (picture("JPEG"), JPEG),
        (picture("PNG"), PNG),
        (picture("WEBP"), WEBP),
        (b'\xef\xbb\xbf<?xml version="1.0"?><a/>', XML),
        (b'<!-- hello --><fe:Invoice xmlns:fe="urn:x"/>', XML),
    ],
)
def test_a_file_is_what_its_content_says(content: bytes, found: str) -> None:
    assert content_type_of(content) == found


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\0", "empty"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "svg"),
        (b'<?xml version="1.0"?><!-- x --><s:svg xmlns:s="http://www.w3.org/2000/svg"/>', "svg"),
        (b"<!DOCTYPE html><html></html>", "html"),
        (b"  <script>alert(1)</script>", "html"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "heic"),
        (b"junk " + WHOLE_PDF, "pdf_begin"),
        (WHOLE_PDF + b"junk", "pdf_end"),
        (WHOLE_PDF[:20], "pdf_end"),
        (WHOLE_PDF + archive(b"\n%%EOF\n"), "zip"),
        (b"MZ\x90\0 a program", "type"),
        (b"GIF89a", "type"),
        (archive(), "type"),
        (b"numero;valor\n1;2\n", "type"),
        (b'<?xml version="1.0"?><a/>', "not_wanted"),
        (picture("JPEG")[:200], "damaged"),
        (picture("PNG")[:60], "damaged"),
    ],
)
def test_what_it_must_not_be_is_refused_with_the_reason_and_nothing_stays(
    store: FileStore, tmp_path: Path, content: bytes, reason: str
) -> None:
    assert refusal(store, content) == reason
    assert files_in(tmp_path) == []


def test_what_stands_behind_a_picture_and_its_metadata_do_not_survive(store: FileStore) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Calle 10 # 20-30"
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x0112] = 6  # to be turned
    hidden = picture("JPEG", exif=exif.tobytes(), comment=b"a comment") + archive()
    assert zipfile.is_zipfile(io.BytesIO(hidden))
    content_type, found = kept(store, hidden)
    assert content_type == JPEG
    assert not zipfile.is_zipfile(io.BytesIO(found))
    for secret in (b"Calle", b"Exif", b"comment", b"Evil", b"PK\x05\x06"):
        assert secret not in found
    with Image.open(io.BytesIO(found)) as seen:
        assert seen.size == (30, 40)


def test_a_png_keeps_what_shines_through_and_webp_becomes_jpeg(store: FileStore) -> None:
    content_type, found = kept(store, picture("PNG", mode="RGBA"))
    assert (content_type, Image.open(io.BytesIO(found)).mode) == (PNG, "RGBA")
    content_type, found = kept(store, picture("WEBP", mode="RGBA"))
    assert (content_type, Image.open(io.BytesIO(found)).format) == (JPEG, "JPEG")


def test_a_large_photo_becomes_one_of_twelve_million_pixels(tmp_path: Path) -> None:
    _, found = kept(FileStore(tmp_path, 10**8), picture("JPEG", (5000, 4000)))
    width, height = Image.open(io.BytesIO(found)).size
    assert 6_000_000 < width * height <= 12_000_000


def test_a_large_photo_that_lies_on_its_side_is_put_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    _, found = kept(FileStore(tmp_path, 10**8), picture("JPEG", (5000, 4000), exif=exif.tobytes()))
    width, height = Image.open(io.BytesIO(found)).size
    assert height > width


@given(st.text(max_size=300), st.sampled_from([PDF, JPEG, PNG, XML]))
def test_no_name_is_a_path_or_hides_anything(text: str, content_type: str) -> None:
    name = safe_name(text, content_type)
    assert 4 < len(name) <= 120
    assert name.isprintable()
    assert not name.startswith(".")
    assert not set(name) & set('/\\<>:"|?*')
    assert safe_name(name, content_type) == name


def test_too_many_pixels_are_refused_before_they_are_decoded(store: FileStore) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    assert refusal(store, bomb) == "pixels"


def test_a_file_that_is_too_large_is_refused_and_nothing_stays(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge):
        store.save(io.BytesIO(WHOLE_PDF + b" " * LIMIT), PROOFS)
    assert files_in(tmp_path) == []


def test_a_full_disk_is_told_as_such_and_nothing_stays(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageFull):
        store.save(io.BytesIO(WHOLE_PDF), PROOFS)
    assert files_in(tmp_path) == []


def test_only_the_program_itself_can_read_the_files(store: FileStore, tmp_path: Path) -> None:
    store.save(io.BytesIO(WHOLE_PDF), PROOFS)
    (path,) = files_in(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    folders = list(path.parents)[: len(path.relative_to(tmp_path).parts) - 1]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_deleted_file_is_missing_and_deleting_twice_is_deleting_once(store: FileStore) -> None:
    saved = store.save(io.BytesIO(WHOLE_PDF), PROOFS)
    store.delete(saved.id)
    store.delete(saved.id)
    with pytest.raises(FileMissing):
        store.open(saved.id)


def test_only_what_is_older_is_listed_as_old(store: FileStore) -> None:
    saved = store.save(io.BytesIO(WHOLE_PDF), PROOFS)
    assert list(store.list_old(clock.now() - timedelta(hours=1))) == []
    assert list(store.list_old(clock.now() + timedelta(hours=1))) == [saved.id]
    assert isinstance(saved.id, uuid.UUID)


@pytest.mark.parametrize(
    ("given", "content_type", "name"),
    [
        ("../../etc/passwd", PDF, "passwd.pdf"),
        ("C:\\Users\\ana\\recibo de pago.PDF", PDF, "recibo de pago.pdf"),
        ("comprobante.exe", JPEG, "comprobante.jpg"),
        ("foto.jpeg", JPEG, "foto.jpg"),
        ("Factura 12.345", PDF, "Factura 12.345.pdf"),
        ("factura\u202efdp.exe", PDF, "facturafdp.pdf"),
        ("a\r\nSet-Cookie: x", PNG, "aSet-Cookie_ x.png"),
        ('<b>"x"|?*', PNG, "_b__x____.png"),
        ("Ñandú açaí.png", PNG, "Ñandú açaí.png"),
        ("...", PDF, "archivo.pdf"),
        ("", XML, "archivo.xml"),
        (".htaccess", PDF, "htaccess.pdf"),
        ("n" * 500 + ".pdf", PDF, "n" * 116 + ".pdf"),
    ],
)
def test_a_name_for_the_download_is_harmless(given: str, content_type: str, name: str) -> None:
    assert safe_name(given, content_type) == name
