"""The local sink: a mail server on this machine that keeps every letter as a file and sends nothing on.

It stands in where no real mail server is set. Its folder is a Maildir, so any mail program can read it too.
"""

import asyncio
import email
import email.policy
import itertools
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

NAME = re.compile(r"\d{19}\.\d+_\d+\.local")
STARTED_WITHIN = 10.0
SEARCHED = 20_000


class LocalSink:
    """The server. Runs in a daemon thread, on a free port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(1)
        self._started = threading.Event()
        self.port = 0

    def start(self) -> int:
        """Listen; returns the port."""
        for name in ("tmp", "new", "cur"):
            (self._folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        threading.Thread(target=lambda: asyncio.run(self._serve()), name="sink", daemon=True).start()
        if not self._started.wait(STARTED_WITHIN):
            raise RuntimeError("the local sink did not start")
        return self.port

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, hostname="localhost", ident="sink"), "127.0.0.1", 0
        )
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        async with server:
            await server.serve_forever()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a letter; what aiosmtpd calls."""
        name = f"{time.time_ns()}.{os.getpid()}_{next(self._numbers)}.local"
        content = envelope.original_content or b""
        head = f"Delivered-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        draft = self._folder / "tmp" / name
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(head + content)
        draft.rename(self._folder / "new" / name)
        return "250 2.0.0 kept in the local sink, sent nowhere"


@dataclass(frozen=True)
class SinkLetter:
    """A letter of the sink, for a list."""

    name: str
    arrived_at: datetime
    recipient: str
    subject: str


def list_sink(
    folder: Path, *, text: str = "", before: str = "", limit: int = 50
) -> tuple[list[SinkLetter], str | None]:
    """Letters of the sink, the newest first, and the name after which the next page begins (None at the end).

    `text` is part of a recipient's name or address, or of the subject.
    """
    found: list[SinkLetter] = []
    wanted = text.casefold()
    for name in itertools.islice(_names(folder, before), SEARCHED):
        message = _headers(folder / "new" / name)
        letter = SinkLetter(name, _arrival(name), str(message.get("To", "")), str(message.get("Subject", "")))
        if wanted in f"{letter.recipient} {letter.subject} {message.get('Delivered-To', '')}".casefold():
            found.append(letter)
            if len(found) > limit:
                return found[:limit], found[limit - 1].name
    return found, None


def count_sink(folder: Path) -> int:
    """How many letters the sink keeps."""
    return sum(1 for _ in _names(folder, ""))


def read_sink(folder: Path, name: str) -> EmailMessage | None:
    """A letter of the sink, parsed; None if there is none of this name."""
    if not NAME.fullmatch(name):
        return None
    try:
        with (folder / "new" / name).open("rb") as file:
            return email.message_from_binary_file(file, _class=EmailMessage, policy=email.policy.default)
    except FileNotFoundError:
        return None


def part_of(message: EmailMessage, subtype: str) -> str:
    """The plain or HTML part of a letter, "" if it has none."""
    part = message.get_body((subtype,))
    return str(part.get_content()) if part is not None else ""


def date_of(message: EmailMessage) -> datetime | None:
    """When a letter says that it was written; None if it does not say it so that it can be understood."""
    return getattr(message["Date"], "datetime", None)


def _names(folder: Path, before: str) -> Iterator[str]:
    try:
        names = [entry.name for entry in os.scandir(folder / "new") if NAME.fullmatch(entry.name)]
    except FileNotFoundError:
        return
    names.sort(key=_order, reverse=True)
    after = _order(before) if NAME.fullmatch(before) else None
    yield from (name for name in names if after is None or _order(name) < after)


def _order(name: str) -> tuple[int, ...]:
    moment, origin, _ = name.split(".")
    pid, _, number = origin.partition("_")
    return int(moment), int(number), int(pid)


def _arrival(name: str) -> datetime:
    return datetime.fromtimestamp(int(name.split(".", maxsplit=1)[0]) / 1e9, UTC)


def _headers(path: Path) -> Any:
    with path.open("rb") as file:
        head = file.read(16_384).partition(b"\r\n\r\n")[0]
    return email.message_from_bytes(head, policy=email.policy.default)
