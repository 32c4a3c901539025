"""Letters in words and bytes: whatever a name or a password holds, it stays a value."""

import email
import email.policy
import html
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.rendering import (
    LANGUAGES,
    MASKED_PASSWORD,
    Content,
    LetterImpossible,
    Template,
    TemplateRefused,
    Writer,
    one_line,
)
from services.mailer.rules.states import KINDS

AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
WRITER = Writer("https://agencia.example", "America/Bogota", "Agencia Ñandú <cartas@agencia.example>")
SECRETS = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs", "Cc")), min_size=1, max_size=72)


def content(**values: object) -> Content:
    given_ = {
        "letter_id": UUID(int=7),
        "kind": "credential",
        "language": "es",
        "name": "José",
        "login": "1.234.567-8",
        "secret": "abcd-efgh-jkmn-pqrs",
        "expires_at": AT,
    }
    return Content(**(given_ | values))  # type: ignore[arg-type]


def parsed(what: Content, *, eight_bit: bool = True, address: str = "ana@example.test") -> EmailMessage:
    raw = WRITER.render(what, address, "id@agencia.example", AT, eight_bit=eight_bit)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    if not eight_bit:
        raw.decode("ascii")
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part
    return str(part.get_content())


class Tags(HTMLParser):
    """Which elements a page has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]


@given(name=st.text(max_size=400), secret=SECRETS, eight_bit=st.booleans())
def test_no_value_becomes_a_header_a_line_or_markup(name: str, secret: str, eight_bit: bool) -> None:
    what = content(name=name, secret=secret)
    message = parsed(what, eight_bit=eight_bit)
    assert {header.lower() for header in message} == {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "auto-submitted",
        "x-auto-response-suppress",
        "content-language",
        "content-type",
    }
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.test"]
    lines = plain(message).replace("\r\n", "\n").split("\n")
    assert f"Contraseña: {secret}" in lines
    assert len([line for line in lines if line.startswith("Contraseña: ")]) == 1
    written = WRITER.write(what)
    assert Tags(written.html).tags == Tags(WRITER.write(content()).html).tags
    assert html.escape(secret) in written.html


def test_a_name_with_line_breaks_adds_no_header() -> None:
    message = parsed(content(name="Ana\r\nBcc: thief@example.test\r\n\r\nHello"))
    assert message["Bcc"] is None
    assert [address.display_name for address in message["To"].addresses] == ["Ana Bcc: thief@example.test Hello"]


def test_a_password_with_a_line_break_is_refused_rather_than_changed() -> None:
    with pytest.raises(LetterImpossible):
        WRITER.write(content(secret="abc\ndef"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_letter_in_every_language(kind: str, language: str) -> None:
    written = WRITER.write(content(kind=kind, language=language))
    for said in (written.text, written.html):
        assert "1.234.567-8" in said
        assert "https://agencia.example/customerarea" in said
        assert "{{" not in said
    assert not [
        link for link in Tags(written.html).links if not link.startswith("https://agencia.example/customerarea")
    ]
    assert ("Usuario: " if language == "es" else "User: ") in written.text


def test_the_moment_of_expiry_is_told_in_the_zone_and_language_of_the_reader() -> None:
    assert "21 de noviembre de 2026, 07:30" in WRITER.write(content()).text
    assert "21 November 2026, 07:30" in WRITER.write(content(language="en")).text


def test_a_preview_never_shows_the_secret() -> None:
    for kind in KINDS:
        shown = WRITER.preview(content(kind=kind, secret="very-secret"))
        assert "very-secret" not in shown.text + shown.html
    assert f"Contraseña: {MASKED_PASSWORD}" in WRITER.preview(content()).text


def test_a_token_with_odd_characters_stays_one_parameter() -> None:
    text = WRITER.write(content(kind="recovery", secret="a&b=c/d+e#f")).text
    assert "https://agencia.example/customerarea/reset?token=a%26b%3Dc%2Fd%2Be%23f" in text


def test_an_unknown_language_gets_spanish() -> None:
    assert "Contraseña: " in WRITER.write(content(language="pt")).text


def test_the_same_letter_is_rendered_the_same_way_every_time() -> None:
    first = WRITER.render(content(), "ana@example.test", "id@x", AT, eight_bit=True)
    assert first == WRITER.render(content(), "ana@example.test", "id@x", AT, eight_bit=True)


def test_a_template_that_lacks_a_placeholder_or_has_an_unknown_one_is_refused() -> None:
    good = "{{ link }} {{ login }} {{ password }}"
    Template("credential", "S", good, good, "<html><body>{{ body }}</body></html>")
    for text in ("{{ link }} {{ login }}", good + " {{ salary }}"):
        with pytest.raises(TemplateRefused):
            Template("credential", "S", text, good, "<html><body>{{ body }}</body></html>")
    with pytest.raises(TemplateRefused):
        Template("credential", "Hello {{ name }}", good, good, "<html><body>{{ body }}</body></html>")


@given(st.text(max_size=100))
def test_one_line_is_one_line(text: str) -> None:
    assert one_line(text).isprintable()
