"""Letters of notices that are taken back, or that say something else by now, on both databases."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path

import pytest

from services.mailer.app import create_app
from services.mailer.consumers import on_notice_raised, on_notice_withdrawn
from services.mailer.jobs.connections import GROUP
from shared import clock
from shared.db import new_id
from shared.events import InvalidEvent
from shared.events.mailer import LetterBounced, LetterCancelled, LetterFailed, LetterSent
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from shared.web import Staff
from tests.support.mailer import Mailer, deactivated, one_of
from tests.support.raised import raised
from tests.support.smtp import SmtpSink
from tests.support.waiting import wait_until


@pytest.fixture
def mailer(database_url: str, tmp_path: Path, smtp_sink: SmtpSink) -> Iterator[Mailer]:
    made = Mailer(database_url, tmp_path, smtp_url=smtp_sink.url)
    yield made
    made.db.dispose()


def withdrawn(event: NoticeRaised, reason: str = "paid") -> NoticeWithdrawn:
    return NoticeWithdrawn(notice_id=event.notice_id, reason=reason, at=clock.now())


def renewed(mailer: Mailer, event: NoticeRaised) -> NoticeRaised:
    """The same with other words, instead of the former."""
    return replace(event, notice_id=new_id(), instead_of=event.notice_id)


def states_of(mailer: Mailer, *events: NoticeRaised) -> list[str]:
    return [mailer.letter_of(event).state for event in events]


def send_all(mailer: Mailer) -> None:
    with mailer.working():
        wait_until(lambda: not {"pending", "sending"} & set(mailer.states()))


@pytest.mark.parametrize(
    ("reason", "kept", "told"),
    [
        ("paid", "paid", "pagó"),
        ("voided", "voided", "anuló"),
        ("disputed", "disputed", "disputa"),
        ("invitation_ended", "invitation_ended", "invitación"),
        ("stopped", "stopped", "ya no quiere"),
        ("rained", "withdrawn", "ya no es así"),
    ],
)
def test_a_notice_that_is_taken_back_ends_its_waiting_letter_and_the_page_says_why(
    mailer: Mailer, reason: str, kept: str, told: str
) -> None:
    kind = "sub_account_invitation" if reason == "invitation_ended" else "overdue_first"
    event, other = raised(mailer, kind), raised(mailer, kind)
    mailer.hear(event, other)
    mailer.hear(withdrawn(event, reason))
    mailer.hear(withdrawn(event, reason))
    letter = mailer.letter_of(event)
    assert (letter.state, letter.outcome, letter.ciphertext) == ("cancelled", kept, None)
    assert states_of(mailer, other) == ["pending"]
    (said,) = mailer.told(LetterCancelled)
    assert (said.notice_id, said.reason) == (event.notice_id, kept)
    staff = Staff(id="1", name="Agente Ana", role="agent", language="es")
    page = create_app(mailer.settings, mailer.db, load_staff=lambda: staff).test_client()
    assert told in page.get(f"/backoffice/mailer/letters/{letter.id}").text
    for number, shown in ((f"?kind={kind}", 1), ("?kind=receipt", 0)):
        assert page.get(f"/backoffice/mailer/{number}").text.count(f"/letters/{mailer.letter_of(other).id}") == shown


def test_a_withdrawal_that_overtakes_its_notice_is_remembered(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    event = raised(mailer, "sub_account_invitation")
    mailer.hear(withdrawn(event, "invitation_ended"))
    mailer.hear(event)
    letter = mailer.letter_of(event)
    assert (letter.state, letter.outcome, letter.ciphertext) == ("cancelled", "invitation_ended", None)
    assert one_of(mailer.told(LetterCancelled)).notice_id == event.notice_id


def test_a_withdrawal_and_its_notice_at_the_same_time_do_not_miss_each_other(mailer: Mailer) -> None:
    event = raised(mailer, "overdue_first")

    def take_back() -> None:
        with mailer.db.write() as session:
            on_notice_withdrawn(session, [withdrawn(event)])

    late = threading.Thread(target=take_back)
    with mailer.db.write() as session:
        on_notice_raised(session, [event])
        late.start()
        late.join(0.3)  # enough to look for the letter, if it did not wait for this transaction
    late.join()
    assert states_of(mailer, event) == ["cancelled"]


def test_a_letter_that_was_sent_is_left_alone_and_every_end_names_the_notice(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    smtp_sink.answer("no@example.test", "550 5.1.1 nobody")
    sent, failed = raised(mailer, "receipt"), raised(mailer, "receipt", address="no@example.test")
    mailer.hear(sent, failed)
    send_all(mailer)
    mailer.hear(withdrawn(sent), withdrawn(failed))
    assert states_of(mailer, sent, failed) == ["sent", "failed"]
    assert one_of(mailer.told(LetterSent)).notice_id == sent.notice_id
    assert one_of(mailer.told(LetterFailed)).notice_id == failed.notice_id
    assert mailer.told(LetterCancelled) == []
    mailer.bounce(mailer.letter_of(sent))
    assert one_of(mailer.told(LetterBounced)).notice_id == sent.notice_id


def test_what_a_worker_has_in_hand_but_not_begun_is_taken_back_too(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    smtp_sink.hold()
    events = [raised(mailer, "overdue_first", address=f"p{n}@example.test") for n in range(4 * GROUP)]
    mailer.hear(*events)
    with mailer.working(mail_connections=1):
        wait_until(lambda: "sending" in mailer.states())
        wait_until(lambda: any(letter.claimed_by for letter in mailer.letters() if letter.state == "pending"))
        claimed = {letter.notice_id for letter in mailer.letters() if letter.claimed_by and letter.state == "pending"}
        mailer.hear(*(withdrawn(event) for event in events))
        smtp_sink.release()
        wait_until(lambda: not {"pending", "sending"} & set(mailer.states()))
    ended = {letter.notice_id for letter in mailer.letters() if letter.state == "cancelled"}
    assert claimed <= ended
    assert mailer.states().count("sent") == len(smtp_sink.messages) == len(events) - len(ended)


def test_withdrawals_racing_with_the_sender_never_meet_it_in_one_letter(mailer: Mailer, smtp_sink: SmtpSink) -> None:
    events = [raised(mailer, "overdue_first", address=f"p{n}@example.test") for n in range(400)]
    mailer.hear(*events)
    with mailer.working():
        wait_until(lambda: "sent" in mailer.states())
        for start in range(399, -1, -7):
            mailer.hear(*(withdrawn(event) for event in events[max(start - 6, 0) : start + 1]))
        wait_until(lambda: not {"pending", "sending"} & set(mailer.states()), timeout=60)
    arrived = [received.message["Message-ID"].strip("<>") for received in smtp_sink.messages]
    assert sorted(arrived) == sorted(letter.message_id for letter in mailer.letters() if letter.state == "sent")
    cancelled = {letter.notice_id for letter in mailer.letters() if letter.state == "cancelled"}
    assert cancelled == {event.notice_id for event in mailer.told(LetterCancelled)}
    assert arrived
    assert cancelled


def test_of_words_that_changed_twice_only_the_newest_go_in_whatever_order_they_come(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    newest = set()
    for number, (order, at_once) in enumerate(product(permutations((0, 1, 2)), (True, False))):
        first = raised(mailer, "overdue_first", address=f"p{number}@example.test")
        second = renewed(mailer, first)
        events = (first, second, renewed(mailer, second))
        come = [events[place] for place in order]
        for some in [come] if at_once else [[one] for one in come]:
            mailer.hear(*some)
        mailer.hear(*come)
        assert states_of(mailer, *events) == ["replaced", "replaced", "pending"], order
        newest.add(events[2].notice_id)
    send_all(mailer)
    assert len(smtp_sink.messages) == len({letter.recipients for letter in smtp_sink.messages}) == len(newest)
    assert {event.notice_id for event in mailer.told()} == newest


@pytest.mark.parametrize("end", ["sent", "cancelled"])
def test_where_the_first_letter_does_not_wait_any_more_none_that_renews_it_goes(
    mailer: Mailer, smtp_sink: SmtpSink, end: str
) -> None:
    lines = []
    for _ in "xy":
        first = raised(mailer, "overdue_first")
        second = renewed(mailer, first)
        lines.append((first, second, renewed(mailer, second)))
    mailer.hear(*(line[0] for line in lines))
    if end == "sent":
        send_all(mailer)
    else:
        mailer.cancel([letter.id for letter in mailer.letters()])
    mailer.hear(lines[0][1])
    mailer.hear(lines[0][2])
    mailer.hear(lines[1][2])
    mailer.hear(lines[1][1])
    assert [states_of(mailer, *line) for line in lines] == [
        [end, "cancelled", "cancelled"],
        [end, "replaced", "cancelled"],
    ]
    assert [mailer.letter_of(line[2]).outcome for line in lines] == ["outrun", "outrun"]
    assert {line[2].notice_id for line in lines} <= {event.notice_id for event in mailer.told(LetterCancelled)}


def test_of_a_letter_and_its_renewal_racing_with_the_sender_each_reader_gets_one(
    mailer: Mailer, smtp_sink: SmtpSink
) -> None:
    events = [raised(mailer, "overdue_first", address=f"p{n}@example.test") for n in range(300)]
    mailer.hear(*events)
    with mailer.working():
        wait_until(lambda: "sent" in mailer.states())
        for start in range(299, -1, -10):
            mailer.hear(*(renewed(mailer, event) for event in events[max(start - 9, 0) : start + 1]))
        wait_until(lambda: not {"pending", "sending"} & set(mailer.states()), timeout=60)
    got = [recipient for letter in smtp_sink.messages for recipient in letter.recipients]
    assert sorted(got) == sorted(event.reader.address for event in events)
    assert set(mailer.states()) == {"sent", "replaced", "cancelled"}, "the race was lost before it began"


def test_a_notice_that_renews_itself_is_refused(mailer: Mailer) -> None:
    event = raised(mailer, "receipt")
    with pytest.raises(InvalidEvent):
        mailer.hear(replace(event, instead_of=event.notice_id))


def test_what_waits_for_the_contacts_of_a_deactivated_client_does_not_go(mailer: Mailer) -> None:
    client = new_id()
    mine, accountants = (
        raised(mailer, "receipt", party_id=client),
        raised(mailer, "receipt", party_id=client, address="accountant@example.test"),
    )
    others = raised(mailer, "receipt", party_id=new_id(), address="accountant@example.test")
    mailer.hear(mine, accountants, others)
    mailer.hear(deactivated(client))
    assert states_of(mailer, mine, accountants, others) == ["cancelled", "cancelled", "pending"]
    assert {event.reason for event in mailer.told(LetterCancelled)} == {"party_deactivated"}
