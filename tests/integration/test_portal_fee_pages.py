"""Late fees on pages: an administrator sets a rule after a trial, agents waive, clients see how a fee was computed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from services.portal.actions.fee_charging import fee_chunk
from services.portal.app import create_app
from services.portal.models import Agency, DailyRun, FeeRule, LateFee
from services.portal.settings import Settings
from shared import clock
from shared.events.acts import PortalActRecorded
from tests.support.alone import Alone, portal_alone
from tests.support.billing import ZONE, draft, issue, pay, today
from tests.support.cases import told
from tests.support.clientarea import PUBLIC_URL
from tests.support.web import Issuer

FEES = "/backoffice/portal/fees"
RULE = {
    "currency": "COP",
    "kind": "percent",
    "rate": "2",
    "minimum": "",
    "maximum": "",
    "grace_days": "3",
    "repeats": "once",
    "charged_on": "document",
    "pay_within_days": "5",
}


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def rules(portal: Alone) -> list[FeeRule]:
    with portal.db.read() as session:
        return list(session.scalars(select(FeeRule).order_by(FeeRule.in_force_at)))


def fees(portal: Alone) -> list[LateFee]:
    with portal.db.read() as session:
        return list(session.scalars(select(LateFee).order_by(LateFee.id)))


def run(portal: Alone, days: int) -> None:
    """The fees as the run of a later day would charge them."""
    with portal.db.write() as session:
        fee_chunk(ZONE)(session, DailyRun(), today() + timedelta(days=days))


def test_a_rule_is_tried_on_what_is_late_before_it_is_on(portal: Alone) -> None:
    client, boss = portal.party(), portal.staff("administrator")
    issue(portal.db, client, "1000000", due_in=-10)
    issue(portal.db, client, "500000", due_in=-3)
    tried = boss.post(f"{FEES}/rule?role=tenant", **RULE, step="try")
    assert tried.status_code == 200, tried.text
    assert "20.000,00" in tried.text, "the invoice of ten days ago"
    assert "10.000,00" not in tried.text, "three days of grace"
    assert not rules(portal)
    edit = boss.post(f"{FEES}/rule?role=tenant", **RULE | {"rate": "1,75"}, step="edit")
    assert 'value="1,75"' in edit.text
    assert boss.post(f"{FEES}/rule?role=tenant", **RULE, step="on").status_code == 303
    boss.post(f"{FEES}/rule?role=tenant", **RULE, step="on")
    assert len(rules(portal)) == 1, "the same twice is once"
    run(portal, 30)
    assert not fees(portal), "only what is issued from now on"
    boss.post(f"{FEES}/rule?role=tenant", **RULE | {"rate": "3"}, step="on")
    page = boss.get(FEES).text
    assert "3\u00a0% del saldo de la factura." in page
    assert boss.post(f"{FEES}/off?role=tenant&currency=COP").status_code == 303
    assert all(one.switched_off_at for one in rules(portal))
    assert [act.act for act in told(portal.db, PortalActRecorded) if act.act.startswith("fees.")] == [
        "fees.changed",
        "fees.changed",
        "fees.switched_off",
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rate": ""}, "rate"),
        ({"rate": "0"}, "rate"),
        ({"rate": "101"}, "rate"),
        ({"kind": "fixed"}, "value"),
        ({"kind": "none"}, "kind"),
        ({"minimum": "5.000", "maximum": "4.999"}, "maximum"),
        ({"grace_days": "-1"}, "grace_days"),
        ({"repeats": "daily"}, "repeats"),
        ({"currency": "XXX"}, "currency"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_field(portal: Alone, wrong, field) -> None:
    answer = portal.staff("administrator").post(f"{FEES}/rule?role=tenant", **RULE | wrong, step="on")
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert not rules(portal)


def test_the_ceiling_needs_its_source_and_bounds_the_trial(portal: Alone) -> None:
    boss = portal.staff("administrator")
    assert boss.post(f"{FEES}/ceiling", ceiling="1,5", source="").status_code == 422
    assert boss.post(f"{FEES}/ceiling", ceiling="", source="Resolución").status_code == 422
    assert boss.post(f"{FEES}/ceiling", ceiling="1,5", source="Resolución 2026 de noviembre").status_code == 303
    with portal.db.read() as session:
        agency = session.get_one(Agency, 1)
    assert (agency.fee_ceiling, agency.fee_ceiling_source) == (Decimal("1.50"), "Resolución 2026 de noviembre")
    issue(portal.db, portal.party(), "1000000", due_in=-10)
    tried = boss.post(f"{FEES}/rule?role=tenant", **RULE, step="try").text
    assert "15.000,00" in tried
    assert "20.000,00" not in tried


def test_a_client_sees_what_comes_and_how_a_fee_was_computed_and_an_agent_waives_it_once(portal: Alone) -> None:
    client, boss, agent = portal.party(), portal.staff("administrator"), portal.staff()
    boss.post(f"{FEES}/rule?role=tenant", **RULE | {"minimum": "25.000"}, step="on")
    invoice = issue(portal.db, client, "1000000", due_in=2)
    pay(portal.db, client, "200000", invoice)
    before = portal.client(client).get(f"/customerarea/invoices/{invoice.id}").text
    assert "25.000,00" in before, "if you pay after …"
    run(portal, 6)
    (fee,) = fees(portal)
    late = portal.client(client).get(f"/customerarea/invoices/{invoice.id}").text
    for said in ("800.000,00", "16.000,00", "25.000,00", f"/customerarea/invoices/{fee.charged_on_id}"):
        assert said in late, said
    document = portal.client(client).get(f"/customerarea/invoices/{fee.charged_on_id}").text
    assert f'href="/customerarea/invoices/{invoice.id}"' in document
    assert portal.client(portal.party(2)).get(f"/customerarea/invoices/{fee.charged_on_id}").status_code == 404
    page = f"{FEES}/{fee.id}/waive"
    assert agent.post(page, amount="25.001", reason="Acuerdo", before="0.00").status_code == 422
    assert agent.post(page, amount="5.000", reason="", before="0.00").status_code == 422
    assert agent.post(page, amount="5.000", reason="Acuerdo de pago", before="0.00").status_code == 303
    assert agent.post(page, amount="5.000", reason="Acuerdo de pago", before="0.00").status_code == 303
    assert fees(portal)[0].waived == Decimal("5000.00")
    assert "Acuerdo de pago" in portal.client(client).get(f"/customerarea/invoices/{invoice.id}").text
    listed = agent.get(f"{FEES}/charged?q={invoice.number}").text
    number = invoice.number or ""
    assert number in listed
    table = agent.get(f"{FEES}/export.csv").text
    assert (number in table, "25000.00" in table, "Acuerdo de pago" in table) == (True, True, True)


def test_a_client_may_have_a_rule_of_their_own_or_pay_none(portal: Alone) -> None:
    client, boss = portal.party(), portal.staff("administrator")
    boss.post(f"{FEES}/rule?role=tenant", **RULE, step="on")
    own = f"{FEES}/rule?party={client}"
    assert boss.post(own, **RULE | {"kind": "none"}, step="try").status_code == 200
    assert boss.post(own, **RULE | {"kind": "none"}, step="on").status_code == 303
    assert rules(portal)[-1].kind == "none"
    issue(portal.db, client, "1000000", due_in=1)
    run(portal, 10)
    assert not fees(portal)
    assert boss.get(f"/backoffice/portal/clients/{client}/fees").status_code == 200
    assert portal.staff("auditor").get(FEES).status_code == 200
    assert clock.now() >= rules(portal)[-1].in_force_at


def test_other_systems_read_the_fees_with_the_invoice(portal: Alone, tmp_path) -> None:
    issuer = Issuer()
    app = create_app(Settings(public_url=PUBLIC_URL, data=tmp_path), portal.db, token_keys=issuer.keys)
    portal.staff("administrator").post(f"{FEES}/rule?role=tenant", **RULE, step="on")
    invoice = issue(portal.db, portal.party(), "1000000", due_in=1)
    run(portal, 5)

    def read(invoice_id: object) -> Any:
        return (
            app.test_client().get(f"/api/portal/v1/invoices/{invoice_id}", headers=issuer.bearer("invoices:read")).json
        )

    (fee,) = read(invoice.id)["late_fees"]
    assert (fee["amount"], fee["waived"], fee["state"]) == ("20000.00", "0.00", "charged")
    document = read(fee["charged_on_id"])
    assert (document["is_late_fee"], document["late_fees"]) == (True, [])


def test_an_agent_is_told_what_happens_to_fees_before_issuing_and_voiding(portal: Alone) -> None:
    client, agent = portal.party(), portal.staff()
    portal.staff("administrator").post(f"{FEES}/rule?role=tenant", **RULE | {"charged_on": "next_invoice"}, step="on")
    late = issue(portal.db, client, "1000000", due_in=1)
    run(portal, 5)
    written = draft(portal.db, client, "500000")
    assert "520.000,00" in agent.get(f"/backoffice/portal/invoices/{written.id}/issue").text
    assert "multas" in agent.get(f"/backoffice/portal/invoices/{late.id}/void").text
    assert agent.post(f"/backoffice/portal/invoices/{written.id}/issue").status_code == 303
    assert "perdonarlas" in agent.get(f"/backoffice/portal/invoices/{late.id}/void").text
    assert "500.000,00" in portal.client(client).get(f"/customerarea/invoices/{written.id}").text
