"""TLS and signing in, tried against a real mail server with certificates made for the test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from services.mailer.clients.smtp import MailConnection, ServerTrouble
from services.mailer.rules.smtp_url import parse_smtp_url
from services.mailer.rules.states import Verdict
from tests.support.certificates import Certificate, make_certificate
from tests.support.mailer import Mailer
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until

LETTER = b"Subject: Hola\r\n\r\nHola\r\n"
Serve = Callable[..., SmtpSink]


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def serve() -> Iterator[Serve]:
    running: list[SmtpSink] = []

    def serve(**options: Any) -> SmtpSink:
        sink = SmtpSink(**options)
        sink.start()
        running.append(sink)
        return sink

    yield serve
    for sink in running:
        sink.stop()


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate counts as good, as if the operator had said so with OpenSSL's own variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))


def check(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"agencia", b"p@ss/w\xc3\xb6rd")
    return AuthResult(success=good, handled=good)  # the server answers to a wrong one


def asking(certificate: Certificate, scheme: str) -> dict[str, Any]:
    """The options of a server that wants a user and password."""
    context = certificate.server_context()
    if scheme == "smtps":  # aiosmtpd sees no TLS of its own there
        return {"authenticator": check, "auth_require_tls": False, "ssl_context": context}
    return {"authenticator": check, "auth_required": True, "tls_context": context, "require_starttls": True}


def url(sink: SmtpSink, scheme: str = "smtp", user: str = "", **options: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in options.items())
    return f"{scheme}://{user}127.0.0.1:{sink.port}?{query}"


def send(address: str) -> tuple[Verdict, int | None]:
    """Send one letter; raises ServerTrouble."""
    connection = MailConnection(parse_smtp_url(address), 5.0)
    try:
        connection.ready()
        answer = connection.deliver("cartas@agencia.example", "ana@example.test", lambda _eight_bit: LETTER)
    finally:
        connection.close()
    return answer.verdict, answer.code


USER = "agencia:p%40ss%2Fw%C3%B6rd@"


@pytest.mark.usefixtures("trusted")
def test_tls_from_the_first_byte(serve: Serve, certificate: Certificate) -> None:
    sink = serve(ssl_context=certificate.server_context())
    assert send(url(sink, "smtps")) == (Verdict.ACCEPTED, 250)
    assert [letter.content for letter in sink.messages] == [LETTER]


@pytest.mark.usefixtures("trusted")
def test_starttls_before_anything_is_said(serve: Serve, certificate: Certificate) -> None:
    sink = serve(tls_context=certificate.server_context(), require_starttls=True)
    assert send(url(sink, starttls="required")) == (Verdict.ACCEPTED, 250)
    assert len(sink.messages) == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_user_and_password_with_odd_characters(serve: Serve, certificate: Certificate, scheme: str) -> None:
    sink = serve(**asking(certificate, scheme))
    assert send(url(sink, scheme, USER)) == (Verdict.ACCEPTED, 250)
    with pytest.raises(ServerTrouble, match="refuses our user and password: 535"):
        send(url(sink, scheme, "agencia:wrong@"))
    assert len(sink.messages) == 1


@pytest.mark.parametrize("way", ["smtps", "starttls", "user"])
def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Serve, certificate: Certificate, way: str) -> None:
    context = certificate.server_context()
    sink = serve(**({"ssl_context": context} if way == "smtps" else {"tls_context": context}))
    address = {
        "smtps": url(sink, "smtps"),
        "starttls": url(sink, starttls="required"),
        "user": url(sink, user=USER),
    }[way]
    with pytest.raises(ServerTrouble, match="certificate is refused: self-signed certificate"):
        send(address)
    assert sink.messages == []


@pytest.mark.parametrize("values", [{"address": "127.0.0.2"}, {"expired": True}])
def test_a_trusted_certificate_must_fit_too(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    wrong = make_certificate(tmp_path, **values)
    monkeypatch.setenv("SSL_CERT_FILE", str(wrong.certificate))
    for option, scheme in (("ssl_context", "smtps"), ("tls_context", "smtp")):
        sink = serve(**{option: wrong.server_context()})
        with pytest.raises(ServerTrouble, match="certificate is refused"):
            send(url(sink, scheme, starttls="required"))
        assert sink.messages == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_verify_no_takes_any_certificate(serve: Serve, certificate: Certificate, scheme: str) -> None:
    sink = serve(**asking(certificate, scheme))
    assert send(url(sink, scheme, USER, verify="no", starttls="required")) == (Verdict.ACCEPTED, 250)


def test_where_tls_is_only_offered_a_letter_without_password_takes_it_unverified(
    serve: Serve, certificate: Certificate
) -> None:
    sink = serve(tls_context=certificate.server_context(), require_starttls=True)
    assert send(url(sink)) == (Verdict.ACCEPTED, 250)
    with pytest.raises(ServerTrouble):
        send(url(sink, starttls="never"))


def test_a_server_without_tls_gets_nothing_where_tls_is_required(serve: Serve) -> None:
    sink = serve()
    with pytest.raises(ServerTrouble, match="offers no STARTTLS"):
        send(url(sink, starttls="required"))
    with pytest.raises(ServerTrouble):
        send(url(sink, "smtps"))
    assert sink.messages == []


@pytest.mark.usefixtures("trusted")
def test_letters_of_the_queue_go_out_over_tls(
    database_url: str, tmp_path: Path, serve: Serve, certificate: Certificate
) -> None:
    sink = serve(
        tls_context=certificate.server_context(), require_starttls=True, authenticator=check, auth_required=True
    )
    mailer = Mailer(database_url, tmp_path / "data", smtp_url=url(sink, user=USER))
    events = mailer.issue(8)
    with mailer.working():
        for event in events:
            mailer.wait_for(event, "sent")
    assert len(sink.messages) == 8
    mailer.db.dispose()


def test_a_refused_certificate_is_told_and_no_letter_is_lost(
    database_url: str, tmp_path: Path, serve: Serve, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = serve(ssl_context=certificate.server_context())
    mailer = Mailer(database_url, tmp_path / "data", smtp_url=url(sink, "smtps"))
    (event,) = mailer.issue()
    with mailer.working():
        wait_until(lambda: mailer.trouble() is not None)
        assert "certificate is refused" in str(mailer.trouble())
        assert mailer.letter_of(event).state == "pending"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        mailer.wait_for(event, "sent")
    assert mailer.trouble() is None
    mailer.db.dispose()
