"""Signatures that any receiver can check: dkimpy is that receiver here."""

from datetime import UTC, datetime
from uuid import UUID

import dkim
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.mailer.rules.dkim import KeyUnfit, Signer, dns_record, dns_value, load_key, make_key
from services.mailer.rules.rendering import Content, Writer
from services.mailer.rules.samples import VALUES_OF_NOTICES
from services.mailer.rules.templates import KIND_OF

AT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
KEYS = {"rsa": load_key(make_key()), "ed25519": load_key(make_key(ed25519=True))}


def writer(kind: str) -> Writer:
    signer = Signer("agencia.example", "llave", KEYS[kind])
    sender = "Agencia Ñandú <cartas@agencia.example>"
    return Writer("https://agencia.example", "America/Bogota", sender, signer=signer)


def rendered(key: str, **values: object) -> bytes:
    given_: dict[str, object] = {
        "letter_id": UUID(int=7),
        "kind": "credential",
        "language": "es",
        "name": "José Ñandú",
        "login": "1.234.567-8",
        "secret": "abcd-efgh-jkmn-pqrs",
        "expires_at": AT,
        "subject": "Corte de agua",
        "text": "Hola",
        "path": "/customerarea",
        "values": VALUES_OF_NOTICES["es"],
    }
    content = Content(**(given_ | values))  # type: ignore[arg-type]
    return writer(key).render(content, "ana@example.test", "id@agencia.example", AT, eight_bit=True)


def holds(message: bytes, key: str) -> bool:
    def ask(name: bytes, **_options: object) -> bytes:
        assert name == b"llave._domainkey.agencia.example."
        return dns_value(KEYS[key]).encode()

    return bool(dkim.verify(message, dnsfunc=ask))


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("kind", KIND_OF)
def test_a_signed_letter_holds(key: str, kind: str) -> None:
    message = rendered(key, kind=kind)
    assert message.startswith(b"DKIM-Signature: v=1; a=")
    assert holds(message, key)
    message.decode("ascii")
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert all(len(line) <= 998 for line in message.split(b"\r\n"))


@settings(max_examples=40)
@given(name=st.text(max_size=200), text=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_it_holds_whatever_the_letter_says(name: str, text: str) -> None:
    assert holds(rendered("ed25519", kind="general", name=name, text=text + "  \n\t\n \n"), "ed25519")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: ", b"Subject: x"),
        (b"To: ", b"To: x"),
        (b"1.234.567-8", b"1.234.567-9"),
        (b"From: ", b"From: thief@example.test\r\nFrom: "),
        (b"MIME-Version", b"From: thief@example.test\r\nMIME-Version"),
    ],
)
def test_an_altered_letter_does_not(old: bytes, new: bytes) -> None:
    message = rendered("rsa")
    assert old in message
    assert not holds(message.replace(old, new, 1), "rsa")


def test_from_is_signed_twice_so_that_no_second_one_can_be_added() -> None:
    signature = rendered("rsa").split(b"bh=")[0]
    assert b"h=from:to:subject:date:message-id:mime-version:content-type:" in signature
    assert b":from;" in signature


def test_what_a_server_on_the_way_may_change_does_no_harm() -> None:
    message = rendered("rsa")
    for changed in (
        b"Received: from here\r\n" + message,
        message.replace(b"Subject: ", b"SUBJECT:   ", 1),
        message + b"\r\n\r\n",
    ):
        assert holds(changed, "rsa")


def test_the_record_is_one_line_of_strings_that_the_dns_takes() -> None:
    record = dns_record("agencia.example", "llave", KEYS["rsa"])
    assert record.startswith('llave._domainkey.agencia.example. IN TXT ( "v=DKIM1; k=rsa; p=')
    strings = record.split('"')[1::2]
    assert len(strings) > 1
    assert all(len(text) <= 255 for text in strings)
    assert "".join(strings) == dns_value(KEYS["rsa"])


@pytest.mark.parametrize("pem", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(KeyUnfit):
        load_key(pem)
