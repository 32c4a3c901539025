"""Letters that come back, and addresses to which nothing is sent, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from services.mailer.actions.bouncing import take_returned
from services.mailer.actions.suppressing import release_address, suppress_address
from services.mailer.jobs.bounces import BounceReader
from services.mailer.models import Letter, ReturnedMessage, Suppression
from services.mailer.queries import suppressed_of
from services.mailer.rules.mailbox_url import parse_mailbox_url
from services.mailer.rules.returned import LARGEST
from shared import clock
from shared.db import new_id
from shared.events.acts import MailerActRecorded
from shared.events.directory import AddressCleared
from shared.events.mailer import AddressReleased, AddressSuppressed, LetterBounced, LetterFailed
from tests.support import returned
from tests.support.mailboxes import FakeMailbox, running_mailbox
from tests.support.mailer import Mailer
from tests.support.smtp import SmtpSink


@pytest.fixture
def mailer(database_url: str, tmp_path: Path) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path)
    yield made
    made.db.dispose()


@pytest.fixture(params=["pop3", "imap"])
def mailbox(request: pytest.FixtureRequest) -> Iterator[FakeMailbox]:
    with running_mailbox(request.param) as box:
        yield box


def sent_letter(mailer: Mailer, state: str = "sent", address: str = "ana@example.test") -> Letter:
    """A letter that went out; only the database knows."""
    (event,) = mailer.issue(address=address)
    with mailer.db.write() as session:
        row = session.get_one(Letter, mailer.letter_of(event).id)
        row.state, row.ended_at, row.ciphertext = state, clock.now(), None
    return mailer.letter_of(event)


def take(mailer: Mailer, content: bytes, source: str = "api") -> ReturnedMessage:
    with mailer.db.write() as session:
        return take_returned(session, content, source)


def suppressions(mailer: Mailer) -> list[Suppression]:
    with mailer.db.read() as session:
        return list(session.scalars(select(Suppression).order_by(Suppression.address)))


def read(mailer: Mailer, mailbox: FakeMailbox) -> bool:
    return BounceReader(mailer.db, parse_mailbox_url(mailbox.url)).read()


def state_of(mailer: Mailer, letter: Letter) -> str:
    return {one.id: one.state for one in mailer.letters()}[letter.id]


@pytest.mark.parametrize("state", ["sent", "uncertain"])
def test_a_report_about_our_message_id_marks_the_letter_suppresses_the_address_and_tells(
    mailer: Mailer, state: str
) -> None:
    letter = sent_letter(mailer, state)
    row = take(mailer, returned.postfix(letter.address, letter.message_id))
    assert (row.verdict, row.letter_id, row.guessed, row.status) == ("bounced", letter.id, False, "5.1.1")
    assert state_of(mailer, letter) == "bounced"
    (told,) = mailer.told(LetterBounced)
    assert (told.letter_id, told.answer) == (letter.id, "550 5.1.1 no such user")
    (listed,) = suppressions(mailer)
    assert (listed.address, listed.reason, listed.letter_id) == (letter.address, "bounced", letter.id)
    (act,) = mailer.told(MailerActRecorded)
    assert (act.act, act.subject_id) == ("letter.bounced", str(letter.id))
    assert not mailer.told(AddressSuppressed), "LetterBounced says it already"


def test_the_same_message_again_changes_nothing(mailer: Mailer) -> None:
    letter = sent_letter(mailer)
    content = returned.postfix(letter.address, letter.message_id)
    assert take(mailer, content).id == take(mailer, content).id
    assert len(mailer.told(LetterBounced)) == 1


def test_a_warning_of_delay_is_only_noted(mailer: Mailer) -> None:
    letter = sent_letter(mailer)
    row = take(mailer, returned.delayed(letter.address, letter.message_id))
    assert (row.verdict, row.letter_id) == ("delayed", letter.id)
    assert state_of(mailer, letter) == "sent"
    assert not suppressions(mailer)


def test_without_our_message_id_the_newest_letter_to_the_address_is_a_guess(mailer: Mailer) -> None:
    sent_letter(mailer, address="Ana@Example.test")
    newest = sent_letter(mailer, address="Ana@Example.test")
    row = take(mailer, returned.postfix("ana@example.test", "x@elsewhere.example"))
    assert (row.verdict, row.guessed, row.letter_id) == ("bounced", True, newest.id)


def test_an_old_letter_is_not_guessed(mailer: Mailer) -> None:
    letter = sent_letter(mailer)
    with mailer.db.write() as session:
        session.get_one(Letter, letter.id).ended_at = clock.now() - timedelta(days=15)
    assert take(mailer, returned.postfix(letter.address, "x@elsewhere.example")).verdict == "unmatched"


def test_a_message_id_that_is_almost_ours_is_not_believed(mailer: Mailer) -> None:
    letter = sent_letter(mailer)
    forged = letter.message_id.replace("@", ".x@")
    row = take(mailer, returned.postfix("other@example.test", forged))
    assert row.verdict == "unmatched"
    other = take(mailer, returned.postfix("other@example.test", f"{letter.id}@attacker.example"))
    assert other.verdict == "unmatched"
    assert state_of(mailer, letter) == "sent"


def test_the_mailbox_is_emptied_of_what_was_ours_and_only_of_that(mailer: Mailer, mailbox: FakeMailbox) -> None:
    letter, late = sent_letter(mailer), sent_letter(mailer)
    mailbox.put(
        returned.gmail(letter.address, letter.message_id),
        returned.vacation(letter.address, letter.message_id),
        returned.delayed(late.address, late.message_id),
        returned.postfix("nobody@example.test", "x@elsewhere.example"),
        b"\xff\xfe no message at all",
    )
    assert not read(mailer, mailbox)
    assert [state_of(mailer, one) for one in (letter, late)] == ["bounced", "sent"]
    assert [one.uid for one in mailbox.messages] == [2, 4, 5], "people may want to read the rest"
    assert mailer.queue().mailbox_read_at is not None
    fetched = mailbox.fetched()
    read(mailer, mailbox)
    assert mailbox.fetched() == fetched, "nothing is read twice"


def test_a_guess_from_the_mailbox_waits_for_an_agent(mailer: Mailer, mailbox: FakeMailbox) -> None:
    """Anybody can write to that mailbox and name an address."""
    letter = sent_letter(mailer)
    mailbox.put(returned.postfix(letter.address, "x@elsewhere.example"))
    read(mailer, mailbox)
    assert state_of(mailer, letter) == "sent"
    with mailer.db.read() as session:
        (row,) = session.scalars(select(ReturnedMessage))
    assert (row.verdict, row.guessed, row.letter_id) == ("guess", True, letter.id)


def test_a_line_that_breaks_before_the_end_loses_nothing_and_tells_once(mailer: Mailer, mailbox: FakeMailbox) -> None:
    letter = sent_letter(mailer)
    mailbox.put(returned.gmail(letter.address, letter.message_id))
    mailbox.hang_up_at = "DELE" if mailbox.scheme == "pop3" else "STORE"
    read(mailer, mailbox)
    assert mailer.queue().mailbox_trouble
    assert len(mailbox.messages) == 1
    mailbox.hang_up_at = ""
    read(mailer, mailbox)
    assert not mailbox.messages
    assert len(mailer.told(LetterBounced)) == 1
    assert mailer.queue().mailbox_trouble is None


def test_a_letter_that_comes_back_while_it_is_being_sent_is_asked_about_again(
    mailer: Mailer, mailbox: FakeMailbox
) -> None:
    letter = sent_letter(mailer, "sending")
    mailbox.put(returned.gmail(letter.address, letter.message_id))
    read(mailer, mailbox)
    assert len(mailbox.messages) == 1
    with mailer.db.write() as session:
        session.get_one(Letter, letter.id).state = "sent"
    read(mailer, mailbox)
    assert state_of(mailer, letter) == "bounced"
    assert not mailbox.messages


def test_a_huge_message_is_left_alone(mailer: Mailer, mailbox: FakeMailbox) -> None:
    mailbox.put(b"Subject: x\r\n\r\n" + b"x" * 900 + b"\r\n" * LARGEST)
    read(mailer, mailbox)
    read(mailer, mailbox)
    assert mailbox.fetched() == 0
    assert len(mailbox.messages) == 1


def test_a_wrong_password_is_told_without_being_repeated(mailer: Mailer, mailbox: FakeMailbox) -> None:
    address = replace(parse_mailbox_url(mailbox.url), password="otra-clave")
    assert not BounceReader(mailer.db, address).read()
    trouble = mailer.queue().mailbox_trouble
    assert trouble
    assert "wrong password" in trouble
    assert "otra-clave" not in trouble


def test_the_worker_reads_the_mailbox_and_letters_name_it_as_their_sender(
    mailer: Mailer, mailbox: FakeMailbox, smtp_sink: SmtpSink
) -> None:
    (event,) = mailer.issue()
    settings = {"smtp_url": smtp_sink.url, "bounce_url": mailbox.url, "bounce_address": "rebotes@agencia.example"}
    with mailer.working(**settings):
        letter = mailer.wait_for(event, "sent")
    assert smtp_sink.messages[0].sender == "rebotes@agencia.example"
    mailbox.put(returned.exchange(letter.address, letter.message_id))
    with mailer.working(**settings):
        mailer.wait_for(event, "bounced")


def test_what_is_meant_for_a_suppressed_address_fails_at_once_and_tells(mailer: Mailer) -> None:
    with mailer.db.write() as session:
        assert suppress_address(session, "Ana@Example.test", "Agente Ana", "lo pidió")
        assert not suppress_address(session, "ana@example.test", "Agente Ana")
    assert [event.address for event in mailer.told(AddressSuppressed)] == ["ana@example.test"]
    mailer.issue(address="ANA@example.test")
    mailer.issue(address="eva@example.test")
    refused, waiting = mailer.letters()
    assert (refused.state, refused.outcome, refused.ciphertext) == ("failed", "suppressed", None)
    assert waiting.state == "pending"
    (told,) = mailer.told(LetterFailed)
    assert "suppression list" in told.answer


def test_an_address_that_is_suppressed_while_its_letter_waits_gets_nothing(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    (event,), (other,) = mailer.issue(address="ana@example.test"), mailer.issue(address="eva@example.test")
    with mailer.db.write() as session:
        suppress_address(session, "ana@example.test", "Agente Ana")
    with mailer.working(smtp_url=smtp_sink.url):
        mailer.wait_for(event, "failed")
        mailer.wait_for(other, "sent")
    assert [message.recipients for message in smtp_sink.messages] == [("eva@example.test",)]


def test_a_released_address_is_written_to_again(mailer: Mailer) -> None:
    with mailer.db.write() as session:
        suppress_address(session, "ana@example.test", "Agente Ana")
        assert release_address(session, "ANA@example.test")
        assert not release_address(session, "ana@example.test")
        assert suppressed_of(session, ["ana@example.test"]) == set()
    assert [event.address for event in mailer.told(AddressReleased)] == ["ana@example.test"]
    assert [act.act for act in mailer.told(MailerActRecorded)] == ["address.suppressed", "address.released"]


def test_the_directory_clears_what_was_there_before_and_nothing_newer(mailer: Mailer) -> None:
    before = clock.now()
    with mailer.db.write() as session:
        suppress_address(session, "ana@example.test", "Agente Ana")
    told = len(mailer.told())
    mailer.hear(AddressCleared(party_id=new_id(), address="ana@example.test", at=before))
    assert len(suppressions(mailer)) == 1, "it was put on the list after that"
    mailer.hear(AddressCleared(party_id=new_id(), address="Ana@example.test", at=clock.now()))
    assert not suppressions(mailer)
    assert len(mailer.told()) == told, "no echo"
