"""An agent writes, issues, corrects and looks for invoices, as a browser without scripts does."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from services.portal.models import Invoice
from tests.support.alone import Alone, portal_alone
from tests.support.billing import credit, draft, invoice_now, issue, pay, today

DESK = "/backoffice/portal/invoices"
LINE = {
    "line-0-description": "Canon de noviembre",
    "line-0-quantity": "1",
    "line-0-unit_price": "1.850.000",
    "line-0-tax-0": "IVA|19",
    "line-0-withholding-0": "ReteFuente|3.5",
    "line-0-withholding-1": "ReteICA|",
    "line-0-withholding-1-rate": "0,966",
}


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def form(**changes: str) -> dict[str, str]:
    """What the form sends; a field is changed by its name."""
    usual = {"role": "tenant", "currency": "COP", "issued_on": str(today()), "due_on": str(today() + timedelta(5))}
    return usual | LINE | {"concept": "Arriendo", "period": "2026-11", "do": "save"} | changes


def invoices(portal: Alone) -> list[Invoice]:
    with portal.db.read() as session:
        return list(session.scalars(select(Invoice).order_by(Invoice.id)))


def test_an_invoice_is_written_looked_at_kept_changed_and_issued(portal: Alone) -> None:
    party, agent = portal.party(), portal.staff()
    found = agent.get(f"{DESK}/new?q=10.000.001").text
    assert f"party={party}" in found
    page = f"{DESK}/new?party={party}"
    more = agent.post(page, **form(do="add_line", **{"line-0-unit_price": "no es un valor"}))
    assert (more.status_code, "line-1-description" in more.text, invoices(portal)) == (200, True, [])
    assert "no es un valor" in more.text, "adding a line keeps what was written"
    shown = agent.post(page, **form(do="preview", **{"line-1-description": "Admón", "line-1-unit_price": "150.000,50"}))
    # 1.850.000 and 150.000,50, with 351.500 of IVA, less 64.750 and 17.871.
    assert "2.268.879,50" in shown.text
    assert invoices(portal) == []
    kept = agent.post(page, **form())
    assert kept.status_code == 303, kept.text
    (invoice,) = invoices(portal)
    assert (invoice.state, invoice.number, invoice.total) == ("draft", None, Decimal("2118879.00"))
    edit = agent.get(f"{DESK}/{invoice.id}/edit").text
    assert all(text in edit for text in ("1.850.000", "IVA|19", "ReteICA|0.966")), edit
    changed = agent.post(f"{DESK}/{invoice.id}/edit", **form(concept="Arriendo de diciembre"))
    assert changed.status_code == 303
    asked = agent.get(f"{DESK}/{invoice.id}/issue")
    assert asked.status_code == 200
    assert agent.post(f"{DESK}/{invoice.id}/issue").status_code == 303
    (issued,) = invoices(portal)
    assert (issued.state, issued.concept, bool(issued.number)) == ("issued", "Arriendo de diciembre", True)
    agent.post(f"{DESK}/{invoice.id}/issue", form=f"{DESK}/{invoice.id}/void")
    assert len(invoices(portal)) == 1, "issuing twice is issuing once"
    assert agent.get(f"{DESK}/{invoice.id}/edit").status_code == 404
    with agent.get(f"{DESK}/{invoice.id}/pdf") as paper:
        assert paper.data.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"due_on": "2020-01-01"}, "due_on"),
        ({"due_on": ""}, "due_on"),
        ({"concept": " "}, "concept"),
        ({"currency": "XXX"}, "currency"),
        ({"role": "boss"}, "role"),
        ({"period": "noviembre"}, "period"),
        ({"series_id": "x"}, "series_id"),
        ({"line-0-unit_price": "mil"}, "line-0-unit_price"),
        ({"line-0-unit_price": "-5"}, "line-0-unit_price"),
        ({"line-0-unit_price": "0"}, "line-0-unit_price"),
        ({"line-0-unit_price": "999.999.999.999", "line-0-quantity": "9"}, "line-0-unit_price"),
        ({"line-0-quantity": "0"}, "line-0-quantity"),
        ({"line-0-description": ""}, "line-0-description"),
        ({"line-0-tax-0-rate": "200"}, "line-0-tax-0-rate"),
        ({"line-0-withholding-1-rate": ""}, "line-0-withholding-1-rate"),
        ({"line-0-withholding-2": "", "line-0-withholding-2-rate": "4"}, "line-0-withholding-2"),
        ({"line-0-description": "", "line-0-unit_price": ""}, "line-0-description"),
    ],
)
def test_what_cannot_be_meant_is_said_at_its_field(tmp_path, sqlite_url, changes, field) -> None:
    with portal_alone(tmp_path, sqlite_url) as portal:
        party, agent = portal.party(), portal.staff()
        refused = agent.post(f"{DESK}/new?party={party}", **form(**changes))
        assert refused.status_code == 422
        assert f'id="{field}-error"' in refused.text or field == "series_id"
        assert f'href="#{field}"' in refused.text
        assert invoices(portal) == []


def test_voiding_and_credit_notes_ask_for_reasons_and_refuse_too_much(portal: Alone) -> None:
    party, agent = portal.party(), portal.staff()
    first, second = issue(portal.db, party, "100000"), issue(portal.db, party, "200000")
    pay(portal.db, party, "40000", first)
    assert "reason-error" in agent.post(f"{DESK}/{first.id}/void").text
    assert agent.post(f"{DESK}/{first.id}/void", reason="Valor equivocado").status_code == 303
    assert invoice_now(portal.db, first.id).state == "void"
    page = f"{DESK}/{second.id}/credit"
    for amount in ("", "x", "0", "200.000,01"):
        refused = agent.post(page, amount=amount, reason="Descuento")
        assert (refused.status_code, "amount-error" in refused.text) == (422, True), amount
    noted = agent.post(page, amount="50.000", reason="Descuento <b>acordado</b>")
    assert noted.status_code == 303
    assert invoice_now(portal.db, second.id).balance == 150000
    shown = agent.get(f"{DESK}/{second.id}").text
    assert "Descuento &lt;b&gt;acordado&lt;/b&gt;" in shown
    assert agent.get(noted.location).status_code == 200
    agent.post(f"{DESK}/{second.id}/void", reason="Otra vez")
    assert invoice_now(portal.db, second.id).state == "partly_paid", "with a credit note it is not voided"


def test_the_list_finds_and_exports_exactly_what_is_filtered(portal: Alone) -> None:
    one, two = portal.party(1, name="Ana Ríos"), portal.party(2, name="=Beto", classes="owner")
    late = issue(portal.db, one, "100000", due_in=-10)
    due = issue(portal.db, one, "200000.50")
    dollars = issue(portal.db, two, "300", currency="USD", role="owner")
    note = credit(portal.db, due, "50000")
    waiting = draft(portal.db, two, "7")
    auditor = portal.staff("auditor")

    def listed(query: str) -> set[str]:
        page = auditor.get(f"{DESK}?{query}").text
        every = (late, due, dollars, note, waiting)
        return {str(one.total) for one in every if f"{DESK}/{one.id}" in page}

    assert listed("") == {"100000.00", "200000.50", "300.00", "50000.00", "7.00"}
    assert listed("state=overdue") == {"100000.00"}
    assert listed("q=ana+rios&kind=invoice") == {"100000.00", "200000.50"}
    assert listed(f"q={str(due.number).lower()}") == {"200000.50"}
    assert listed("currency=USD") == {"300.00"}
    assert listed("state=draft") == {"7.00"}
    assert listed("state=nonsense&cursor=nonsense&due_from=x") == listed("")
    sums = auditor.get(f"{DESK}?q=ana").text
    assert "250.000,50" in sums, "to be paid of what is filtered"
    exported = auditor.get(f"{DESK}/export.csv?role=owner").get_data().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(exported)))
    assert [row[4] for row in rows[1:]] == ["'=Beto"] == [row[4] for row in rows if "300.00" in row]
    with auditor.get(f"{DESK}/export.xlsx") as workbook:
        assert workbook.data.startswith(b"PK")


def test_an_auditor_looks_and_changes_nothing(portal: Alone) -> None:
    party = portal.party()
    invoice, auditor = draft(portal.db, party), portal.staff("auditor")
    shown = auditor.get(f"{DESK}/{invoice.id}")
    assert (shown.status_code, f"{invoice.id}/issue" in shown.text) == (200, False)
    for path in ("issue", "discard", "edit"):
        assert auditor.client.post(f"{DESK}/{invoice.id}/{path}").status_code in (400, 403)
        assert auditor.get(f"{DESK}/{invoice.id}/{path}").status_code == 403
    assert invoice_now(portal.db, invoice.id).state == "draft"
    agent = portal.staff()
    assert agent.post(f"{DESK}/{invoice.id}/discard").status_code == 303
    assert invoices(portal) == []
