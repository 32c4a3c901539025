"""Files that go with letters: which may, and that any mail program reads them."""

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mailer.rules.attachments import NAME_LIMIT, AttachedFile, check_attachments, file_name
from services.mailer.rules.dkim import Signer, dns_value, load_key, make_key
from services.mailer.rules.notices import NoticeRefused, check_stop_path
from services.mailer.rules.rendering import Writer
from services.mailer.rules.samples import sample_content

AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
KEY = load_key(make_key(ed25519=True))
SIGNER = Signer("agencia.example", "llave", KEY)
WRITER = Writer("https://agencia.example", "America/Bogota", "Agencia <cartas@agencia.example>", signer=SIGNER)
GOOD = ("Factura FV-1.pdf", "application/pdf", "/api/portal/v1/invoices/0190aa/pdf")
WHAT = sample_content("invoice_issued", "es", AT)


def rendered(*files: AttachedFile) -> bytes:
    raw = WRITER.render(WHAT, "ana@example.test", "id@agencia.example", AT, eight_bit=True, files=files)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    return raw


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)


def names() -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("C", "Z"), exclude_characters='/\\"<>:|?*')
    return st.text(letters, min_size=1, max_size=NAME_LIMIT).filter(lambda name: not name.startswith("."))


@settings(max_examples=60, deadline=None)
@given(name=names(), content=st.binary(max_size=400))
def test_a_file_arrives_as_it_was_under_its_own_name_beside_the_same_letter(name: str, content: bytes) -> None:
    (wanted,) = check_attachments([(name, *GOOD[1:])])
    raw = rendered(
        AttachedFile(wanted["name"], wanted["media_type"], content), AttachedFile("b.xml", "text/xml", b"<a/>")
    )
    message, alone = parsed(raw), parsed(rendered())
    assert message.get_content_type() == "multipart/mixed"
    first, second = message.iter_attachments()
    assert (first.get_filename(), first.get_content_type()) == (name, "application/pdf")
    assert first.get_content_disposition() == "attachment"
    assert first.get_payload(decode=True) == content
    assert (second.get_filename(), second.get_payload(decode=True)) == ("b.xml", b"<a/>")
    for subtype in ("plain", "html"):
        part, same = message.get_body((subtype,)), alone.get_body((subtype,))
        assert part
        assert same
        assert part.get_content() == same.get_content()
    assert dkim.verify(raw, dnsfunc=lambda _name, **_options: dns_value(KEY).encode())


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("a/b.pdf", "a-b.pdf"),
        ("../../x.pdf", "-..-x.pdf"),
        ("..", "documento"),
        ('a".pdf', "a-.pdf"),
        ("a\r\nBcc: x.pdf", "aBcc- x.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("", "documento"),
        (" .pdf", "pdf"),
        ("x" * 200 + ".pdf", "x" * (NAME_LIMIT - 4) + ".pdf"),
        ("Factura de María 1.", "Factura de María 1."),
    ],
)
def test_a_file_goes_under_a_name_that_any_system_keeps(given_name: str, kept: str) -> None:
    (one,) = check_attachments([(given_name, *GOOD[1:])])
    assert one["name"] == kept


@given(st.text())
def test_every_name_becomes_one_that_fits_and_stays(name: str) -> None:
    kept = file_name(name)
    assert kept.isprintable()
    assert 0 < len(kept) <= NAME_LIMIT
    assert file_name(kept) == kept
    assert not set(kept) & set('/\\"<>:|?*')


def test_a_mail_program_can_stop_such_letters_with_one_click_and_nobody_can_change_where() -> None:
    raw = rendered()
    message = parsed(raw)
    assert message["List-Unsubscribe"] == f"<https://agencia.example{WHAT.stop_path}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    covered = message["DKIM-Signature"].split("h=")[1].split(";")[0].replace(" ", "").split(":")
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(covered)
    changed = raw.replace(b"/customerarea/notices/0/", b"/customerarea/notices/1/", 1)
    assert not dkim.verify(changed, dnsfunc=lambda _name, **_options: dns_value(KEY).encode())


def test_a_letter_that_can_not_be_stopped_offers_no_way_and_a_preview_hides_the_address() -> None:
    plain = replace(WHAT, stop_path="")
    raw = WRITER.render(plain, "ana@example.test", "id@agencia.example", AT, eight_bit=True)
    assert parsed(raw)["List-Unsubscribe"] is None
    assert parsed(raw)["List-Unsubscribe-Post"] is None
    assert "Elegir qué avisos recibo" not in WRITER.write(plain).html
    shown = WRITER.preview(WHAT)
    for said in (shown.text, shown.html):
        assert "Elegir qué avisos recibo" in said
        assert WHAT.stop_path not in said


@pytest.mark.parametrize(
    "files",
    [
        [GOOD] * 6,
        [("a.html", "text/html", GOOD[2])],
        *(
            [(*GOOD[:2], path)]
            for path in (
                "/api/portal/v1",
                "/api/portal/v1/",
                "/api/portal/v1/../../identity/v1/staff",
                "/api/portal/v1/./x",
                "/api/portal/v1/..",
                "/api/portal/v1//evil.example/x",
                "/api/portal/v1/%2e%2e/x",
                "/api/portal/v1/x?y=1",
                "/api/portal/v1/x\n",
                "/api/portal/v11/x",
                "/api/identity/v1/x",
                "https://evil.example/x",
                "@evil.example/x",
                "/api/portal/v1/" + "x" * 300,
            )
        ),
    ],
)
def test_what_can_not_go_with_a_letter_is_refused(files: list[tuple[str, str, str]]) -> None:
    with pytest.raises(NoticeRefused):
        check_attachments(files)


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example/stop", "/customerarea/x?y=1", "/api/x", "/customerarea/\n"]
)
def test_a_way_to_stop_letters_is_a_page_of_ours(path: str) -> None:
    with pytest.raises(NoticeRefused):
        check_stop_path(path)
