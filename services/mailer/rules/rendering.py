"""What a letter looks like: the templates, filled in, as the bytes that go to the mail server.

A letter is rendered when it is sent and never stored, because it holds the password in clear (docs/adr/0003).
"""

import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.dates import format_datetime as format_for_people

from services.mailer.rules.attachments import AttachedFile, enclosed
from services.mailer.rules.dkim import Signer
from services.mailer.rules.markup import paragraphs
from services.mailer.rules.notices import SEALED, WITH_CODE
from services.mailer.rules.states import (
    CREDENTIAL,
    CREDENTIAL_LINK,
    GENERAL,
    NOTICES,
    RECOVERY,
    STAFF_INVITATION,
    STAFF_RESET,
    TEST,
)
from services.mailer.rules.templates import Template, Written, default_template, known_language

PATHS = {
    CREDENTIAL: "/customerarea",
    CREDENTIAL_LINK: "/customerarea/activate?token=",
    RECOVERY: "/customerarea/reset?token=",
    STAFF_INVITATION: "/backoffice/identity/join?token=",
    STAFF_RESET: "/backoffice/identity/join?token=",
}
NAME_LIMIT = 150
LONGEST_LINE = 998  # RFC 5322, 2.1.1
MASKED_PASSWORD = "••••-••••-••••-••••"  # noqa: S105
MASKED_TOKEN = "••••••••"  # noqa: S105
MASKED_CODE = "••••••"
MASKED_STOP = "/customerarea/notices/••••••••/stop"

Templates = Callable[[str, str], Template]
"""Gives the template of a kind in one of the languages."""


class LetterImpossible(Exception):
    """This letter can not be written; the text says why, without its secret."""


@dataclass(frozen=True)
class Content:
    """What one letter says. `secret` is the password, the code, or the token of the link.

    Letters of the kinds `general` and `test` bring their own words and have no secret; `html` is the test's whole page.
    Notices bring the `path` of their link and their `values`, and the `stop_path` on which their reader stops them.
    """

    letter_id: UUID
    kind: str
    language: str
    name: str
    login: str
    secret: str
    expires_at: datetime
    subject: str = ""
    text: str = ""
    html: str = ""
    path: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    stop_path: str = ""

    @property
    def has_secret(self) -> bool:
        """Whether it says what only the recipient may read."""
        return self.kind in PATHS or self.kind in SEALED


def link_of(path: str, public_url: str, secret: str) -> str:
    """The address in a letter: a page, or a single-use link."""
    return f"{public_url}{path}{quote(secret, safe='')}" if path.endswith("=") else f"{public_url}{path}"


@lru_cache(maxsize=1024)
def _moment(at: datetime, language: str, timezone: str) -> str:
    pattern = "d 'de' MMMM 'de' y, HH:mm" if language == "es" else "d MMMM y, HH:mm"
    return format_for_people(at, pattern, tzinfo=ZoneInfo(timezone), locale=language)


class Writer:
    """Writes letters for one installation: it knows its public address, zone and sender."""

    def __init__(
        self,
        public_url: str,
        timezone: str,
        sender: str,
        templates: Templates = default_template,
        signer: Signer | None = None,
    ) -> None:
        self._public_url, self._timezone, self._templates, self._signer = public_url, timezone, templates, signer
        name, self.sender_address = parseaddr(sender)
        self._from = _mailbox(name, self.sender_address)

    def write(self, content: Content) -> Written:
        """A letter in words; raises LetterImpossible."""
        if content.kind == TEST:
            return Written(content.subject, content.text, content.html)
        language = known_language(content.language)
        return self.fill(self._templates(content.kind, language), content)

    def fill(self, template: Template, content: Content) -> Written:
        """A letter in the words of this template; raises LetterImpossible."""
        name = one_line(content.name)[:NAME_LIMIT]
        if content.kind == GENERAL:
            values = {"name": name, "text": content.text, "subject": content.subject}
            return template.fill(values, {"text": paragraphs(content.text)})
        if "\n" in content.secret or "\r" in content.secret:
            raise LetterImpossible("the password has a line break")
        if content.kind in NOTICES:
            said = {name: one_line(value) for name, value in content.values.items()}
            if content.kind in WITH_CODE:
                said["code"] = one_line(content.secret)
            link = link_of(content.path, self._public_url, content.secret)
            stop_url = self._stop_url(content)
            return template.fill({**said, "name": name, "link": link, "subject": template.subject}, None, stop_url)
        minute = content.expires_at.replace(second=0, microsecond=0)
        return template.fill(
            {
                "name": name,
                "login": one_line(content.login),
                "password": content.secret,
                "link": link_of(PATHS[content.kind], self._public_url, content.secret),
                "expires": _moment(minute, known_language(content.language), self._timezone),
                "subject": template.subject,
            }
        )

    def preview(self, content: Content) -> Written:
        """The same letter with its secret masked, for people who must not know it."""
        if content.stop_path:
            content = replace(content, stop_path=MASKED_STOP)  # whoever knows that address decides for the reader
        if not content.has_secret:
            return self.write(content)
        masked = MASKED_CODE if content.kind in WITH_CODE else MASKED_TOKEN
        if content.kind == CREDENTIAL:
            masked = MASKED_PASSWORD
        written = self.write(replace(content, secret=masked))
        plain = quote(masked, safe="")
        return Written(written.subject, written.text.replace(plain, masked), written.html.replace(plain, masked))

    def render(
        self,
        content: Content,
        address: str,
        message_id: str,
        at: datetime,
        *,
        eight_bit: bool,
        files: Sequence[AttachedFile] = (),
    ) -> bytes:
        """The whole message with CRLF line ends (RFC 5322); `eight_bit` if the server offers 8BITMIME.

        A signed one is in ASCII all the same: a server on the way that converts it would break the signature
        (RFC 6376, 5.3).
        """
        eight_bit = eight_bit and self._signer is None
        written = self.write(content)
        boundary = f"=_{content.letter_id.hex}"
        head = (
            f"From: {self._from}\r\n"
            f"To: {_mailbox(one_line(content.name)[:NAME_LIMIT], address)}\r\n"
            f"Subject: {_subject(written.subject)}\r\n"
            f"Date: {format_datetime(at)}\r\n"
            f"Message-ID: <{message_id}>\r\n"
            "MIME-Version: 1.0\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "X-Auto-Response-Suppress: All\r\n"
            f"Content-Language: {known_language(content.language)}\r\n"
            f"{self._stop_fields(content)}"
        )
        kind = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        text = _part(boundary, "plain", written.text, eight_bit)
        rich = _part(boundary, "html", written.html, eight_bit)
        body = b"".join((kind.encode(), text, rich, f"--{boundary}--\r\n".encode()))
        if files:
            outer = f"{boundary}_files"
            body = f'Content-Type: multipart/mixed; boundary="{outer}"\r\n\r\n'.encode() + enclosed(outer, body, files)
        whole = head.encode() + body
        return self._signer.sign(whole, at) if self._signer else whole

    def _stop_url(self, content: Content) -> str:
        return f"{self._public_url}{content.stop_path}" if content.stop_path else ""

    def _stop_fields(self, content: Content) -> str:
        """How a mail program stops such letters for its user, without a visit to the page (RFC 2369, RFC 8058)."""
        if not content.stop_path:
            return ""
        return f"List-Unsubscribe: <{self._stop_url(content)}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def one_line(text: str) -> str:
    """A value that can not break a header or a line: no control characters, spaces as one."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@lru_cache(maxsize=64)
def _subject(subject: str) -> str:
    return Header(subject, "utf-8" if not subject.isascii() else "us-ascii", 76, "Subject").encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    """`Name <address>` for a header: quoted where ASCII, in encoded words (RFC 2047) otherwise, folded when long."""
    if not name:
        return address
    if name.isascii() and len(name) <= 60:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    encoded = _encoded_words(name)
    room = "\r\n " if len(encoded) + len(address) > 66 else " "
    return f"{encoded}{room}<{address}>"


def _encoded_words(text: str) -> str:
    """Text outside ASCII for a header (RFC 2047): words of at most 75 characters that never cut a character in two."""
    words, piece = [], b""
    for character in text:
        encoded = character.encode()
        if len(piece) + len(encoded) > 42:
            words.append(piece)
            piece = b""
        piece += encoded
    return "\r\n ".join(f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in [*words, piece])


def _part(boundary: str, subtype: str, text: str, eight_bit: bool) -> bytes:
    body = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
    encoding = "8bit"
    if not eight_bit or max(map(len, body.split(b"\r\n"))) > LONGEST_LINE:
        encoding = "quoted-printable"
        body = binascii.b2a_qp(body, istext=True)
    head = (
        f"--{boundary}\r\n"
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"
