"""Letters from the event to their end, against a real mail server on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.mailer.actions.ending import cancel_all
from services.mailer.actions.keys import SigningKeyUnknown
from shared import clock
from shared.events import InvalidEvent
from shared.events.identity import CredentialRevoked
from shared.events.mailer import LetterCancelled, LetterFailed, LetterSent
from tests.support.mailer import Mailer, deactivated, forged
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


def test_english_readers_get_english_letters_and_links_work_for_the_other_kinds(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    (english,) = mailer.issue(language="en", address="en@example.test")
    (link,) = mailer.issue(secret="tok/en+1", delivery="link", address="link@example.test")
    recovery = mailer.recovery(address="lost@example.test")
    mailer.hear(recovery)
    with mailer.working():
        for event in (english, link, recovery):
            mailer.wait_for(event, "sent")
    base = mailer.settings.public_url
    assert {"User: 12345678", "Password: abcd-efgh-jkmn-pqrs"} <= set(
        smtp_sink.to("en@example.test")[0].text.splitlines()
    )
    assert f"{base}/customerarea/activate?token=tok%2Fen%2B1" in smtp_sink.to("link@example.test")[0].text
    assert f"{base}/customerarea/reset?token=token-1" in smtp_sink.to("lost@example.test")[0].text


def test_a_letter_waits_its_delay_and_a_recovery_does_not(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    (waiting,) = mailer.issue()
    urgent = mailer.recovery()
    mailer.hear(urgent)
    with mailer.working(mail_delay=3600.0):
        mailer.wait_for(urgent, "sent")
        assert mailer.letter_of(waiting).state == "pending"


def test_a_temporary_refusal_is_tried_again_until_it_is_taken(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("ana@example.test", "451 4.3.0 come back later", times=2)
    (event,) = mailer.issue(address="ana@example.test")
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    assert [(a.verdict, a.code) for a in mailer.attempts(letter)] == [
        ("deferred", 451),
        ("deferred", 451),
        ("accepted", 250),
    ]
    assert len(smtp_sink.to("ana@example.test")) == 1


def test_a_letter_is_given_up_after_its_last_attempt(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.answer("ana@example.test", "450 4.2.1 mailbox busy", stage="DATA")
    (event,) = mailer.issue(address="ana@example.test")
    with mailer.working():
        letter = mailer.wait_for(event, "failed")
    assert len(mailer.attempts(letter)) == 3  # the first, and one after each delay
    (told,) = mailer.told(LetterFailed)
    assert told.answer == "450 4.2.1 mailbox busy"
    assert letter.ciphertext is None


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_a_permanent_refusal_fails_at_once(mailer: Mailer, smtp_sink: SmtpSink, stage: str) -> None:
    smtp_sink.answer("ana@example.test", "550 5.1.1 no such user", stage=stage)
    events = mailer.issue(address="ana@example.test") + mailer.issue(3)
    with mailer.working():
        letter = mailer.wait_for(events[0], "failed")
        for other in events[1:]:
            mailer.wait_for(other, "sent")
    assert [(a.verdict, a.code) for a in mailer.attempts(letter)] == [("refused", 550)]
    assert letter.outcome == "550 5.1.1 no such user"
    assert letter.ciphertext is None
    assert [event.credential_id for event in mailer.told(LetterFailed)] == [events[0].credential_id]


def test_a_server_that_goes_away_after_the_last_byte_leaves_the_letter_uncertain(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    smtp_sink.disconnect("ana@example.test", stage="ACCEPTED")
    events = mailer.issue(address="ana@example.test") + mailer.issue(8)
    with mailer.working():
        letter = mailer.wait_for(events[0], "uncertain")
        for other in events[1:]:
            mailer.wait_for(other, "sent")
    assert len(smtp_sink.to("ana@example.test")) == 1, "it must not be sent again by itself"
    assert [a.verdict for a in mailer.attempts(letter)] == ["unknown"]
    assert letter.ciphertext is None
    assert events[0].credential_id not in {event.credential_id for event in mailer.told()}


def test_a_connection_that_breaks_before_the_letter_began_is_tried_again(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.disconnect("ana@example.test", stage="RCPT", times=1)
    (event,) = mailer.issue(address="ana@example.test")
    with mailer.working():
        letter = mailer.wait_for(event, "sent")
    assert [a.verdict for a in mailer.attempts(letter)] == ["interrupted", "accepted"]


def test_while_the_server_is_away_letters_wait_without_blame_and_the_page_can_say_why(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    smtp_sink.stop()
    (event,) = mailer.issue()
    with mailer.working():
        wait_until(mailer.trouble, message="the trouble is not shown")
        assert mailer.letter_of(event).state == "pending"
        smtp_sink.start()
        letter = mailer.wait_for(event, "sent")
        wait_until(lambda: not mailer.trouble(), message="the trouble stays")
    assert [a.verdict for a in mailer.attempts(letter)] == ["accepted"]


def test_connections_are_kept_open(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    events = mailer.issue(60)
    with mailer.working(mail_connections=2):
        for event in events:
            mailer.wait_for(event, "sent")
    assert smtp_sink.connections <= 2


def test_a_pause_stops_what_has_not_begun_and_resuming_goes_on(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.hold()
    events = mailer.issue(60)
    with mailer.working(mail_connections=2):
        wait_until(lambda: "sending" in mailer.states())
        mailer.pause()
        begun = mailer.states().count("sending")
        smtp_sink.release()
        wait_until(lambda: "sending" not in mailer.states())
        assert mailer.states().count("sent") == begun < 60
        assert mailer.states().count("pending") == 60 - begun
        mailer.resume()
        for event in events:
            mailer.wait_for(event, "sent")
    assert len(smtp_sink.messages) == 60


def test_a_thousand_cancels_racing_with_the_sender_never_meet_in_one_letter(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    mailer.issue(1000)
    ids = [letter.id for letter in mailer.letters()]
    claimed_cancelled = set()
    with mailer.working():
        wait_until(lambda: "sent" in mailer.states())
        for start in range(999, -1, -7):
            some = ids[max(start - 6, 0) : start + 1]
            result = mailer.cancel(some)
            refused = {one["id"] for one in result.not_cancelled}
            assert result.cancelled == len(some) - len(refused)
            claimed_cancelled |= set(some) - refused
        wait_until(lambda: not {"pending", "sending"} & set(mailer.states()), timeout=60)
    arrived = [received.message["Message-ID"].strip("<>") for received in smtp_sink.messages]
    letters = mailer.letters()
    assert len(arrived) == len(set(arrived)), "a letter was sent twice"
    assert {letter.message_id for letter in letters if letter.state == "sent"} == set(arrived)
    assert {letter.id for letter in letters if letter.state == "cancelled"} == claimed_cancelled
    assert claimed_cancelled, "the race was lost before it began"
    assert arrived
    assert len(mailer.told(LetterSent)) + len(mailer.told(LetterCancelled)) == 1000
    assert not [letter.id for letter in letters if letter.ciphertext]


def test_cancelling_all_says_how_many_and_tells_of_each(mailer: Mailer) -> None:
    mailer.issue(30)
    with mailer.db.write() as session:
        result = cancel_all(session, "Agente Ana")
    assert (result.cancelled, result.not_cancelled) == (30, [])
    assert {event.reason for event in mailer.told(LetterCancelled)} == {"staff"}
    assert {(letter.state, letter.ended_by, letter.ciphertext) for letter in mailer.letters()} == {
        ("cancelled", "Agente Ana", None)
    }


def test_issuing_again_replaces_the_letter_that_waits(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    (first,) = mailer.issue(secret="first", address="ana@example.test")
    again = mailer.issued(secret="second", address="ana@example.test", replaces=first.credential_id)
    mailer.hear(again)
    with mailer.working():
        mailer.wait_for(again, "sent")
    assert mailer.letter_of(first).state == "replaced"
    assert mailer.letter_of(first).ciphertext is None
    assert ["second" in letter.text for letter in smtp_sink.to("ana@example.test")] == [True]
    assert [event.credential_id for event in mailer.told()] == [again.credential_id]


def test_a_replacement_that_overtakes_the_letter_it_replaces_still_wins(mailer: Mailer) -> None:
    first = mailer.issued(secret="first")
    again = mailer.issued(secret="second", replaces=first.credential_id)
    mailer.hear(again)
    mailer.hear(first)
    assert [mailer.letter_of(event).state for event in (first, again)] == ["replaced", "pending"]


def test_a_revoked_credential_takes_its_waiting_letter_with_it_even_if_heard_before(mailer: Mailer) -> None:
    (early,), late = mailer.issue(), mailer.issued()
    for event in (early, late):
        mailer.hear(CredentialRevoked(credential_id=event.credential_id, party_id=event.party_id, reason="revoked"))
    mailer.hear(late)
    assert mailer.states() == ["cancelled", "cancelled"]
    assert {event.reason for event in mailer.told(LetterCancelled)} == {"credential_revoked"}


def test_a_deactivated_party_gets_no_letter(mailer: Mailer) -> None:
    (gone,), (stays,) = mailer.issue(), mailer.issue()
    mailer.hear(deactivated(gone.party_id))
    assert [mailer.letter_of(event).state for event in (gone, stays)] == ["cancelled", "pending"]


def test_of_two_recoveries_only_the_newest_letter_goes(mailer: Mailer) -> None:
    first = mailer.recovery()
    second = mailer.recovery(party_id=first.party_id)
    mailer.hear(first, second)
    assert [mailer.letter_of(event).state for event in (first, second)] == ["replaced", "pending"]


def test_an_event_that_identity_did_not_sign_is_refused(mailer: Mailer) -> None:
    event = mailer.issued()
    other = mailer.issued()
    assert event.secret
    assert event.recipient
    for wrong in (
        forged(event),
        replace(event, secret=other.secret),
        replace(event, recipient=replace(event.recipient, address="thief@example.test")),
        replace(event, credential_id=other.credential_id),
        replace(event, recipient=None),
        replace(event, delivery="pigeon"),
    ):
        with pytest.raises(InvalidEvent):
            mailer.hear(wrong)
    assert mailer.letters() == []


def test_an_unknown_signing_key_is_waited_for_and_not_refused(mailer: Mailer) -> None:
    event = mailer.issued()
    assert event.secret
    with pytest.raises(SigningKeyUnknown):
        mailer.hear(replace(event, secret=replace(event.secret, signing_key="identity-2")))


def test_the_same_credential_heard_twice_gets_one_letter(mailer: Mailer) -> None:
    event = mailer.issued()
    mailer.hear(event)
    mailer.hear(event)
    assert len(mailer.letters()) == 1


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("not an address", "this is no e-mail address"),
        ("a@b\r\nRCPT TO:<thief@example.test>", "this is no e-mail address"),
        ("ana@exa mple.test", "the domain of the address is not possible"),
    ],
)
def test_an_impossible_address_fails_without_bothering_the_server(
    mailer: Mailer, smtp_sink: SmtpSink, address: str, told: str
) -> None:
    (event,) = mailer.issue(address=address)
    with mailer.working():
        letter = mailer.wait_for(event, "failed")
    assert letter.outcome == told
    assert not smtp_sink.messages


def test_an_expired_credential_is_not_sent_any_more(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    (event,) = mailer.issue(expires_at=clock.now() - timedelta(seconds=1))
    with mailer.working():
        mailer.wait_for(event, "failed")
    assert not smtp_sink.messages


def test_letters_of_a_slow_domain_do_not_hold_up_the_others(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    slow = [mailer.issued(address=f"p{n}@slow.test") for n in range(300)]
    mailer.hear(*slow)
    (fast,) = mailer.issue(address="ana@fast.test")
    with mailer.working(mail_per_domain=2.0):
        mailer.wait_for(fast, "sent")
        assert mailer.states().count("sent") < 100
