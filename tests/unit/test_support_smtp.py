"""The letter sink, asked by the standard library's own client."""

import smtplib
import threading
from email.message import EmailMessage

import pytest

from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until


def _letter(to: str, text: str = "Hola") -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "casa@example.com", to, "Su clave: áéí"
    letter.set_content(text)
    letter.add_alternative(f"<p>{text}</p>", subtype="html")
    return letter


@pytest.fixture
def client(smtp_sink: SmtpSink):
    with smtplib.SMTP("127.0.0.1", smtp_sink.port, timeout=10) as opened:
        yield opened


def test_a_letter_that_was_taken_can_be_read(smtp_sink, client):
    client.send_message(_letter("ana@example.com", "Contraseña: ñandú"))

    (letter,) = smtp_sink.to("ANA@example.com")
    assert letter.sender == "casa@example.com"
    assert letter.message["Subject"] == "Su clave: áéí"
    assert letter.text.strip() == "Contraseña: ñandú"
    assert "<p>Contraseña: ñandú</p>" in letter.html


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
@pytest.mark.parametrize("status", ["450 4.2.1 later", "550 5.1.1 nobody"])
def test_a_recipient_can_be_refused_at_either_stage(smtp_sink, client, stage, status):
    smtp_sink.answer("ana@example.com", status, stage=stage)

    with pytest.raises(smtplib.SMTPException) as refused:
        client.send_message(_letter("ana@example.com"))

    assert status.split()[0] in str(refused.value)
    client.send_message(_letter("bea@example.com"))
    assert [letter.recipients for letter in smtp_sink.messages] == [("bea@example.com",)]


def test_a_rule_with_a_number_ends_by_itself(smtp_sink, client):
    smtp_sink.answer("ana@example.com", "451 4.3.0 later", stage="DATA", times=1)
    with pytest.raises(smtplib.SMTPDataError):
        client.send_message(_letter("ana@example.com"))

    client.send_message(_letter("ana@example.com"))

    assert len(smtp_sink.messages) == 1


@pytest.mark.parametrize(("stage", "kept"), [("RCPT", 0), ("DATA", 0), ("ACCEPTED", 1)])
def test_a_dropped_connection_keeps_the_letter_only_once_it_was_accepted(smtp_sink, client, stage, kept):
    smtp_sink.disconnect("ana@example.com", stage=stage)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.send_message(_letter("ana@example.com"))

    assert len(smtp_sink.messages) == kept


def test_a_held_sender_waits_for_its_answer(smtp_sink, client):
    smtp_sink.hold()
    sending = threading.Thread(target=client.send_message, args=(_letter("ana@example.com"),))
    sending.start()
    sending.join(0.05)
    assert sending.is_alive()
    assert smtp_sink.messages == []

    smtp_sink.release()

    sending.join(10)
    wait_until(lambda: smtp_sink.messages)


def test_letters_of_one_connection_are_told_from_those_of_another(smtp_sink, client):
    client.send_message(_letter("ana@example.com"))
    client.send_message(_letter("ana@example.com"))
    with smtplib.SMTP("127.0.0.1", smtp_sink.port, timeout=10) as another:
        another.send_message(_letter("ana@example.com"))

    assert [letter.connection for letter in smtp_sink.messages] == [1, 1, 2]


def test_a_sink_that_was_stopped_listens_on_the_same_port_again(smtp_sink):
    smtp_sink.stop()
    with pytest.raises(ConnectionRefusedError):
        smtplib.SMTP("127.0.0.1", smtp_sink.port, timeout=10)

    smtp_sink.start()

    with smtplib.SMTP("127.0.0.1", smtp_sink.port, timeout=10) as client:
        assert client.noop()[0] == 250
