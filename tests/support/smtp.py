"""A mail server that takes every letter, or answers what a test tells it to."""

import asyncio
import email
import email.policy
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.processes import free_port

_DROP = "drop the connection"


@dataclass(frozen=True)
class ReceivedLetter:
    """One letter as it came in."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    connection: int  # which connection brought it, counted from 1
    received_at: float = field(default_factory=time.perf_counter)  # seconds, to compare with others only

    @property
    def message(self) -> EmailMessage:
        """The letter, parsed."""
        return email.message_from_bytes(self.content, _class=EmailMessage, policy=email.policy.default)

    @property
    def text(self) -> str:
        """Its plain-text part, decoded; empty when there is none."""
        part = self.message.get_body(("plain",))
        return str(part.get_content()) if part else ""

    @property
    def html(self) -> str:
        """Its HTML part, decoded; empty when there is none."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part else ""


@dataclass
class _Rule:
    stage: str
    answer: str
    left: int | None  # how often it still applies; None is always


class SmtpSink:
    """Listens on a free port of 127.0.0.1; what it took is in `messages`, in order.

    Without a rule for a recipient every letter is taken. `delay` (seconds) is waited before each answer to DATA,
    as a server far away would.
    """

    def __init__(self, **smtp_options: Any) -> None:
        self.messages: list[ReceivedLetter] = []
        self.connections = 0
        self.delay = 0.0
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self._rules: dict[str, list[_Rule]] = {}
        self._open = threading.Event()
        self._open.set()
        self._options = smtp_options
        self._controller: Controller | None = None

    def start(self) -> None:
        """Listen; on the same port again after `stop`."""
        self._controller = Controller(
            _Handler(self), hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True, **self._options
        )
        self._controller.start()

    def stop(self) -> None:
        """Stop listening and close every connection; what was received stays."""
        self._open.set()
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def answer(self, recipient: str, status: str, *, stage: str = "RCPT", times: int | None = None) -> None:
        """Answer `status` (such as "450 4.2.1 try later") for a recipient at `stage` RCPT or DATA, `times` times."""
        self._rules.setdefault(recipient.lower(), []).append(_Rule(stage, status, times))

    def disconnect(self, recipient: str, *, stage: str = "DATA", times: int | None = None) -> None:
        """Drop the connection for a recipient at `stage`: RCPT, DATA (letter not kept), or ACCEPTED.

        ACCEPTED keeps the letter and drops the connection before the answer: the sender can not know.
        """
        self.answer(recipient, _DROP, stage=stage, times=times)

    def accept(self, recipient: str) -> None:
        """Forget the rules for a recipient."""
        self._rules.pop(recipient.lower(), None)

    def hold(self) -> None:
        """Keep every sender waiting for the answer to its letter until `release`."""
        self._open.clear()

    def release(self) -> None:
        """Answer those who wait, and all that follow."""
        self._open.set()

    def to(self, recipient: str) -> list[ReceivedLetter]:
        """Return the letters that this recipient got, in order."""
        return [letter for letter in self.messages if recipient.lower() in map(str.lower, letter.recipients)]

    def _rule_for(self, recipient: str, stage: str) -> str | None:
        for rule in self._rules.get(recipient.lower(), ()):
            if rule.stage == stage and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.answer
        return None


class _Handler:
    """What aiosmtpd calls, in the thread of its own loop."""

    def __init__(self, sink: SmtpSink) -> None:
        self._sink = sink
        self._numbers: dict[int, int] = {}

    async def handle_EHLO(  # noqa: N802 - the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self._sink.connections += 1
        self._numbers[id(session)] = self._sink.connections
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        if (status := self._sink._rule_for(address, "RCPT")) is not None:
            return _obey(server, status)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        sink = self._sink
        if sink.delay:
            await asyncio.sleep(sink.delay)
        if not sink._open.is_set():
            await asyncio.get_running_loop().run_in_executor(None, sink._open.wait)
        for recipient in envelope.rcpt_tos:
            if (status := sink._rule_for(recipient, "DATA")) is not None:
                return _obey(server, status)
        content = envelope.original_content or b""
        connection = self._numbers.get(id(session), 0)
        sink.messages.append(ReceivedLetter(envelope.mail_from or "", tuple(envelope.rcpt_tos), content, connection))
        for recipient in envelope.rcpt_tos:
            if (status := sink._rule_for(recipient, "ACCEPTED")) is not None:
                return _obey(server, status)
        return "250 2.0.0 OK: taken"


def _obey(server: SMTP, status: str) -> str:
    if status == _DROP:
        assert isinstance(server.transport, asyncio.WriteTransport)
        server.transport.abort()
        return "421 4.3.2 gone"
    return status
