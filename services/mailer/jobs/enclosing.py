"""The files that go with letters, fetched right before their letters are sent and kept nowhere."""

import time
from dataclasses import dataclass

import structlog

from services.mailer.actions.sending import ClaimedLetter
from services.mailer.clients.portal import FileGone, FileTooLarge, PortalFiles, PortalUnavailable
from services.mailer.rules.attachments import SIZE_LIMIT, AttachedFile

REST = 30.0
"""Seconds for which a portal that gave no answer is not asked again: other letters are not to wait for it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Enclosed:
    """What goes with a letter. `left_out`: names of files without which it goes; `trouble`: why it can not go now."""

    files: tuple[AttachedFile, ...] = ()
    left_out: tuple[str, ...] = ()
    trouble: str = ""


class Encloser:
    """Fetches files for the sending threads of one process."""

    def __init__(self, files: PortalFiles) -> None:
        self._files = files
        self._rest_until = 0.0
        self._trouble = ""

    def fetch(self, letter: ClaimedLetter) -> Enclosed:
        """What goes with this letter. A file that is gone, or too large, is left out: the letter leads to it anyway."""
        found: list[AttachedFile] = []
        left_out: list[str] = []
        room = SIZE_LIMIT
        for wanted in letter.attachments or ():
            name = wanted["name"]
            try:
                content = self._fetch(wanted["path"], letter.language, room)
            except (FileGone, FileTooLarge) as error:
                log.warning("file_left_out", letter=str(letter.id), why=type(error).__name__)
                left_out.append(name)
            except PortalUnavailable as error:
                return Enclosed(trouble=f"{name} could not be fetched: {error}")
            else:
                room -= len(content)
                found.append(AttachedFile(name, wanted["media_type"], content))
        return Enclosed(tuple(found), tuple(left_out))

    def _fetch(self, path: str, language: str, most: int) -> bytes:
        if time.monotonic() < self._rest_until:
            raise PortalUnavailable(self._trouble, answered=False)
        try:
            return self._files.fetch(path, language, most)
        except PortalUnavailable as error:
            if not error.answered:
                self._rest_until, self._trouble = time.monotonic() + REST, str(error)
            raise
