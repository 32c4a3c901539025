"""Owners' statements of income, the agency's own data, and the agent's start page."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from services.portal.models import Agency, IncomeStatement, Series
from shared.events.acts import PortalActRecorded
from shared.events.portal import IncomeStatementPublished
from tests.support.alone import Alone, portal_alone
from tests.support.billing import issue, pay, reverse, today
from tests.support.cases import open_one, told

OFFICE = "/backoffice/portal"
INCOME = f"{OFFICE}/income"
FORM = {
    "currency": "COP",
    "period_from": "2026-10-01",
    "period_until": "2026-10-31",
    "line-0-property": "Apto 301",
    "line-0-concept": "Canon",
    "line-0-kind": "income",
    "line-0-amount": "2.000.000",
    "line-1-property": "",
    "line-1-concept": "Arreglo de la ducha",
    "line-1-kind": "deduction",
    "line-1-amount": "150.000,50",
    "do": "save",
}


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def statements(portal: Alone) -> list[IncomeStatement]:
    with portal.db.read() as session:
        return list(session.scalars(select(IncomeStatement).order_by(IncomeStatement.id)))


def test_a_statement_is_written_published_and_paid_out(portal: Alone) -> None:
    owner, agent = portal.party(classes="owner"), portal.staff()
    portal.party(2, name="Persona Inquilina")
    found = agent.get(f"{INCOME}/new?q=persona").text
    assert found.count("?party=") == 1, "only owners get income"
    page = f"{INCOME}/new?party={owner}"
    kept = agent.post(page, **FORM)
    assert kept.status_code == 303, kept.text
    (draft,) = statements(portal)
    assert (draft.income_total, draft.deduction_total, draft.net) == (
        Decimal(2000000),
        Decimal("150000.50"),
        Decimal("1849999.50"),
    )
    changed = agent.post(f"{INCOME}/{draft.id}/edit", **FORM | {"line-1-amount": "50.000"})
    assert changed.status_code == 303
    assert "1.950.000,00" in agent.get(f"{INCOME}/{draft.id}/publish").text
    assert agent.post(f"{INCOME}/{draft.id}/publish").status_code == 303
    agent.post(f"{INCOME}/{draft.id}/publish", form=f"{INCOME}/{draft.id}/paid")
    (published,) = statements(portal)
    assert (published.state, published.net) == ("published", Decimal(1950000))
    (event,) = told(portal.db, IncomeStatementPublished)
    assert (event.number, event.net) == (published.number, Decimal(1950000))
    with agent.get(f"{INCOME}/{draft.id}/pdf") as paper:
        assert paper.data.startswith(b"%PDF")
    refused = agent.post(f"{INCOME}/{draft.id}/paid", paid_on="2999-01-01", reference="")
    assert (refused.status_code, "paid_on-error" in refused.text) == (422, True)
    agent.post(f"{INCOME}/{draft.id}/paid", paid_on=str(today()), reference="TRF 9")
    agent.post(f"{INCOME}/{draft.id}/void", reason="Ya pagada")
    (paid,) = statements(portal)
    assert (paid.state, paid.paid_on, paid.payment_reference) == ("published", today(), "TRF 9")
    assert [one.act for one in told(portal.db, PortalActRecorded)] == ["income.published", "income.paid_out"]


def test_commission_invoices_of_the_period_become_deductions_once(portal: Alone) -> None:
    owner, agent = portal.party(classes="owner"), portal.staff()
    taken = issue(portal.db, owner, "119000", role="owner", concept="Comisión")
    issue(portal.db, owner, "700", role="owner", currency="USD")
    issue(portal.db, owner, "5000", role="tenant")
    month = {"period_from": str(today().replace(day=1)), "period_until": str(today())}
    page = f"{INCOME}/new?party={owner}"
    once = agent.post(page, **FORM | month | {"do": "commissions"})
    assert once.status_code == 200
    assert f"{taken.number} · Comisión" in once.text
    assert "line-3-concept" not in once.text
    row = {"line-2-concept": f"{taken.number} · Comisión", "line-2-kind": "deduction", "line-2-amount": "119.000"}
    again = agent.post(page, **FORM | month | row | {"do": "commissions"})
    assert again.text.count(f"{taken.number} · Comisión") == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"period_until": "2026-09-01"}, "period_until"),
        ({"currency": "?"}, "currency"),
        ({"line-0-amount": "-3"}, "line-0-amount"),
        ({"line-1-concept": ""}, "line-1-concept"),
        ({"line-0-concept": "", "line-0-amount": "", "line-1-concept": "", "line-1-amount": ""}, "line-0-concept"),
    ],
)
def test_what_is_wrong_with_a_statement_is_said_at_its_field(tmp_path, sqlite_url, changes, field) -> None:
    with portal_alone(tmp_path, sqlite_url) as portal:
        owner = portal.party(classes="owner")
        refused = portal.staff().post(f"{INCOME}/new?party={owner}", **FORM | changes)
        assert (refused.status_code, f'id="{field}-error"' in refused.text) == (422, True)
        assert portal.staff("auditor").get(f"{INCOME}/new").status_code == 403
        assert statements(portal) == []


AGENCY = {
    "name": "Inmobiliaria El Roble", "document_type": "NIT", "document_number": "900.123.456-8", "country": "CO",
    "email": "hola@example.com", "currency": "COP", "bank_details": "Banco X, ahorros 1", "saturday_counts": "y",
    "daily_hour": "7", "attach_documents": "y",
}  # fmt: skip


def test_an_administrator_sets_the_agency_and_its_series(portal: Alone) -> None:
    page, boss = f"{OFFICE}/agency", portal.staff("administrator")
    for wrong in ({"name": ""}, {"document_number": "900123456-1"}, {"email": "nadie"}, {"daily_hour": "24"}):
        assert boss.post(f"{page}/", **AGENCY | wrong).status_code == 422, wrong
    assert boss.post(f"{page}/", **AGENCY).status_code == 303
    with portal.db.read() as session:
        agency = session.scalars(select(Agency)).one()
    assert (agency.name, agency.allow_partial, agency.saturday_counts) == ("Inmobiliaria El Roble", False, True)
    assert (agency.daily_hour, agency.attach_documents, agency.announce_invoices) == (7, True, False)
    series = {"purpose": "invoice", "prefix": "SETP-", "first": "990", "last": "991", "width": "3"}
    for wrong in ({"prefix": "a b"}, {"last": "5"}, {"first": "0"}, {"width": "40"}):
        assert boss.post(f"{page}/series", form=f"{page}/", **series | wrong).status_code == 422, wrong
    assert boss.post(f"{page}/series", form=f"{page}/", **series).status_code == 303
    assert boss.post(f"{page}/series", form=f"{page}/", **series).status_code == 422, "a prefix is there once"
    with portal.db.read() as session:
        known = session.scalars(select(Series).where(Series.purpose == "invoice").order_by(Series.created_at)).all()
    usual, added = known
    assert boss.post(f"{page}/series/{usual.id}/retire").status_code == 303
    assert issue(portal.db, portal.party()).number == "SETP-990"
    boss.post(f"{page}/series/{added.id}/retire")
    assert issue(portal.db, portal.party()).number == "SETP-991", "the only one of its purpose stays"
    for role in ("agent", "auditor"):
        assert portal.staff(role).get(page, follow_redirects=True).status_code == 403


def test_the_start_page_tells_what_is_owed_came_in_and_waits(portal: Alone) -> None:
    party, auditor = portal.party(), portal.staff("auditor")
    assert auditor.get(f"{OFFICE}/").status_code == 200
    issue(portal.db, party, "1000000", due_in=10)
    late = issue(portal.db, party, "500000.25", due_in=-40)
    issue(portal.db, party, "70", currency="USD", due_in=-2)
    pay(portal.db, party, "100000", late)
    reverse(portal.db, pay(portal.db, party, "900"))
    open_one(portal.db, party)
    page = auditor.get(f"{OFFICE}/").text
    assert all(text in page for text in ("1.400.000,25", "400.000,25", "100.000,00", "70,00")), page
    assert "100.900" not in page, "what proved to be no payment did not come in"
    picture = auditor.get(f"{OFFICE}/debt/COP.svg")
    assert picture.content_type == "image/svg+xml"
    assert "400 000" in picture.text
    assert auditor.get(f"{OFFICE}/debt/XXX.svg").status_code == 404
    assert auditor.get(f"{OFFICE}/clients").status_code == 200
