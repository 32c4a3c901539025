"""Small mailboxes for tests: a POP3 and an IMAP server on 127.0.0.1, each with one user and one folder."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

USER, PASSWORD = "rebotes", "clave-del-buzon"


@dataclass
class Stored:
    """A message in the mailbox."""

    uid: int
    content: bytes
    flags: set[str] = field(default_factory=set)


class FakeMailbox:
    """What the servers show. `commands` is what clients said; `hang_up_at` is a command at which the line goes dead."""

    def __init__(self) -> None:
        self.messages: list[Stored] = []
        self.commands: list[str] = []
        self.hang_up_at = ""
        self.scheme = ""
        self.port = 0
        self._next = 1

    def put(self, *contents: bytes) -> None:
        """Messages arrive."""
        for content in contents:
            self.messages.append(Stored(self._next, content))
            self._next += 1

    @property
    def url(self) -> str:
        """The address of the mailbox with its user and password."""
        return f"{self.scheme}://{USER}:{PASSWORD}@127.0.0.1:{self.port}"

    def fetched(self) -> int:
        """How many messages were read."""
        return sum(command.startswith("RETR") or "BODY.PEEK" in command for command in self.commands)


class _HangUp(Exception):
    pass


class _Talk(socketserver.StreamRequestHandler):
    timeout = 20

    @property
    def box(self) -> FakeMailbox:
        return self.server.box  # type: ignore[attr-defined]

    def say(self, *lines: str | bytes) -> None:
        for line in lines:
            self.wfile.write((line if isinstance(line, bytes) else line.encode()) + b"\r\n")

    def hear(self) -> str:
        line = self.rfile.readline()
        if not line:
            raise _HangUp
        command = line.decode().strip()
        self.box.commands.append(command)
        if self.box.hang_up_at and self.box.hang_up_at in command:
            raise _HangUp
        return command


class _Pop3(_Talk):
    def handle(self) -> None:
        self._marked: set[int] = set()
        self._here = list(self.box.messages)
        self.say("+OK ready")
        try:
            while self._answer(self.hear()):
                pass
        except _HangUp:
            return

    def _answer(self, command: str) -> bool:
        word, _, rest = command.partition(" ")
        number = int(rest) - 1 if rest.isdigit() else -1
        match word.upper():
            case "CAPA":
                self.say("+OK", "UIDL", "USER", ".")
            case "USER":
                self.say("+OK")
            case "PASS":
                self.say("+OK" if rest == PASSWORD else "-ERR wrong password")
            case "LIST":
                self._listing(lambda one: len(one.content))
            case "UIDL":
                self._listing(lambda one: f"uid{one.uid}")
            case "RETR":
                lines = self._here[number].content.rstrip(b"\r\n").split(b"\r\n")
                self.say("+OK", *(b"." + line if line.startswith(b".") else line for line in lines), ".")
            case "DELE":
                self._marked.add(self._here[number].uid)
                self.say("+OK")
            case "QUIT":
                self.box.messages = [one for one in self.box.messages if one.uid not in self._marked]
                self.say("+OK bye")
                return False
            case _:
                self.say("-ERR what?")
        return True

    def _listing(self, value: Any) -> None:
        self.say("+OK", *(f"{number} {value(one)}" for number, one in enumerate(self._here, 1)), ".")


class _Imap4(_Talk):
    def handle(self) -> None:
        self.say("* OK ready")
        try:
            while True:
                tag, _, command = self.hear().partition(" ")
                if not self._answer(tag, command):
                    return
        except _HangUp:
            return

    def _answer(self, tag: str, command: str) -> bool:
        word = command.upper()
        if word.startswith("CAPABILITY"):
            self.say("* CAPABILITY IMAP4rev1")
        elif word.startswith("LOGIN"):
            if PASSWORD not in command:
                self.say(f"{tag} NO wrong password")
                return True
        elif word.startswith("SELECT"):
            self.say(f"* {len(self.box.messages)} EXISTS", "* OK [UIDVALIDITY 7] fine")
        elif word.startswith("UID SEARCH"):
            unseen = [str(one.uid) for one in self.box.messages if not one.flags & {"\\Seen", "\\Deleted"}]
            self.say(f"* SEARCH {' '.join(unseen)}".rstrip())
        elif word.startswith("UID FETCH"):
            self._fetch(int(command.split()[2]), word)
        elif word.startswith("UID STORE"):
            uid = int(command.split()[2])
            self._of(uid).flags.update(re.findall(r"\\\w+", command))
        elif word.startswith("CLOSE"):
            self.box.messages = [one for one in self.box.messages if "\\Deleted" not in one.flags]
        elif word.startswith("LOGOUT"):
            self.say("* BYE bye", f"{tag} OK done")
            return False
        self.say(f"{tag} OK done")
        return True

    def _of(self, uid: int) -> Stored:
        return next(one for one in self.box.messages if one.uid == uid)

    def _fetch(self, uid: int, word: str) -> None:
        content = self._of(uid).content
        if "SIZE" in word:
            self.say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(content)})")
        else:
            self.say(f"* 1 FETCH (UID {uid} BODY[] {{{len(content)}}}")
            self.wfile.write(content)
            self.say(")")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def running_mailbox(scheme: str) -> Iterator[FakeMailbox]:
    """A mailbox that speaks `pop3` or `imap`."""
    box = FakeMailbox()
    with _Server(("127.0.0.1", 0), _Pop3 if scheme == "pop3" else _Imap4) as server:
        server.box = box  # type: ignore[attr-defined]
        box.scheme, box.port = scheme, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield box
        server.shutdown()
        thread.join(10)
