"""Letters in words and bytes: whatever a name or a password holds, it stays a value."""

import email
import email.policy
import html
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.mailer.rules.notices import SEALED, VALUES, WITH_CODE, WITH_TOKEN
from services.mailer.rules.rendering import (
    MASKED_PASSWORD,
    PATHS,
    Content,
    LetterImpossible,
    Writer,
    one_line,
)
from services.mailer.rules.samples import sample_content
from services.mailer.rules.states import NOTICES, STAFF_INVITATION, STAFF_RESET
from services.mailer.rules.templates import LANGUAGES

SECRET_KINDS = tuple(PATHS)
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
@pytest.mark.parametrize("kind", SECRET_KINDS)
def test_every_kind_has_its_letter_in_every_language(kind: str, language: str) -> None:
    written = WRITER.write(content(kind=kind, language=language))
    place = "/backoffice/identity/join?token=" if kind in (STAFF_INVITATION, STAFF_RESET) else "/customerarea"
    for said in (written.text, written.html):
        assert "1.234.567-8" in said
        assert f"https://agencia.example{place}" in said
        assert "{{" not in said
    assert not [link for link in Tags(written.html).links if not link.startswith(f"https://agencia.example{place}")]
    assert ("Usuario: " if language == "es" else "User: ") in written.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NOTICES)
def test_every_notice_says_its_values_and_leads_to_its_page(kind: str, language: str) -> None:
    what = sample_content(kind, language, AT)
    written = WRITER.write(what)
    for said in (written.text, written.html):
        for name in VALUES[kind]:
            assert what.values[name] in said
        assert "{{" not in said
    if kind in WITH_CODE:
        assert what.secret in written.text
        assert what.secret in written.html
        assert Tags(written.html).links == []
        return
    stop = f"https://agencia.example{what.stop_path}"
    assert (stop in written.text.splitlines()) == bool(what.stop_path)
    link = f"https://agencia.example{what.path}{what.secret if kind in WITH_TOKEN else ''}"
    assert link in written.text.splitlines()
    assert set(Tags(written.html).links) == ({link, stop} if what.stop_path else {link})


def test_a_value_of_a_notice_stays_a_value_on_its_line() -> None:
    nasty = "<b>x</b>\r\nBcc: thief@example.test\n\nUsuario: x"
    values = dict.fromkeys(VALUES["case_opened"], nasty)
    what = content(kind="case_opened", secret="", path="/customerarea/cases", values=values, name=nasty)
    message, plainly = parsed(what), WRITER.write(replace(sample_content("case_opened", "es", AT), stop_path=""))
    assert message["Bcc"] is None
    assert len(plain(message).splitlines()) == len(plainly.text.splitlines())
    assert Tags(WRITER.write(what).html).tags == Tags(plainly.html).tags


def test_the_moment_of_expiry_is_told_in_the_zone_and_language_of_the_reader() -> None:
    assert "21 de noviembre de 2026, 07:30" in WRITER.write(content()).text
    assert "21 November 2026, 07:30" in WRITER.write(content(language="en")).text


def test_a_preview_never_shows_the_secret() -> None:
    for kind in SECRET_KINDS:
        shown = WRITER.preview(content(kind=kind, secret="very-secret"))
        assert "very-secret" not in shown.text + shown.html
    assert f"Contraseña: {MASKED_PASSWORD}" in WRITER.preview(content()).text
    for kind in SEALED:
        notice = replace(sample_content(kind, "es", AT), secret="very-secret")
        assert "very-secret" in WRITER.write(notice).text
        shown = WRITER.preview(notice)
        assert "very-secret" not in shown.text + shown.html


def test_a_token_with_odd_characters_stays_one_parameter() -> None:
    text = WRITER.write(content(kind="recovery", secret="a&b=c/d+e#f")).text
    assert "https://agencia.example/customerarea/reset?token=a%26b%3Dc%2Fd%2Be%23f" in text


def test_an_unknown_language_gets_spanish() -> None:
    assert "Contraseña: " in WRITER.write(content(language="pt")).text


def test_the_same_letter_is_rendered_the_same_way_every_time() -> None:
    first = WRITER.render(content(), "ana@example.test", "id@x", AT, eight_bit=True)
    assert first == WRITER.render(content(), "ana@example.test", "id@x", AT, eight_bit=True)


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1), subject=st.text(max_size=150))
def test_words_of_others_stay_words(text: str, subject: str) -> None:
    what = content(kind="general", subject=one_line(subject), text=text)
    written = WRITER.write(what)
    known = {"a", "br", "p"} | set(Tags(WRITER.write(content(kind="general", text="x")).html).tags)
    assert set(Tags(written.html).tags) <= known
    assert text in written.text
    assert parsed(what)["Subject"].strip() == one_line(subject)


def test_blank_lines_divide_paragraphs_and_an_address_alone_on_its_line_is_a_link() -> None:
    text = "Hola <b>Ana</b>:\n\nuno\ndos\n\nhttps://a.example/x?a=1&b=2\n\nvea https://no.example aquí"
    written = WRITER.write(content(kind="general", text=text))
    assert "Hola &lt;b&gt;Ana&lt;/b&gt;:" in written.html
    assert "uno<br>dos" in written.html
    assert 'href="https://a.example/x?a=1&amp;b=2">https://a.example/x?a=1&amp;b=2</a>' in written.html
    assert Tags(written.html).links == ["https://a.example/x?a=1&b=2"]
    assert written.text.startswith(text)


@given(st.text(max_size=100))
def test_one_line_is_one_line(text: str) -> None:
    assert one_line(text).isprintable()
