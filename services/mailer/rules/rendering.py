"""What a letter looks like: the templates, filled in, as the bytes that go to the mail server.

A letter is rendered when it is sent and never stored, because it holds the password in clear (docs/adr/0003). What is
the same for all letters of a kind is prepared once; for each one there is little more to do than to join texts.
"""

import binascii
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, parseaddr
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_datetime as format_for_people

from services.mailer.rules.states import CREDENTIAL, CREDENTIAL_LINK, RECOVERY

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")
REQUIRED = {CREDENTIAL: ("link", "login", "password"), CREDENTIAL_LINK: ("link", "login"), RECOVERY: ("link", "login")}
KNOWN = ("name", "link", "login", "password", "expires", "subject")
PATHS = {
    CREDENTIAL: "/customerarea",
    CREDENTIAL_LINK: "/customerarea/activate?token=",
    RECOVERY: "/customerarea/reset?token=",
}
LANGUAGES = ("es", "en")
NAME_LIMIT = 150
LONGEST_LINE = 998  # RFC 5322, 2.1.1
MASKED_PASSWORD = "••••-••••-••••-••••"  # noqa: S105
MASKED_TOKEN = "••••••••"  # noqa: S105


class TemplateRefused(Exception):
    """A template lacks a placeholder that its kind needs, or has one that nobody knows."""


class LetterImpossible(Exception):
    """This letter can not be written; the text says why, without its secret."""


@dataclass(frozen=True)
class Content:
    """What one letter says. `secret` is the password, or the token of the link."""

    letter_id: UUID
    kind: str
    language: str
    name: str
    login: str
    secret: str
    expires_at: datetime


@dataclass(frozen=True)
class Written:
    """A letter in words: subject, plain text and HTML."""

    subject: str
    text: str
    html: str


class Template:
    """The words of one kind of letter in one language."""

    def __init__(self, kind: str, subject: str, text: str, body: str, frame: str) -> None:
        self.subject = subject.strip()
        whole = css_inline.inline(frame.replace("{{ body }}", body), keep_at_rules=True, load_remote_stylesheets=False)
        self._text = PLACEHOLDER.split(text.strip() + "\n")
        self._html = PLACEHOLDER.split(whole)
        self._check(kind)

    def _check(self, kind: str) -> None:
        if PLACEHOLDER.search(self.subject):
            raise TemplateRefused(f"{kind}: the subject is shown in lists and notices and takes no values")
        for name, parts in (("text", self._text), ("html", self._html)):
            used = set(parts[1::2])
            if missing := set(REQUIRED[kind]) - used:
                raise TemplateRefused(f"{kind} {name}: lacks {', '.join(sorted(missing))}")
            if unknown := used - set(KNOWN):
                raise TemplateRefused(f"{kind} {name}: unknown {', '.join(sorted(unknown))}")

    def fill(self, values: Mapping[str, str]) -> Written:
        """Put values in their places; in HTML they are escaped, so none of them can become markup."""
        escaped = {name: html.escape(value) for name, value in values.items()}
        return Written(self.subject, _join(self._text, values), _join(self._html, escaped))


def _join(parts: list[str], values: Mapping[str, str]) -> str:
    filled = parts.copy()
    for position in range(1, len(parts), 2):
        filled[position] = values[parts[position]]
    return "".join(filled)


@cache
def template_of(kind: str, language: str) -> Template:
    """The template of a kind of letter in a language (Spanish where there is no other)."""
    chosen = language if language in LANGUAGES else LANGUAGES[0]
    folder = resources.files("services.mailer") / "templates" / "letters"

    def read(path: "Traversable") -> str:
        return path.read_text("utf-8")

    own = folder / kind
    return Template(
        kind,
        read(own / f"subject.{chosen}"),
        read(own / f"body_text.{chosen}"),
        read(own / f"body_html.{chosen}"),
        read(folder / f"frame.{chosen}"),
    )


def link_of(kind: str, public_url: str, secret: str) -> str:
    """The address in a letter: the client area, or a single-use link."""
    path = PATHS[kind]
    return f"{public_url}{path}{quote(secret, safe='')}" if path.endswith("=") else f"{public_url}{path}"


@lru_cache(maxsize=1024)
def _moment(at: datetime, language: str, timezone: str) -> str:
    pattern = "d 'de' MMMM 'de' y, HH:mm" if language == "es" else "d MMMM y, HH:mm"
    return format_for_people(at, pattern, tzinfo=ZoneInfo(timezone), locale=language)


class Writer:
    """Writes letters for one installation: it knows its public address, zone and sender."""

    def __init__(self, public_url: str, timezone: str, sender: str) -> None:
        self._public_url, self._timezone = public_url, timezone
        name, self.sender_address = parseaddr(sender)
        self._from = _mailbox(name, self.sender_address)

    def write(self, content: Content) -> Written:
        """A letter in words; raises LetterImpossible."""
        if "\n" in content.secret or "\r" in content.secret:
            raise LetterImpossible("the password has a line break")
        language = content.language if content.language in LANGUAGES else LANGUAGES[0]
        minute = content.expires_at.replace(second=0, microsecond=0)
        template = template_of(content.kind, language)
        return template.fill(
            {
                "name": one_line(content.name)[:NAME_LIMIT],
                "login": one_line(content.login),
                "password": content.secret,
                "link": link_of(content.kind, self._public_url, content.secret),
                "expires": _moment(minute, language, self._timezone),
                "subject": template.subject,
            }
        )

    def preview(self, content: Content) -> Written:
        """The same letter with its secret masked, for people who must not know it."""
        masked = MASKED_PASSWORD if content.kind == CREDENTIAL else MASKED_TOKEN
        values = {**content.__dict__, "secret": masked}
        written = self.write(Content(**values))
        plain = quote(masked, safe="")
        return Written(written.subject, written.text.replace(plain, masked), written.html.replace(plain, masked))

    def render(self, content: Content, address: str, message_id: str, at: datetime, *, eight_bit: bool) -> bytes:
        """The whole message with CRLF line ends (RFC 5322); `eight_bit` if the server offers 8BITMIME."""
        written = self.write(content)
        boundary = f"=_{content.letter_id.hex}"
        language = content.language if content.language in LANGUAGES else LANGUAGES[0]
        head = (
            f"From: {self._from}\r\n"
            f"To: {_mailbox(one_line(content.name)[:NAME_LIMIT], address)}\r\n"
            f"Subject: {_subject(written.subject)}\r\n"
            f"Date: {format_datetime(at)}\r\n"
            f"Message-ID: <{message_id}>\r\n"
            "MIME-Version: 1.0\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "X-Auto-Response-Suppress: All\r\n"
            f"Content-Language: {language}\r\n"
            f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        )
        text = _part(boundary, "plain", written.text, eight_bit)
        rich = _part(boundary, "html", written.html, eight_bit)
        return b"".join((head.encode(), text, rich, f"--{boundary}--\r\n".encode()))


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
