"""Files of clients and staff on disk: below `PORTERIA_DATA/portal/files`, outside of anything that is served."""

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom, BytesIO
from pathlib import Path
from typing import IO

from services.portal.clients.pictures import rewrite_picture
from services.portal.rules.files import (
    BEGINNING,
    IMAGES,
    PDF,
    FileTooLarge,
    UnusableFile,
    content_type_of,
    require_whole_pdf,
)
from shared.db import new_id

PIECE = 64 * 1024
PDF_END = 70_000
FULL = (errno.ENOSPC, errno.EDQUOT)


class StorageFull(Exception):
    """There is no room for another file."""


class FileMissing(Exception):
    """The bytes of a stored file are not there, as after a database was restored without its files."""


@dataclass(frozen=True)
class Saved:
    """Bytes that lie in the store; a row with this id makes them a file of somebody."""

    id: uuid.UUID
    content_type: str
    size: int
    sha256: str


class FileStore:
    """Each file lies under its id, readable by this program's user only. `limit` is the largest one in bytes."""

    def __init__(self, data: Path, limit: int) -> None:
        self._folder, self.limit = data / "portal" / "files", limit

    def save(self, stream: IO[bytes], allowed: Sequence[str]) -> Saved:
        """Check what a stream holds and keep it; pictures are written anew.

        Raises UnusableFile, FileTooLarge, StorageFull; then nothing stays on disk.
        """
        file_id = new_id()
        with self._draft(file_id, ".draft") as draft:
            self._receive(stream, draft)
            content_type = self._look_at(draft, allowed)
            if content_type not in IMAGES:
                return self._keep(file_id, draft, content_type)
            with self._draft(file_id, ".picture") as picture:
                content_type = rewrite_picture(draft, content_type, picture)
                return self._keep(file_id, picture, content_type)

    def save_bytes(self, content: bytes, allowed: Sequence[str]) -> Saved:
        """The same for what was made here."""
        return self.save(BytesIO(content), allowed)

    def open(self, file_id: uuid.UUID) -> IO[bytes]:
        """The bytes of a stored file. Raises FileMissing."""
        try:
            return self._path(file_id).open("rb")
        except FileNotFoundError:
            raise FileMissing from None

    def delete(self, file_id: uuid.UUID) -> None:
        """Remove it; it does not matter whether it was there."""
        self._path(file_id).unlink(missing_ok=True)

    def list_old(self, before: datetime) -> Iterator[uuid.UUID]:
        """The ids of what was stored before a moment; drafts from before it are deleted on the way."""
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime >= before.timestamp():
                    continue
                if path.suffix:
                    path.unlink()
                else:
                    yield uuid.UUID(path.name)

    def _path(self, file_id: uuid.UUID) -> Path:
        # The end of an id is random, its beginning the time.
        return self._folder / file_id.hex[-2:] / file_id.hex

    @contextmanager
    def _draft(self, file_id: uuid.UUID, suffix: str) -> Iterator[BufferedRandom]:
        path = self._path(file_id).with_suffix(suffix)
        try:
            for folder in (self._folder.parent, self._folder, path.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(path, "x+b", opener=lambda name, flags: os.open(name, flags, 0o600)) as draft:
                yield draft
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull from error
            raise
        finally:
            path.unlink(missing_ok=True)

    def _receive(self, stream: IO[bytes], draft: BufferedRandom) -> None:
        size = 0
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > self.limit:
                raise FileTooLarge(self.limit)
            draft.write(piece)
        draft.flush()

    def _look_at(self, draft: BufferedRandom, allowed: Sequence[str]) -> str:
        draft.seek(0)
        beginning = draft.read(BEGINNING)
        content_type = content_type_of(beginning)
        if content_type not in allowed:
            raise UnusableFile("not_wanted")
        if content_type == PDF:
            draft.seek(max(0, draft.seek(0, os.SEEK_END) - PDF_END))
            require_whole_pdf(beginning, draft.read())
        draft.seek(0)
        return content_type

    def _keep(self, file_id: uuid.UUID, draft: BufferedRandom, content_type: str) -> Saved:
        draft.flush()
        os.fsync(draft.fileno())
        draft.seek(0)
        digest = hashlib.file_digest(draft, "sha256").hexdigest()
        path = self._path(file_id)
        Path(draft.name).rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name, too, is there after a power cut
        finally:
            os.close(folder)
        return Saved(file_id, content_type, draft.seek(0, os.SEEK_END), digest)
