"""Sixty days of clients, invoices and money: each late fee, to the cent, against a plain computation."""

import os
from datetime import date

from sqlalchemy import select

from services.portal.models import Invoice, LateFee
from tests.support.fee_town import FeeTown, live_with_fees, set_first_rules
from tests.support.plain_reminders import DAY
from tests.support.schema import migrated
from tests.support.sixty_days import at
from tests.support.town_life import owed_now, settle_town

FIRST = date(2026, 1, 25)
"""So that fees of the last days of January meet February."""
DAYS = 60
CLIENTS = int(os.environ.get("PORTERIA_SIMULATION", "60"))
OUTAGES = {20, 21, 22, *range(40, 45)}
CUTS = {10, 33, 34, 52}
REPEATED = {5, 15, 23, 37, 48}


def test_in_sixty_days_each_fee_is_charged_once_and_right_to_the_cent(postgres_url):
    town = FeeTown(postgres_url, seed=13)
    migrated("portal", town.db)
    try:
        with at(FIRST - DAY, 9):
            settle_town(town, CLIENTS)
            set_first_rules(town)
        for number in range(DAYS):
            spend_day(town, number)
        assert_kept(town)
    finally:
        town.close()


def spend_day(town: FeeTown, number: int) -> None:
    """A morning, the run by two schedulers, an afternoon, and sometimes the run once more."""
    today = FIRST + number * DAY
    with at(today, 6):
        live_with_fees(town, today)
    if number not in OUTAGES:
        with at(today, 8):
            expected = set(town.book.owed_fees(town.invoices.values(), today))
            town.run(today, cut_after=2 if number in CUTS else None)
            town.compare_fees(f"run {number}", expected, some=number in CUTS)
    with at(today, 15):
        live_with_fees(town, today)
        if number in REPEATED:
            expected = set(town.book.owed_fees(town.invoices.values(), today))
            town.repeat(today)
            town.run(today)
            town.compare_fees(f"again {number}", expected)


def assert_kept(town: FeeTown) -> None:
    """What the portal keeps of every fee and invoice is what the plain book says; and enough happened."""
    with town.db.read() as session:
        stored = {
            (one.invoice_id, one.period): (one.state, int(one.waived * 100), one.charged_on_id)
            for one in session.scalars(select(LateFee))
        }
        owed = dict(session.execute(select(Invoice.id, Invoice.balance).where(Invoice.kind == "invoice")).all())
    assert stored == {key: (fee.state, fee.waived, fee.document) for key, fee in town.book.fees.items()}
    assert owed == owed_now(town.invoices.values())
    states = [fee.state for fee in town.book.fees.values()]
    assert min(states.count(one) for one in ("charged", "waived", "pending")) > 0
    assert town.charged > 2 * CLIENTS
    assert town.waivers > CLIENTS / 10
    assert any(fee.period for fee in town.book.fees.values())
    assert town.deaths > 5
