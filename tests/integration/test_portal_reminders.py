"""Clients are reminded of invoices by rules, once; and letters that wait stay true when an invoice changes."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from services.portal.actions.daily import REMINDERS, Chunk, repeat_run
from services.portal.actions.disputes import dispute_invoice, settle_dispute
from services.portal.actions.reminders import remind_chunk
from services.portal.jobs.daily import DailyRunner
from services.portal.models import DailyRun
from services.portal.queries.reminder_preview import count_letters, plan_letters
from tests.support.alone import portal_alone
from tests.support.billing import ZONE, credit, invoice_now, issue, pay, reverse, today, void
from tests.support.plain_reminders import amount_text
from tests.support.reminding import Said, run_day, runner, said, states, switch_on, taken_back
from tests.support.sixty_days import Died, at
from tests.support.waiting import wait_until

MILLION = amount_text(1_000_000, "es")
DAY = timedelta(days=1)


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        switch_on(made.db)
        yield made


@pytest.fixture
def on_postgres(tmp_path, postgres_url):
    with portal_alone(tmp_path, postgres_url) as made:
        switch_on(made.db)
        yield made


def dispute(db, invoice):
    with db.write() as session:
        dispute_invoice(session, invoice.id, "No es la suya")


def test_who_owes_is_reminded_before_on_and_after_the_due_date_each_once(portal):
    invoice = issue(portal.db, portal.party(), due_in=5)
    for number in range(25):
        run_day(portal.db, today() + number * DAY)
    kinds = [one.kind for one in said(portal.db)]
    assert kinds == ["reminder_before", "reminder_due", "overdue_first", "overdue_second", "overdue_third"]
    assert {(one.number, one.amount) for one in said(portal.db)} == {(invoice.number, MILLION)}


def test_the_run_waits_for_its_hour_and_is_done_once_a_day_unless_it_is_repeated(portal):
    issue(portal.db, portal.party(), due_in=0)
    with at(today(), 7):
        assert not runner(portal.db).run()
    run_day(portal.db, today())
    with at(today(), 10):
        assert not runner(portal.db).run()
        late = issue(portal.db, portal.party(2), due_in=0)
        with portal.db.write() as session:
            assert repeat_run(session, REMINDERS, today())
        with portal.db.write() as session:
            assert not repeat_run(session, REMINDERS, today()), "it is at work"
    run_day(portal.db, today())
    assert [one.number for one in said(portal.db)] == ["FV-000001", late.number]


def test_a_worker_that_dies_loses_its_chunk_and_the_next_goes_on_there(portal):
    for number in range(1, 8):
        issue(portal.db, portal.party(number), due_in=0)
    chunks = iter(range(100))

    def dying(session, run, day):
        done = remind_chunk(ZONE, 2)(session, run, day)
        if next(chunks) == 2:
            raise Died
        return done

    with at(today(), 9):
        mortal = DailyRunner(portal.db, {REMINDERS: dying}, ZONE)
        assert mortal.run()
        assert mortal.run()
        with pytest.raises(Died):
            mortal.run()
        assert len(said(portal.db)) == 4
    run_day(portal.db, today())
    assert len(said(portal.db)) == len(set(said(portal.db))) == 7
    with portal.db.read() as session:
        run = session.get_one(DailyRun, (REMINDERS, today()))
        assert (run.looked_at, run.done, run.finished_at is None) == (7, 7, False)


def test_a_task_that_fails_keeps_no_other_from_being_done_and_is_tried_again(portal):
    issue(portal.db, portal.party(), due_in=0)
    broken, done = [True], []

    def fees(session, run, day):
        if broken[0]:
            raise ZeroDivisionError
        done.append(day)
        return Chunk(0, 0, None)

    with at(today(), 9):
        working = DailyRunner(portal.db, {"fees": fees, REMINDERS: remind_chunk(ZONE)}, ZONE)
        while working.run():
            pass
        assert (len(said(portal.db)), done) == (1, [])
        broken[0] = False
        while working.run():
            pass
    assert done == [today()]


def test_missed_days_are_made_up_for_with_the_last_step_alone_and_nothing_stale(portal):
    due = today() + 5 * DAY
    issue(portal.db, portal.party(), due_in=5)
    issue(portal.db, portal.party(2), due_in=6)
    run_day(portal.db, due - DAY)
    before = said(portal.db)
    run_day(portal.db, due + 3 * DAY)
    # Reminder and first notice of both fell into the missed days; what announced the due date is stale by now.
    assert [one.kind for one in said(portal.db)[len(before) :]] == ["overdue_first", "overdue_first"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda db, invoice: pay(db, invoice.party_id, "1000000", invoice), "paid"),
        (lambda db, invoice: credit(db, invoice, "1000000"), "paid"),
        (void, "voided"),
        (dispute, "disputed"),
    ],
    ids=["paid", "credited", "voided", "disputed"],
)
def test_of_what_is_owed_no_more_or_in_dispute_nobody_is_reminded(portal, change, reason):
    invoice = issue(portal.db, portal.party(), due_in=0)
    run_day(portal.db, today())
    change(portal.db, invoice)
    assert taken_back(portal.db) == [("reminder_due", reason)]
    run_day(portal.db, today() + DAY)
    assert len(said(portal.db)) == 1
    assert states(portal.db)["reminder_due"] == "withdrawn"


def test_a_part_payment_changes_the_letter_that_waits_and_a_reversed_one_changes_it_back(portal):
    invoice = issue(portal.db, portal.party(), due_in=0)
    run_day(portal.db, today())
    payment = pay(portal.db, invoice.party_id, "400000", invoice)
    assert [one.amount for one in said(portal.db)] == [MILLION, amount_text(600_000, "es")]
    reverse(portal.db, payment)
    assert said(portal.db)[-1].amount == MILLION
    pay(portal.db, invoice.party_id, "1000000", invoice)
    assert taken_back(portal.db) == [("reminder_due", "paid")], "the last words, once"


def test_an_invoice_that_is_owed_again_waits_for_its_next_step(portal):
    invoice = issue(portal.db, portal.party(), due_in=0)
    run_day(portal.db, today())
    payment = pay(portal.db, invoice.party_id, "1000000", invoice)
    reverse(portal.db, payment)
    assert len(said(portal.db)) == 1
    run_day(portal.db, today() + DAY)
    assert [one.kind for one in said(portal.db)] == ["reminder_due", "overdue_first"]


def test_after_a_dispute_was_settled_the_next_step_comes_with_its_day(portal):
    invoice = issue(portal.db, portal.party(), due_in=0)
    dispute(portal.db, invoice)
    run_day(portal.db, today())
    run_day(portal.db, today() + DAY)
    with portal.db.write() as session:
        settle_dispute(session, invoice.id, today())
    for number in range(2, 10):
        run_day(portal.db, today() + number * DAY)
    assert [one.kind for one in said(portal.db)] == ["overdue_second"]
    assert invoice_now(portal.db, invoice.id).dispute_reason == ""


def test_a_payment_that_comes_while_a_chunk_is_open_changes_what_the_chunk_told(on_postgres):
    db = on_postgres.db
    invoice = issue(db, on_postgres.party(), due_in=0)
    paying = threading.Thread(target=pay, args=(db, invoice.party_id, "250000", invoice))

    def is_waiting() -> bool:
        with db.read() as session:
            waits = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            return bool(session.scalar(waits)) or not paying.is_alive()

    def slow(session, run, day) -> Chunk:
        done = remind_chunk(ZONE)(session, run, day)
        paying.start()
        wait_until(is_waiting, timeout=20, message="the payment neither waits nor ends")
        return done

    working = DailyRunner(db, {REMINDERS: slow}, ZONE)
    with at(today(), 9):
        working.run()
        paying.join()
    assert [one.amount for one in said(db)] == [MILLION, amount_text(750_000, "es")]


def test_the_look_ahead_tells_what_tomorrow_brings_and_writes_nothing(portal):
    tomorrow = today() + DAY
    for number in range(1, 6):
        issue(portal.db, portal.party(number), due_in=(1, 0, 6, 3, 1)[number - 1])
    run_day(portal.db, today())
    before = said(portal.db)
    with portal.db.read() as session:
        planned = list(plan_letters(session, today(), tomorrow, clients=2))
        plan = count_letters(session, today(), tomorrow, 100)
        few = count_letters(session, today(), tomorrow, 2)
        written = session.scalars(select(DailyRun.day)).all()
    assert (said(portal.db), written) == (before, [today()])
    run_day(portal.db, tomorrow)
    letters = [
        Said(one.reminder.step, one.reminder.number, one.reader.address, amount_text(one.reminder.balance, "es"))
        for one in planned
    ]
    assert sorted(letters) == sorted(said(portal.db)[len(before) :])
    assert (plan.total, plan.complete, plan.invoices["reminder_due"]) == (len(letters), True, 2)
    assert (few.total, few.complete) == (2, False)
