"""Many at once on PostgreSQL: numbers without gaps, one invoice per external id and number, no cent paid twice."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from services.portal.actions.invoicing import issue_invoice
from services.portal.actions.money import apply_credit
from services.portal.actions.refusals import DiffersFromBefore, NotOpen, NumberTaken
from services.portal.consumers import HANDLERS
from services.portal.models import Invoice, Payment, Series
from services.portal.queries.payments import credit_of
from services.portal.queries.statements import balances_of
from services.portal.settings import Settings
from shared import clock
from shared.db import Database
from tests.support.billing import invoice_now, issue, new_invoice, pay, void
from tests.support.clientarea import party_event
from tests.support.schema import migrated

THREADS = 8
PARTIES = [party_event(number) for number in range(1, 5)]


class Interrupted(Exception):
    """Something fails after a number was taken."""


@pytest.fixture
def db(postgres_url, tmp_path):
    made = Database(Settings(data=tmp_path, database_pattern=postgres_url).database_url("portal"))
    migrated("portal", made)
    with made.write() as session:
        HANDLERS[type(PARTIES[0])](session, PARTIES)
    yield made
    made.dispose()


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """What each of the threads returns or raises; they begin at the same moment."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Any:
        barrier.wait(20)
        try:
            return work(number)
        except (DiffersFromBefore, Interrupted, NotOpen, NumberTaken) as error:
            return type(error)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def party_of(number: int) -> Any:
    return PARTIES[number % len(PARTIES)].party_id


def numbers(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(Invoice.number).order_by(Invoice.number)))


def test_numbers_have_no_gaps_when_some_of_many_fail(db):
    def work(number: int) -> None:
        for turn in range(6):
            try:
                with db.write() as session:
                    issue_invoice(session, new_invoice(party_of(number + turn)))
                    if (number + turn) % 3 == 0:
                        raise Interrupted
            except Interrupted:
                continue

    at_once(work)
    kept = sum((number + turn) % 3 != 0 for number in range(THREADS) for turn in range(6))
    assert numbers(db) == [f"FV-{number:06}" for number in range(1, kept + 1)]


def test_a_series_that_ends_while_many_wait_is_followed_by_the_next(db):
    with db.write() as session:
        first = session.scalars(select(Series).where(Series.purpose == "invoice")).one()
        first.last_number = 3
        session.add(Series(purpose="invoice", prefix="FW-", width=3, created_at=clock.now()))
    at_once(lambda number: issue(db, party_of(number)))
    assert numbers(db) == ["FV-000001", "FV-000002", "FV-000003"] + [f"FW-{number:03}" for number in range(1, 6)]


def test_the_same_external_invoice_from_many_is_one(db):
    made = at_once(lambda _: issue(db, party_of(0), source="/erp", external_id="A-1").id)
    assert len(set(made)) == 1
    contradicting = at_once(lambda number: issue(db, party_of(number), source="/erp", external_id="A-2").id)
    kept = [one for one in contradicting if one is not DiffersFromBefore]
    assert len(set(kept)) == 1
    assert len(numbers(db)) == 2


def test_a_number_from_outside_goes_to_one_of_many(db):
    made = Counter(at_once(lambda number: type(issue(db, party_of(number), number="SETP-1"))))
    assert numbers(db) == ["SETP-1"]
    assert made[Invoice] == 1


def test_money_from_many_sides_is_in_the_books_once(db):
    invoice = issue(db, party_of(0), "1000")
    pay(db, party_of(0), "300")

    def work(number: int) -> Any:
        if number == 0:
            return void(db, invoice)
        if number > 1:
            return pay(db, party_of(0), "250", invoice)
        with db.write() as session:
            return apply_credit(session, party_of(0), invoice.id)

    at_once(work)
    with db.read() as session:
        received = sum((one.amount for one in session.scalars(select(Payment))), Decimal(0))
        assert received == 300 + 250 * (THREADS - 2)
        assert credit_of(session, party_of(0)) == {"COP": received}
        assert balances_of(session, party_of(0)) == {"COP": -received}
    assert (invoice_now(db, invoice.id).state, invoice_now(db, invoice.id).balance) == ("void", Decimal(0))
