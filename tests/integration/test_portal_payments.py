"""Agents record money by hand, reverse it, use credit, and settle what gateways left to them."""

import csv
import io
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from services.portal.models import LedgerEntry, Payment, PaymentIncident
from shared import clock
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, invoice_now, issue, pay, today

DESK = "/backoffice/portal/payments"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def payments(portal: Alone) -> list[Payment]:
    with portal.db.read() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def owed(portal: Alone) -> Decimal:
    with portal.db.read() as session:
        return session.scalar(select(func.sum(LedgerEntry.amount))) or Decimal(0)


def test_money_recorded_by_hand_pays_what_it_is_for_and_the_rest_is_credit(portal: Alone) -> None:
    party = portal.party()
    first, second = issue(portal.db, party, "600000"), issue(portal.db, party, "500000")
    agent = portal.staff()
    found = agent.get(f"{DESK}/new?q=persona").text
    assert f"party={party}" in found
    done = agent.post(
        f"{DESK}/new?party={party}",
        amount="1.000.000,50",
        currency="COP",
        received_on=today().isoformat(),
        method="cash",
        **{f"part-{first.id}": "600.000", f"part-{second.id}": "100.000"},
    )
    assert done.status_code == 303, done.text
    (payment,) = payments(portal)
    assert (payment.amount, payment.unapplied, payment.method) == (Decimal("1000000.50"), Decimal("300000.50"), "cash")
    assert (invoice_now(portal.db, first.id).state, invoice_now(portal.db, second.id).state) == ("paid", "partly_paid")

    assert agent.post(f"{DESK}/{payment.id}/use", invoice=str(second.id)).status_code == 303
    assert invoice_now(portal.db, second.id).balance == Decimal("99999.50")
    assert owed(portal) == Decimal("99999.50")
    page = agent.get(f"{DESK}/{payment.id}").text
    assert str(first.number) in page
    assert str(second.number) in page
    paper = agent.get(f"{DESK}/{payment.id}/pdf")
    assert paper.data.startswith(b"%PDF-")


def test_a_reversed_payment_is_owed_again_once_and_keeps_its_receipt(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party)
    payment = pay(portal.db, party, "1000000", invoice)
    agent = portal.staff()
    address = f"{DESK}/{payment.id}/reverse"
    assert agent.post(address, reason="").status_code == 422
    assert agent.post(address, reason="Cheque devuelto").status_code == 303
    assert agent.post(address, form=f"{DESK}/new", reason="Otra vez").status_code == 303
    assert (invoice_now(portal.db, invoice.id).state, owed(portal)) == ("issued", Decimal("1000000.00"))
    assert payments(portal)[0].reversal_reason == "Cheque devuelto"
    assert "Cheque devuelto" in agent.get(f"{DESK}/{payment.id}").text


def test_what_cannot_be_recorded_is_refused_at_its_field(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party, "500000")
    agent = portal.staff()
    good = {"amount": "500.000", "currency": "COP", "received_on": today().isoformat(), "method": "cash"}
    part = f"part-{invoice.id}"
    for wrong, field in (
        ({"amount": "-5"}, "amount"),
        ({"received_on": "2999-01-01"}, "received_on"),
        ({"method": "wompi"}, "method"),
        ({part: "500.000,01", "amount": "900.000"}, part),
        ({part: "500.000", "currency": "MXN"}, part),
        ({part: "400.000", "amount": "300.000"}, "amount"),
    ):
        refused = agent.post(f"{DESK}/new?party={party}", **{**good, **wrong})
        assert (refused.status_code, f'id="{field}-error"' in refused.text) == (422, True), wrong
    assert payments(portal) == []


def test_credit_of_a_note_and_of_payments_is_used_the_oldest_first(portal: Alone) -> None:
    party = portal.party()
    paid = issue(portal.db, party, "300000")
    pay(portal.db, party, "300000", paid)
    credit(portal.db, paid, "100000")
    extra = pay(portal.db, party, "50000")
    open_one = issue(portal.db, party, "120000")
    assert portal.staff().post(f"{DESK}/{extra.id}/use", invoice=str(open_one.id)).status_code == 303
    assert invoice_now(portal.db, open_one.id).balance == 0
    assert payments(portal)[-1].unapplied == Decimal("30000.00"), "the note was older"


def test_the_list_is_filtered_and_downloaded_as_filtered(portal: Alone) -> None:
    mine, other = portal.party(1), portal.party(2)
    pay(portal.db, mine, "100000", method="cash", reference="=1+1")
    pay(portal.db, other, "200000", method="transfer")
    agent = portal.staff()
    assert "RC-000002" not in agent.get(f"{DESK}?method=cash").text
    assert "RC-000001" in agent.get(f"{DESK}?q=10000001").text
    sheet = agent.get(f"{DESK}/export.csv?method=cash").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(sheet)))
    assert [row[0] for row in rows[1:]] == ["RC-000001"]
    assert "'=1+1" in rows[1], "no cell becomes a formula"


def test_an_incident_is_settled_once_with_what_was_done(portal: Alone) -> None:
    moment = clock.now()
    incident = PaymentIncident(
        gateway="wompi",
        kind="unknown_reference",
        reference="REF-1",
        day=today(),
        details={"amount": "10.00"},
        first_at=moment,
        last_at=moment,
    )
    with portal.db.write() as session:
        session.add(incident)
    agent = portal.staff()
    address = f"/backoffice/portal/incidents/{incident.id}"
    assert "REF-1" in agent.get("/backoffice/portal/incidents").text
    assert agent.post(address, resolution="").status_code == 422
    assert agent.post(address, resolution="Era de otra agencia").status_code == 303
    assert "REF-1" not in agent.get("/backoffice/portal/incidents").text
    assert "Era de otra agencia" in agent.get(address).text
