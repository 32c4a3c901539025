"""Sixty days of clients, invoices and money: who is told what, when and once; and each late fee, to the cent.

Both against a plain computation of their own; documents of late fees are invoices of which people are reminded, too.
"""

import os
from datetime import date

from sqlalchemy import select

from services.portal.actions.daily import FEES, REMINDERS
from services.portal.models import Invoice, LateFee, Notice
from tests.support.fee_town import compare_fees
from tests.support.plain_reminders import DAY
from tests.support.schema import migrated
from tests.support.sixty_days import Town, at
from tests.support.town_life import live, owed_now, settle_town

FIRST = date(2026, 1, 25)
"""So that fees of the last days of January meet February."""
DAYS = 60
CLIENTS = int(os.environ.get("PORTERIA_SIMULATION", "80"))
"""2,000 take a quarter of an hour; what can go wrong goes wrong with few too."""
OUTAGES = {*range(20, 23), *range(40, 45)}
"""Days without any worker: three, which are made up for, and five, of which the oldest are not."""
CUTS = {10: REMINDERS, 33: FEES, 34: REMINDERS, 46: FEES, 52: FEES}
"""Days on which everything dies in the middle of a task, and nothing comes back before the next day."""
REPEATED = {5, 15, 23, 37, 48}


def test_in_sixty_days_everybody_is_reminded_once_of_what_is_owed_and_charged_late_fees_right_to_the_cent(postgres_url):
    town = Town(postgres_url, seed=13, chunk=max(5, CLIENTS // 20))
    migrated("portal", town.db)
    try:
        with at(FIRST - DAY, 9):
            settle_town(town, CLIENTS)
        for number in range(DAYS):
            spend_day(town, number)
        assert_kept(town)
    finally:
        town.close()


def spend_day(town: Town, number: int) -> None:
    """A morning, the run, an afternoon, and the mailer in the evening."""
    today = FIRST + number * DAY
    with at(today, 6):
        live(town, today)
        town.compare(f"morning {number}")
    if number not in OUTAGES:
        with at(today, 8):
            since = town.since(today)
            town.must_remind(since, today)
            town.look_ahead(since, today)
            run(town, f"run {number}", since, today, CUTS.get(number, ""))
    with at(today, 15):
        live(town, today)
        town.compare(f"afternoon {number}")
        if number in REPEATED:
            town.repeat(today)
            town.must_remind(since, today)
            run(town, f"again {number}", since, today)
    town.deliver(today)


def run(town: Town, what: str, since: date, today: date, cut: str = "") -> None:
    """Late fees first: of their documents people are reminded on the same day."""
    fees = set(town.book.owed_fees(town.invoices.values(), today))
    town.run(today, cut=cut)
    town.must_remind(since, today, compare_fees(town, what, fees, some=cut == FEES))
    town.compare(what, some=bool(cut))


def assert_kept(town: Town) -> None:
    """What the portal keeps is what was compared day by day; and enough happened to say something."""
    with town.db.read() as session:
        stored = session.execute(select(Notice.about, Notice.kind, Notice.address_key, Notice.state)).all()
        owed = dict(session.execute(select(Invoice.id, Invoice.balance).where(Invoice.kind == "invoice")).all())
    told = {(about, *key): one.waits for about, by_key in town.told.items() for key, one in by_key.items()}
    kept = {(about, kind, key): state == "raised" for about, kind, key, state in stored if (about, kind, key) in told}
    assert kept == told
    assert_fees_kept(town)
    assert owed == owed_now(town.invoices.values())
    assert town.letters > 4 * CLIENTS
    assert town.withdrawn > CLIENTS / 20
    assert town.deaths > 5
    assert town.cuts == {FEES, REMINDERS}


def assert_fees_kept(town: Town) -> None:
    """The same for every fee; and of their documents people were reminded, too."""
    fees = town.book.fees
    with town.db.read() as session:
        stored = {
            (one.invoice_id, one.period): (one.state, int(one.waived * 100), one.charged_on_id)
            for one in session.scalars(select(LateFee))
        }
    assert stored == {key: (fee.state, fee.waived, fee.document) for key, fee in fees.items()}
    states = [fee.state for fee in fees.values()]
    assert min(states.count(one) for one in ("charged", "waived", "pending")) > 0
    assert len(fees) > 1.5 * CLIENTS
    assert any(fee.period for fee in fees.values())
    assert town.book.waivers > CLIENTS / 10
    assert len(town.told.keys() & town.book.documents) > CLIENTS / 10
