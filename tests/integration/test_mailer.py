"""Letters from the event to their end, against a real mail server on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.mailer.actions.ending import cancel_all
from shared.events.mailer import LetterCancelled, LetterFailed, LetterSent
from tests.support.mailer import Mailer
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


def test_an_issued_credential_becomes_a_letter_that_says_link_user_and_password(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    (event,) = mailer.issue(secret="abcd-efgh-jkmn-pqrs", address="ana@example.test")
    with mailer.working():
        mailer.wait_for(event, "sent")
    (received,) = smtp_sink.to("ana@example.test")
    lines = received.text.splitlines()
    assert "Usuario: 12345678" in lines
    assert "Contraseña: abcd-efgh-jkmn-pqrs" in lines
    assert f"Enlace de acceso: {mailer.settings.public_url}/customerarea" in lines
    assert "abcd-efgh-jkmn-pqrs" in received.html
    (told,) = mailer.told()
    assert isinstance(told, LetterSent)
    assert told.credential_id == event.credential_id
    letter = mailer.letter_of(event)
    assert letter.ciphertext is None
    assert received.message["Message-ID"] == f"<{letter.message_id}>"
    assert [(a.verdict, a.code) for a in mailer.attempts(letter)] == [("accepted", 250)]
