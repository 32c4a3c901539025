"""Who learns of what, once: the readers of a client's letters, telling, withdrawing and saying anew."""

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.portal.actions.notices import News, renew_notices, tell_all, withdraw_from, withdraw_notices
from services.portal.models import Contact, HolderChoice, Notice, Party
from services.portal.queries.readers import list_readers
from services.portal.rules.contacts import REMOVED, SUSPENDED
from services.portal.rules.notices import INVOICE_ISSUED, OVERDUE_FIRST, RECEIPT, REMINDER_DUE
from shared import clock
from shared.db import new_id
from shared.events.directory import AddressCleared, Email
from shared.events.mailer import (
    AddressReleased,
    AddressSuppressed,
    LetterBounced,
    LetterCancelled,
    LetterFailed,
    LetterSent,
)
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from tests.support.alone import Alone, portal_alone
from tests.support.clientarea import updated
from tests.support.notices import ANA, HOLDER, contact, counted, hear, letter, news_about, published, states, told


@pytest.fixture
def alone(tmp_path: Path, database_url: str) -> Iterator[Alone]:
    with portal_alone(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def party_id(alone: Alone) -> uuid.UUID:
    return alone.party()


# Who gets it


def test_an_address_gets_one_letter_however_many_ways_lead_to_it(alone, party_id):
    contact(alone.db, party_id, "Persona1@Example.COM")
    contact(alone.db, party_id, ANA)
    assert told(alone.db, news_about(party_id)) == [ANA, HOLDER]


def test_what_is_wanted_at_one_address_in_two_ways_is_the_sum_of_both(alone, party_id):
    contact(alone.db, party_id, HOLDER.upper(), notices=["receipt"])
    with alone.db.write() as session:
        session.add(HolderChoice(party_id=party_id, notices=["reminder"], changed_at=clock.now()))
    assert told(alone.db, news_about(party_id, RECEIPT)) == told(alone.db, news_about(party_id)) == [HOLDER]
    assert told(alone.db, news_about(party_id, OVERDUE_FIRST)) == []


def test_everybody_gets_what_they_chose_in_their_own_language(alone, party_id):
    contact(alone.db, party_id, ANA, notices=["reminder"], language="en")
    contact(alone.db, party_id, "luis@example.com", notices=["receipt"])
    with alone.db.write() as session:
        session.add(HolderChoice(party_id=party_id, notices=["reminder", "overdue"], changed_at=clock.now()))
    assert told(alone.db, news_about(party_id)) == [ANA, HOLDER]
    said = {event.reader.address: event for event in published(alone.db, NoticeRaised)}
    assert {value.value for value in said[ANA].values} == {"FV-000001", "today"}
    assert {value.value for value in said[HOLDER].values} == {"FV-000001", "hoy"}
    # Ana may be let in by others too: her link says whose area is meant.
    assert (said[ANA].path, said[HOLDER].path) == (
        f"/customerarea/invoices/1?of={party_id}",
        "/customerarea/invoices/1",
    )
    assert said[ANA].stop_path == f"/customerarea/notices/{said[ANA].notice_id}/stop"
    assert told(alone.db, news_about(party_id, RECEIPT)) == ["luis@example.com"]


def test_what_a_contact_gets_instead_comes_back_to_the_client_when_the_contact_does_not_get_it(alone, party_id):
    made = contact(alone.db, party_id, ANA, notices=["reminder"], instead=["reminder", "receipt"])
    assert told(alone.db, news_about(party_id)) == [ANA]
    # Of what the contact does not get, nothing is taken from the client.
    assert told(alone.db, news_about(party_id, RECEIPT)) == [HOLDER]

    def with_contact(**values: Any) -> list[str]:
        with alone.db.write() as session:
            for name, value in values.items():
                setattr(session.get_one(Contact, made), name, value)
        return told(alone.db, news_about(party_id))

    assert with_contact(stopped=["reminder"]) == [HOLDER]
    assert with_contact(stopped=[]) == [ANA]
    # Who may not sign in for a while gets letters all the same.
    assert with_contact(state=SUSPENDED) == [ANA]
    hear(alone.db, AddressSuppressed(address=ANA.upper(), reason="manual", at=clock.now()))
    assert told(alone.db, news_about(party_id)) == [HOLDER]
    hear(alone.db, AddressReleased(address=ANA, at=clock.now()))
    assert told(alone.db, news_about(party_id)) == [ANA]
    assert with_contact(state=REMOVED, removed_at=clock.now()) == [HOLDER]


def test_an_address_from_which_a_letter_came_back_gets_nothing_until_it_is_cleared(alone, party_id):
    contact(alone.db, party_id, ANA, instead=["reminder"])
    assert told(alone.db, news_about(party_id)) == [ANA]
    raised = published(alone.db, NoticeRaised)[-1]
    hear(alone.db, letter(LetterBounced, raised, answer="550 no such user"))
    assert told(alone.db, news_about(party_id)) == [HOLDER]
    # What was cleared before the letter came back says nothing of it.
    hear(alone.db, AddressCleared(party_id=party_id, address=ANA, at=raised.at))
    assert told(alone.db, news_about(party_id)) == [HOLDER]
    hear(alone.db, AddressCleared(party_id=party_id, address=ANA, at=clock.now() + timedelta(seconds=5)))
    assert told(alone.db, news_about(party_id)) == [ANA]


def test_a_client_whose_address_came_back_is_written_to_at_another_one_or_not_at_all(alone, party_id):
    bounced = Email(address=HOLDER, principal=True, state="bounced")
    other = Email(address="otra@example.com", principal=False, state="valid")
    hear(alone.db, replace(updated(1, version=2), emails=[bounced, other]))
    assert told(alone.db, news_about(party_id)) == ["otra@example.com"]
    hear(alone.db, replace(updated(1, version=3), emails=[bounced, replace(other, state="blocked")]))
    assert told(alone.db, news_about(party_id)) == []
    contact(alone.db, party_id)
    assert told(alone.db, news_about(party_id)) == [ANA]


def test_the_readers_of_many_clients_take_two_statements(alone):
    ids = [alone.party(number) for number in range(1, 6)]
    for number, party_id in enumerate(ids):
        contact(alone.db, party_id, f"ana{number}@example.com")
    with alone.db.read() as session:
        parties = session.scalars(select(Party)).all()
        with counted(alone.db) as statements:
            readers = list_readers(session, parties)
    assert len(statements) == 2
    assert {len(some) for some in readers.values()} == {2}


# Once


def test_nobody_is_told_twice_of_the_same_thing(alone, party_id):
    news = news_about(party_id)
    assert told(alone.db, news) == [HOLDER]
    contact(alone.db, party_id)
    assert told(alone.db, news) == [ANA]  # who came later learns of it, and the client not again
    assert told(alone.db, news) == []
    assert told(alone.db, replace(news, kind=OVERDUE_FIRST)) == [ANA, HOLDER]
    assert len(published(alone.db, NoticeRaised)) == len({one.notice_id for one in published(alone.db, NoticeRaised)})


def test_two_who_tell_thousands_at_once_tell_everybody_once(alone):
    parties = [alone.party(number) for number in range(1, 61)]
    every = [news_about(party_id, kind) for party_id in parties for kind in (REMINDER_DUE, INVOICE_ISSUED) * 5]
    ready, counts = threading.Barrier(2), []

    def tell_them(some: list[News]) -> None:
        with alone.db.read() as session:
            readers = list_readers(session, session.scalars(select(Party)).all())
        ready.wait(20)
        with alone.db.write() as session:
            counts.append(tell_all(session, some, readers))

    workers = [threading.Thread(target=tell_them, args=(some,)) for some in (every, every[::-1])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sum(counts) == len(every) == 600
    raised = published(alone.db, NoticeRaised)
    assert len(raised) == 600
    with alone.db.read() as session:
        assert set(session.scalars(select(Notice.notice_id))) == {one.notice_id for one in raised}


# Taken back, and said anew


def test_what_still_waits_is_withdrawn_and_what_was_sent_stays_sent(alone, party_id):
    contact(alone.db, party_id)
    news = news_about(party_id)
    told(alone.db, news)
    first, second = published(alone.db, NoticeRaised)
    hear(alone.db, letter(LetterSent, first))
    with alone.db.write() as session:
        assert withdraw_notices(session, [news.about], [REMINDER_DUE], "paid") == 1
        assert withdraw_notices(session, [news.about], [REMINDER_DUE], "paid") == 0
    gone = published(alone.db, NoticeWithdrawn)
    assert [(one.notice_id, one.reason) for one in gone] == [(second.notice_id, "paid")]
    assert states(alone.db) == {first.reader.address: "sent", second.reader.address: "withdrawn"}


def test_letters_to_one_address_about_one_client_can_be_taken_back(alone, party_id):
    contact(alone.db, party_id)
    other = alone.party(2)
    contact(alone.db, other)
    for wanted in (news_about(party_id), news_about(party_id, RECEIPT), news_about(other)):
        told(alone.db, wanted)
    with alone.db.write() as session:
        assert withdraw_from(session, party_id, ANA.upper(), [REMINDER_DUE], "stopped") == 1
    (gone,) = published(alone.db, NoticeWithdrawn)
    (meant,) = [
        one
        for one in published(alone.db, NoticeRaised)
        if (one.reader.party_id, one.reader.address, one.kind) == (party_id, ANA, REMINDER_DUE)
    ]
    assert (gone.notice_id, gone.reason) == (meant.notice_id, "stopped")


def test_a_letter_that_waits_is_replaced_by_new_words_and_one_that_went_is_not(alone, party_id):
    contact(alone.db, party_id, language="en")
    news = news_about(party_id)
    told(alone.db, news)
    gone, waits = published(alone.db, NoticeRaised)
    hear(alone.db, letter(LetterSent, gone))
    changed = replace(news, values_in=lambda language: {"amount": f"40 ({language})"})
    with alone.db.write() as session:
        assert renew_notices(session, session.get_one(Party, party_id), changed) == 1
    anew = published(alone.db, NoticeRaised)[-1]
    assert (anew.instead_of, anew.reader) == (waits.notice_id, waits.reader)
    assert [value.value for value in anew.values] == [f"40 ({waits.reader.language})"]
    assert anew.stop_path.split("/")[3] == str(anew.notice_id)
    # The row is the same: nobody is told again.
    assert told(alone.db, news) == []
    hear(alone.db, letter(LetterSent, anew))
    assert set(states(alone.db).values()) == {"sent"}


def test_a_former_letter_that_had_gone_already_counts(alone, party_id):
    news = news_about(party_id)
    told(alone.db, news)
    for _ in range(2):
        with alone.db.write() as session:
            renew_notices(session, session.get_one(Party, party_id), news)
    first, _, _ = published(alone.db, NoticeRaised)
    hear(alone.db, letter(LetterSent, first))
    assert states(alone.db) == {HOLDER: "sent"}
    with alone.db.write() as session:
        assert renew_notices(session, session.get_one(Party, party_id), news) == 0


# How it ended


@pytest.mark.parametrize(
    ("heard", "state"),
    [
        ([(LetterSent, 1, {})], "sent"),
        ([(LetterCancelled, 1, {"reason": "staff"})], "withdrawn"),
        ([(LetterFailed, 1, {"answer": "550"})], "failed"),
        ([(LetterSent, 1, {}), (LetterBounced, 9, {"answer": "550"})], "bounced"),
        ([(LetterBounced, 9, {"answer": "550"}), (LetterSent, 1, {})], "bounced"),
        ([(LetterFailed, 1, {"answer": "550"}), (LetterSent, 5, {})], "sent"),
        ([(LetterSent, 5, {}), (LetterCancelled, 6, {"reason": "staff"})], "sent"),
    ],
)
def test_how_a_letter_ended_is_known_in_whatever_order_it_is_told(alone, party_id, heard, state):
    told(alone.db, news_about(party_id))
    (raised,) = published(alone.db, NoticeRaised)
    events = [letter(kind, raised, after, **values) for kind, after, values in heard]
    hear(alone.db, *events, *events)
    with alone.db.read() as session:
        (notice,) = session.scalars(select(Notice))
    assert notice.state == state
    assert notice.ended_at in {event.at for event in events}


def test_a_letter_that_left_before_it_could_be_taken_back_was_sent(alone, party_id):
    news = news_about(party_id)
    told(alone.db, news)
    (raised,) = published(alone.db, NoticeRaised)
    with alone.db.write() as session:
        withdraw_notices(session, [news.about], [REMINDER_DUE], "paid")
    hear(alone.db, letter(LetterSent, raised, after=-5))
    assert states(alone.db) == {HOLDER: "sent"}


def test_letters_that_are_none_of_ours_change_nothing(alone, party_id):
    told(alone.db, news_about(party_id))
    (raised,) = published(alone.db, NoticeRaised)
    strange = letter(LetterSent, raised)
    hear(alone.db, replace(strange, notice_id=None), replace(strange, notice_id=new_id()))
    assert states(alone.db) == {HOLDER: "raised"}
