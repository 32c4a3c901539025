"""Sixty days of clients, invoices and money: who is told what, when, once, and for how much."""

import os
from datetime import date

from sqlalchemy import select

from services.portal.models import Invoice, Notice
from tests.support.plain_reminders import DAY
from tests.support.schema import migrated
from tests.support.sixty_days import Town, at
from tests.support.town_life import live, owed_now, settle_town

FIRST = date(2026, 3, 2)
DAYS = 60
CLIENTS = int(os.environ.get("PORTERIA_SIMULATION", "120"))
"""2,000 takes some minutes; what can go wrong goes wrong with few too."""
OUTAGES = {*range(20, 23), *range(40, 45)}
"""Days without any worker: three, which are made up for, and five, of which the oldest are not."""
CUTS = {10, 33, 34, 52}
"""Days on which everything dies in the middle of the run, and nothing comes back before the next day."""
REPEATED = {5, 15, 23, 37, 48}


def test_in_sixty_days_everybody_is_reminded_as_the_rules_say_once_and_of_what_is_owed(postgres_url):
    town = Town(postgres_url, seed=5, chunk=max(3, CLIENTS // 20))
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
            town.run(today, cut_after=2 if number in CUTS else None)
            town.compare(f"run {number}", some=number in CUTS)
    with at(today, 15):
        live(town, today)
        town.compare(f"afternoon {number}")
        if number in REPEATED:
            town.repeat(today)
            town.must_remind(since, today)
            town.run(today)
            town.compare(f"again {number}")
    town.deliver(today)


def assert_kept(town: Town) -> None:
    """What the portal keeps is what was compared day by day; and enough happened to say something."""
    with town.db.read() as session:
        stored = session.execute(select(Notice.about, Notice.kind, Notice.address_key, Notice.state)).all()
        owed = dict(session.execute(select(Invoice.id, Invoice.balance).where(Invoice.kind == "invoice")).all())
    told = {(about, *key): one.waits for about, by_key in town.told.items() for key, one in by_key.items()}
    kept = {(about, kind, key): state == "raised" for about, kind, key, state in stored if (about, kind, key) in told}
    assert kept == told
    assert owed == owed_now(town.invoices.values())
    assert town.letters > 4 * CLIENTS
    assert town.withdrawn > CLIENTS / 10
    assert town.deaths
    assert town.cuts
