"""Letters that others ask for, and those of the staff, on both databases."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.mailer.actions.requesting import forget_words
from services.mailer.consumers import HANDLERS
from shared import clock
from shared.bus import DeadLetter, Delivery
from shared.db import new_id
from shared.events import InvalidEvent
from shared.events.identity import StaffInvited
from shared.events.mailer import LetterSent
from shared.inbox import Inbox
from shared.sealing import SealContext
from tests.support.mailer import TOKEN, Mailer, one_of
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until

Ask = Callable[..., list[DeadLetter]]
TEXT = "Hola, María:\n\nEl martes no habrá agua de 8:00 a 12:00.\n\nhttps://agencia.example/agua"


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


@pytest.fixture
def ask(mailer: Mailer) -> Ask:
    def ask(event_id: str = "", **values: Any) -> list[DeadLetter]:
        data = {
            "address": "maria@example.test",
            "name": "María Ríos",
            "subject": "Corte de agua el martes",
            "text": TEXT,
            "language": "es",
        } | values
        envelope = {
            "id": event_id or str(uuid.uuid4()),
            "source": "/agencia/mantenimiento",
            "type": "external.mail.LetterRequested.v1",
            "specversion": "1.0",
            "time": "2026-11-02T14:30:00Z",
            "datacontenttype": "application/json",
            "data": data,
        }
        body = json.dumps(envelope).encode()
        return Inbox(mailer.db, HANDLERS).handle([Delivery(body, "external.mail.LetterRequested.v1", {}, None)])

    return ask


def invited(mailer: Mailer, **values: Any) -> StaffInvited:
    invitation, address = new_id(), values.get("address", "laura@example.test")
    given: dict[str, Any] = {
        "invitation_id": invitation,
        "staff_id": new_id(),
        "purpose": "invitation",
        "username": "laura",
        "name": "Laura Gómez",
        "address": address,
        "language": "es",
        "expires_at": clock.now() + timedelta(days=7),
        "secret": mailer.sealer.seal(TOKEN, SealContext(str(invitation), address)),
    }
    return StaffInvited(**(given | values))


def test_a_requested_letter_goes_out_in_its_own_words(mailer: Mailer, ask: Ask, smtp_sink: SmtpSink) -> None:
    party = new_id()
    assert ask(party_id=str(party)) == []
    with mailer.working():
        wait_until(lambda: mailer.states() == ["sent"])
    received = one_of(smtp_sink.to("maria@example.test"))
    assert received.message["Subject"] == "Corte de agua el martes"
    assert received.text.startswith(TEXT.replace("\n", "\r\n"))
    assert "no habrá agua" in received.html
    letter = one_of(mailer.letters())
    assert (letter.kind, letter.party_id, letter.requested_by) == ("general", party, "/agencia/mantenimiento")
    assert [told.kind for told in mailer.told(LetterSent)] == ["general"]


def test_the_same_request_delivered_twice_is_one_letter(mailer: Mailer, ask: Ask) -> None:
    ask("one")
    ask("one")
    ask("two")
    assert mailer.states() == ["pending", "pending"]


@pytest.mark.parametrize(
    "values",
    [
        {"address": "nobody"},
        {"address": "a@example.test\r\nBcc: b@example.test"},
        {"language": "fr"},
        {"subject": "two\nlines"},
        {"subject": "x" * 151},
        {"subject": " "},
        {"text": " \n"},
        {"text": "bell \x07"},
        {"text": "x" * 20_001},
        {"name": "Ana\x00"},
    ],
)
def test_an_impossible_request_is_refused_and_nothing_is_written(
    mailer: Mailer, ask: Ask, values: dict[str, str]
) -> None:
    (dead,) = ask(**values)
    assert dead.reason.startswith(next(iter(values)))
    assert mailer.letters() == []


def test_the_words_of_a_requested_letter_are_removed_in_the_end(mailer: Mailer, ask: Ask) -> None:
    ask()
    mailer.cancel([one_of(mailer.letters()).id])
    for before, kept in ((clock.now() - timedelta(minutes=1), True), (clock.now() + timedelta(minutes=1), False)):
        with mailer.db.write() as session:
            forget_words(session, before)
        with mailer.db.read() as session:
            letter = session.merge(one_of(mailer.letters()), load=True)
            assert (letter.text is not None) == kept


@pytest.mark.parametrize(
    ("purpose", "kind", "subject"),
    [
        ("invitation", "staff_invitation", "Su acceso a la administración"),
        ("reset", "staff_reset", "Elija otra contraseña de la administración"),
    ],
)
def test_staff_get_their_link_without_delay(
    mailer: Mailer, smtp_sink: SmtpSink, purpose: str, kind: str, subject: str
) -> None:
    mailer.hear(invited(mailer, purpose=purpose))
    with mailer.working(mail_delay=3600.0):
        wait_until(lambda: mailer.states() == ["sent"])
    received = one_of(smtp_sink.to("laura@example.test"))
    assert received.message["Subject"] == subject
    assert f"{mailer.settings.public_url}/backoffice/identity/join?token={TOKEN}" in received.text.splitlines()
    assert "Usuario: laura" in received.text
    letter = one_of(mailer.letters())
    assert (letter.kind, letter.ciphertext) == (kind, None)


def test_of_the_links_of_one_member_only_the_newest_goes_out(mailer: Mailer) -> None:
    first, second, other = invited(mailer), invited(mailer, purpose="reset"), invited(mailer, username="pedro")
    mailer.hear(first)
    mailer.hear(second, other)
    mailer.hear(first)  # told twice under another id
    assert mailer.states() == ["replaced", "pending", "pending"]


def test_a_staff_link_for_another_address_or_purpose_is_refused(mailer: Mailer) -> None:
    event = invited(mailer)
    for wrong in (replace(event, address="thief@example.test"), replace(event, purpose="gift")):
        with pytest.raises(InvalidEvent):
            mailer.hear(wrong)
    assert mailer.letters() == []
