"""The mailbox of returned letters: POP3 (RFC 1939) or IMAP (RFC 9051).

Nothing is taken out before `remove` is called for it, and what was removed is really gone only at the end of the
session, so whoever dies in between finds everything again.
"""

import contextlib
import imaplib
import poplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from services.mailer.rules.mailbox_url import MailboxAddress

TIMEOUT = 30.0
NUMBER = re.compile(rb"^\d+$")
LONGEST_MARK = 300

# Lines of returned letters may be longer than what poplib takes by itself (RFC 5322 allows 998 characters, some write
# whole paragraphs): what ends endless answers is the size limit of a message.
poplib._MAXLINE = 1024 * 1024  # type: ignore[attr-defined]


class MailboxTrouble(Exception):
    """The mailbox can not be read; the text is for people and holds no password."""


@dataclass(frozen=True)
class Waiting:
    """A message in the mailbox: our name for it, what the server calls it, and its size in bytes."""

    mark: str
    key: str
    size: int


class Mailbox(Protocol):
    """An open mailbox."""

    def list_messages(self) -> list[Waiting]:
        """What lies there and was not set aside, the oldest first."""

    def fetch(self, message: Waiting) -> bytes:
        """One message as it came."""

    def remove(self, message: Waiting) -> None:
        """Take it out; it is gone when the mailbox is closed."""

    def set_aside(self, message: Waiting) -> None:
        """Leave it for people, and do not list it again where the server can remember that."""


@contextmanager
def open_mailbox(address: MailboxAddress) -> Iterator[Mailbox]:
    """Open, and close in order, which removes what is to be removed; raises MailboxTrouble."""
    opened = _Pop(address) if address.scheme.startswith("pop3") else _Imap(address)
    with _told(address):
        try:
            opened.open()
            yield opened
        except BaseException:
            opened.drop()
            raise
        opened.close()


@contextmanager
def _told(address: MailboxAddress) -> Iterator[None]:
    where = f"{address.host}:{address.port}"
    try:
        yield
    except ssl.SSLError as error:
        raise MailboxTrouble(f"no safe connection to {where}: {error.reason or 'certificate not valid'}") from error
    except (poplib.error_proto, imaplib.IMAP4.error) as error:
        raise MailboxTrouble(f"{where} refuses: {_clean(error)}") from error
    except (OSError, EOFError) as error:
        raise MailboxTrouble(
            f"{where} can not be reached: {getattr(error, 'strerror', None) or type(error).__name__}"
        ) from error


def _clean(error: Exception) -> str:
    told = error.args[0] if error.args else type(error).__name__
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    return "".join(c for c in text if c.isprintable())[:200]


class _Pop:
    def __init__(self, address: MailboxAddress) -> None:
        self._address = address
        self._pop: poplib.POP3

    def open(self) -> None:
        address, context = self._address, ssl.create_default_context()
        if address.implicit_tls:
            self._pop = poplib.POP3_SSL(address.host, address.port, timeout=TIMEOUT, context=context)
        else:
            self._pop = poplib.POP3(address.host, address.port, timeout=TIMEOUT)
            if "STLS" in self._capabilities():
                self._pop.stls(context)
        self._pop.user(address.user)
        self._pop.pass_(address.password)

    def _capabilities(self) -> dict[str, list[str]]:
        try:
            return self._pop.capa()
        except poplib.error_proto:  # older than RFC 2449
            return {}

    def list_messages(self) -> list[Waiting]:
        sizes = dict(line.split()[:2] for line in self._pop.list()[1])
        names = dict(line.split()[:2] for line in self._pop.uidl()[1])
        return [
            Waiting(
                f"{self._address.name}/{names[number].decode('ascii', 'replace')}"[:LONGEST_MARK],
                number.decode(),
                int(size),
            )
            for number, size in sizes.items()
            if number in names
        ]

    def fetch(self, message: Waiting) -> bytes:
        return b"\r\n".join(self._pop.retr(int(message.key))[1]) + b"\r\n"

    def remove(self, message: Waiting) -> None:
        self._pop.dele(int(message.key))

    def set_aside(self, message: Waiting) -> None:
        pass  # POP3 knows no such thing: its mark is remembered instead

    def close(self) -> None:
        self._pop.quit()

    def drop(self) -> None:
        with contextlib.suppress(AttributeError):  # it was never opened
            self._pop.close()  # without QUIT nothing is removed


class _Imap:
    def __init__(self, address: MailboxAddress) -> None:
        self._address = address
        self._imap: imaplib.IMAP4
        self._validity = ""

    def open(self) -> None:
        address, context = self._address, ssl.create_default_context()
        if address.implicit_tls:
            self._imap = imaplib.IMAP4_SSL(address.host, address.port, ssl_context=context, timeout=TIMEOUT)
        else:
            self._imap = imaplib.IMAP4(address.host, address.port, timeout=TIMEOUT)
            if "STARTTLS" in self._imap.capabilities:
                self._imap.starttls(context)
        self._imap.login(address.user, address.password)
        self._good(self._imap.select("INBOX"))
        _kind, found = self._imap.response("UIDVALIDITY")
        self._validity = found[0].decode() if found and found[0] else ""

    def list_messages(self) -> list[Waiting]:
        (found,) = self._good(self._imap.uid("SEARCH", "UNSEEN", "UNDELETED"))
        uids = [uid.decode() for uid in (found or b"").split() if NUMBER.match(uid)]
        mark = f"{self._address.name}/{self._validity}"
        return [Waiting(f"{mark}/{uid}"[:LONGEST_MARK], uid, self._size(uid)) for uid in uids[:1000]]

    def _size(self, uid: str) -> int:
        for line in self._good(self._imap.uid("FETCH", uid, "(RFC822.SIZE)")):
            if isinstance(line, bytes) and (size := re.search(rb"RFC822\.SIZE (\d+)", line)):
                return int(size[1])
        return 0

    def fetch(self, message: Waiting) -> bytes:
        for part in self._good(self._imap.uid("FETCH", message.key, "(BODY.PEEK[])")):
            if isinstance(part, tuple):
                return bytes(part[1])
        raise imaplib.IMAP4.error("the message is gone")

    def remove(self, message: Waiting) -> None:
        self._good(self._imap.uid("STORE", message.key, "+FLAGS.SILENT", r"(\Seen \Deleted)"))

    def set_aside(self, message: Waiting) -> None:
        self._good(self._imap.uid("STORE", message.key, "+FLAGS.SILENT", r"(\Seen)"))

    def close(self) -> None:
        self._imap.close()  # expunges what is marked
        self._imap.logout()

    def drop(self) -> None:
        with contextlib.suppress(AttributeError, OSError, imaplib.IMAP4.error):
            self._imap.shutdown()

    def _good(self, answer: tuple[str, Any]) -> list[Any]:
        kind, data = answer
        if kind != "OK":
            raise imaplib.IMAP4.error(data[0] if data else kind)
        return list(data)
