"""Late fees: when they are charged, on what, how they are waived, and what never costs one."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from services.portal.actions.fee_waiving import waive_fee
from services.portal.actions.invoicing import issue_draft
from services.portal.actions.refusals import FeeChanged, TooMuch
from services.portal.models import Agency, Invoice, Series
from services.portal.settings import Settings
from shared.db import Database
from shared.events import decode
from shared.events.portal import LateFeeCharged, LateFeeWaived
from shared.outbox import outbox
from tests.support.billing import credit, draft, pay, reverse, void
from tests.support.clientarea import PUBLIC_URL
from tests.support.fees import Months
from tests.support.schema import migrated

both = pytest.mark.parametrize("db", ["sqlite_url", "postgres_url"], indirect=True)


@pytest.fixture
def db(request, tmp_path):
    url = request.getfixturevalue(getattr(request, "param", "sqlite_url"))
    made = Database(Settings(public_url=PUBLIC_URL, data=tmp_path, database_pattern=url).database_url("portal"))
    migrated("portal", made)
    yield made
    made.dispose()


@pytest.fixture
def months(db, monkeypatch):
    return Months(db, monkeypatch)


def waive(months, fee, amount, reason="Acuerdo de pago", before="0"):
    with months.db.write() as session:
        return waive_fee(session, fee.id, Decimal(amount), reason, months.today, waived_before=Decimal(before))


@both
def test_the_day_after_grace_costs_a_document_of_its_own_once(months):
    months.rule(grace_days=3, pay_within_days=10)
    bill = months.bill(months.party(), "2026-01-05", property_name="Apartamento 301")
    months.go_to("2026-01-08")
    assert months.run() == 0, "grace"
    months.go_to("2026-01-09")
    assert (months.run(), months.run(again=True)) == (1, 0)
    (fee,) = months.fees()
    document = months.invoice(fee.charged_on_id)
    assert (fee.state, fee.fee_day, fee.amount) == ("charged", date(2026, 1, 9), Decimal("20000.00"))
    assert (document.total, document.tax_total, document.due_on) == (fee.amount, 0, date(2026, 1, 19))
    assert document.is_late_fee
    assert document.property_name == "Apartamento 301"
    assert document.lines[0]["description"] == (
        f"Multa por pago tardío de la factura {bill.number} (2\u00a0% de $\u00a01.000.000,00\u00a0COP)"
    )
    months.go_to("2026-06-01")
    assert months.run() == 0, "neither again, nor on the fee"


@both
def test_monthly_fees_follow_what_is_owed_then_and_days_that_were_missed_are_made_up(months):
    months.rule(repeats="monthly", minimum="5000", maximum="15000")
    tenant = months.party()
    bill = months.bill(tenant, "2026-01-30")
    for day, amount in {"2026-01-31": "15000", "2026-02-28": "15000"}.items():
        months.go_to(day)
        assert months.run() == 1
        assert months.fees()[-1].amount == Decimal(amount)
    pay(months.db, tenant, "900000", bill)
    months.go_to("2026-05-02")  # nobody ran anything since: the fees of 31 March and 30 April
    assert months.run() == 2
    assert [(fee.period, str(fee.fee_day), fee.amount) for fee in months.fees()[2:]] == [
        (2, "2026-03-31", Decimal("5000.00")),
        (3, "2026-04-30", Decimal("5000.00")),
    ]


@both
def test_what_never_costs_a_fee(months):
    tenant, other = months.party(), months.party(2)
    months.bill(tenant, "2026-01-05", concept="Issued before the rule")
    months.rule()
    months.bill(tenant, "2026-01-05", currency="USD")
    months.bill(tenant, "2026-01-05", role="owner")
    void(months.db, months.bill(tenant, "2026-01-05"))
    disputed = months.bill(tenant, "2026-01-05")
    pay(months.db, tenant, "1000000", months.bill(tenant, "2026-01-05"))
    draft(months.db, tenant, due_in=2)
    months.rule(party_id=other, kind="none", value="0")
    months.bill(other, "2026-01-05")
    with months.db.write() as session:
        session.get_one(Invoice, disputed.id).disputed_at = months.invoice(disputed.id).created_at
    months.go_to("2026-02-20")
    assert months.run() == 0
    with months.db.write() as session:  # as the settling of a dispute does
        one = session.get_one(Invoice, disputed.id)
        one.disputed_at, one.fees_after = None, months.today
    assert months.run(again=True) == 0, "not for days in dispute"
    months.go_to("2026-02-21")
    assert months.run() == 1


@both
def test_an_invoice_keeps_the_rule_under_which_it_was_issued_until_that_is_switched_off(months):
    tenant, special = months.party(), months.party(2)
    months.rule(value="1")
    first = months.bill(tenant, "2026-01-05")
    months.rule(value="3")
    months.rule(party_id=special, kind="fixed", value="7000")
    second, own = months.bill(tenant, "2026-01-05"), months.bill(special, "2026-01-05")
    months.go_to("2026-01-06")
    assert months.run() == 3
    charged = {fee.invoice_id: fee.amount for fee in months.fees()}
    assert charged == {first.id: Decimal("10000.00"), second.id: Decimal("30000.00"), own.id: Decimal("7000.00")}
    months.bill(tenant, "2026-01-20")
    months.bill(special, "2026-01-20")
    assert months.off() == 2, "both versions"
    months.rule(value="5")
    months.go_to("2026-01-21")
    assert months.run() == 1, "only the client's own rule goes on; the new one is for new invoices"


@both
def test_the_legal_ceiling_is_above_everything_and_kept_with_the_fee(months):
    with months.db.write() as session:
        session.get_one(Agency, 1).fee_ceiling = Decimal("1.99")
    months.rule(kind="fixed", value="50000")
    months.bill(months.party(), "2026-01-05", "333333.33")
    months.go_to("2026-01-06")
    months.run()
    (fee,) = months.fees()
    assert (fee.computed, fee.ceiling, fee.amount) == (Decimal("50000.00"), Decimal("6633.33"), Decimal("6633.33"))


@both
def test_a_fee_for_the_next_invoice_waits_comes_as_a_line_and_costs_no_fee_there(months):
    months.rule(charged_on="next_invoice", repeats="monthly")
    tenant = months.party()
    first = months.bill(tenant, "2026-01-05")
    months.go_to("2026-01-06")
    assert months.run() == 1
    assert months.fees()[0].state == "pending"
    months.bill(tenant, "2026-01-20", source="rest:erp", external_id="1")  # its total stays as it was sent
    months.bill(tenant, "2026-01-20", role="owner")
    assert months.fees()[0].state == "pending"
    written = draft(months.db, tenant, "500000", due_in=4)
    with months.db.write() as session:
        issue_draft(session, written.id)
    (fee,) = months.fees()
    assert (fee.state, fee.charged_on_id) == ("charged", written.id)
    now = months.invoice(written.id)
    assert (now.total, now.balance, len(now.lines)) == (Decimal("520000.00"), Decimal("520000.00"), 2)
    months.go_to("2026-01-11")
    months.run()
    assert months.fees()[-1].base == Decimal("500000.00"), "never on a fee"
    pay(months.db, tenant, "1000000", first)
    void(months.db, now)
    back = {fee.invoice_id: fee for fee in months.fees()}
    assert (back[first.id].state, back[first.id].charged_on_id) == ("pending", None), "it waits again"
    assert back[written.id].state == "waived", "the fee for the voided invoice is gone"


@both
def test_waiving_takes_off_what_is_owed_once_in_parts_or_all(months):
    months.rule()
    tenant = months.party()
    months.bill(tenant, "2026-01-05")
    months.go_to("2026-01-06")
    months.run()
    (fee,) = months.fees()
    waive(months, fee, "5000")
    with pytest.raises(FeeChanged):
        waive(months, fee, "5000")
    with pytest.raises(TooMuch):
        waive(months, fee, "15000.01", before="5000")
    assert months.invoice(fee.charged_on_id).balance == Decimal("15000.00")
    waive(months, fee, "15000", before="5000")
    assert (months.invoice(fee.charged_on_id).state, months.fees()[0].state) == ("credited", "waived")
    assert months.run(again=True) == 0, "a waived fee does not come back"
    with months.db.read() as session:
        assert len(session.scalars(select(Invoice).where(Invoice.kind == "credit_note")).all()) == 2
        events = [decode(bytes(row.body)).event for row in session.execute(select(outbox).order_by(outbox.c.id))]
    told = [event.waived for event in events if isinstance(event, LateFeeWaived)]
    assert told == [Decimal("5000.00"), Decimal("15000.00")]
    assert sum(isinstance(event, LateFeeCharged) for event in events) == 1


@both
def test_voiding_takes_what_waits_with_it_and_leaves_what_stands(months):
    tenant = months.party()
    months.rule(charged_on="next_invoice")
    waits = months.bill(tenant, "2026-01-05")
    months.rule()
    stands = months.bill(tenant, "2026-01-05")
    months.go_to("2026-01-06")
    assert months.run() == 2
    void(months.db, waits, "Se facturó dos veces")
    void(months.db, stands, "Se facturó dos veces")
    fees = {fee.invoice_id: fee for fee in months.fees()}
    assert (fees[waits.id].state, fees[waits.id].waiver_reason) == ("waived", "Se facturó dos veces")
    assert fees[stands.id].state == "charged", "somebody may have paid it: an agent decides"
    void(months.db, months.invoice(fees[stands.id].charged_on_id))
    assert {fee.state for fee in months.fees()} == {"waived"}


@both
def test_a_payment_that_proved_to_be_none_leaves_the_fee_owed(months):
    months.rule()
    tenant = months.party()
    bill = months.bill(tenant, "2026-01-05")
    paid = pay(months.db, tenant, "1000000", bill)
    months.go_to("2026-01-06")
    assert months.run() == 0
    reverse(months.db, paid)
    assert months.run(again=True) == 1
    assert credit(months.db, bill, "1000000").total == Decimal("1000000.00")


@both
def test_two_workers_at_once_charge_each_fee_once(months):
    months.rule()
    for number in range(6):
        months.bill(months.party(number), "2026-01-05")
    months.go_to("2026-01-06")
    workers = [threading.Thread(target=months.run, kwargs={"looked_at": 4, "charged": 2}) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    fees = months.fees()
    assert len(fees) == len({fee.invoice_id for fee in fees}) == 6
    with months.db.read() as session:
        assert len(session.scalars(select(Invoice).where(Invoice.is_late_fee)).all()) == 6


def test_a_series_without_numbers_keeps_a_fee_for_the_next_day(months):
    months.rule()
    months.bill(months.party(), "2026-01-05")
    months.go_to("2026-01-06")
    with months.db.write() as session:
        series = session.scalars(select(Series).where(Series.purpose == "invoice")).one()
        series.last_number = series.next_number - 1
    assert months.run() == 0
    with months.db.write() as session:
        session.scalars(select(Series).where(Series.purpose == "invoice")).one().last_number = None
    months.go_to("2026-01-07")
    assert months.run() == 1
    assert str(months.fees()[0].fee_day) == "2026-01-06"
