"""A client reports a payment with proof; an agent accepts it, or says why not."""

import io
import re
import threading
import uuid
from decimal import Decimal
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from services.portal.models import LedgerEntry, Payment, PaymentReport, StoredFile
from shared.events import decode
from shared.events.portal import NoticeRaised
from shared.outbox import outbox
from tests.support.alone import Alone, portal_alone
from tests.support.billing import invoice_now, issue, pay, today
from tests.support.clientarea import CSRF, Browser

NEW = "/customerarea/reports/new"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url) as made:
        yield made


def photo() -> io.BytesIO:
    written = io.BytesIO()
    Image.new("RGB", (60, 40), "#cde").save(written, "JPEG")
    return io.BytesIO(written.getvalue())


def report(browser: Browser, *, name: str = "comprobante.jpg", content: io.BytesIO | None = None, **fields):
    """Fill in the form and send it, as a phone does."""
    page = browser.get(NEW).get_data(as_text=True)
    found = CSRF.search(page)
    shown = re.search(r'name="report_id" value="([^"]+)"', page)
    assert found
    assert shown
    values = {"amount": "1.000.000", "currency": "COP", "paid_on": today().isoformat(), "method": "transfer"}
    body = {"csrf_token": found[1], "report_id": shown[1], **values, **fields}
    return browser.client.post(NEW, data=body | {"proof": [(content or photo(), name)]})


def reports_of(portal: Alone) -> list[PaymentReport]:
    with portal.db.read() as session:
        return list(session.scalars(select(PaymentReport).order_by(PaymentReport.id)))


def notices(portal: Alone) -> list[NoticeRaised]:
    with portal.db.read() as session:
        events = [decode(bytes(row.body)).event for row in session.execute(select(outbox).order_by(outbox.c.id))]
    return [event for event in events if isinstance(event, NoticeRaised)]


def test_an_accepted_report_pays_the_invoice_and_the_client_sees_the_receipt(portal: Alone) -> None:
    party = portal.party()
    invoice, browser = issue(portal.db, party), portal.client(party)
    sent = report(browser, invoice=str(invoice.id), reference="TRX-9")
    assert sent.status_code == 303, sent.text
    (one,) = reports_of(portal)
    assert (one.state, one.amount, one.reference) == ("waiting", Decimal("1000000.00"), "TRX-9")
    assert invoice_now(portal.db, invoice.id).state == "issued", "a report is not yet money"

    agent = portal.staff()
    desk = f"/backoffice/portal/reports/{one.id}"
    assert "TRX-9" in agent.get("/backoffice/portal/reports").text
    done = agent.post(f"{desk}/accept", form=desk, amount="1.000.000", received_on=today().isoformat())
    assert done.status_code == 303, done.text
    assert invoice_now(portal.db, invoice.id).state == "paid"
    shown = browser.get(f"/customerarea/reports/{one.id}").text
    assert "RC-000001" in shown
    assert [notice.kind for notice in notices(portal)] == ["invoice_issued", "receipt"]

    again = agent.post(f"{desk}/accept", form="/backoffice/portal/payments/new", amount="1", received_on="2026-01-01")
    assert again.status_code == 303
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_rejected_report_changes_no_balance_and_the_client_is_told_why(portal: Alone) -> None:
    party = portal.party()
    browser, agent = portal.client(party), portal.staff()
    report(browser)
    (one,) = reports_of(portal)
    desk = f"/backoffice/portal/reports/{one.id}"
    empty = agent.post(f"{desk}/reject", form=desk, reason=" ")
    assert (empty.status_code, reports_of(portal)[0].state) == (422, "waiting")
    assert agent.post(f"{desk}/reject", form=desk, reason="No llegó <b>nada</b>").status_code == 303
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(LedgerEntry)) == 0
    assert "No llegó &lt;b&gt;nada" in browser.get(f"/customerarea/reports/{one.id}").text
    (notice,) = notices(portal)
    assert (notice.kind, notice.path) == ("report_rejected", f"/customerarea/reports/{one.id}")


def test_a_form_that_is_sent_twice_is_one_report(portal: Alone) -> None:
    browser = portal.client(portal.party())
    same = str(uuid.uuid4())
    assert report(browser, report_id=same).status_code == 303
    assert report(browser, report_id=same).status_code == 303
    assert len(reports_of(portal)) == 1
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 1


def test_two_agents_who_accept_at_once_make_one_payment(portal: Alone) -> None:
    report(portal.client(portal.party()))
    (one,) = reports_of(portal)
    desk = f"/backoffice/portal/reports/{one.id}"
    agents = [portal.staff() for _ in range(4)]

    def accept(agent: Browser) -> None:
        agent.post(f"{desk}/accept", form=desk, amount="1.000.000", received_on=today().isoformat())

    threads = [threading.Thread(target=accept, args=(agent,)) for agent in agents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with portal.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Payment)) == 1


def test_nobody_else_sees_a_report_or_its_proof(portal: Alone) -> None:
    mine, other = portal.client(portal.party(1)), portal.client(portal.party(2))
    report(mine)
    (one,) = reports_of(portal)
    with portal.db.read() as session:
        stored = session.scalars(select(StoredFile)).one()
    for path in (f"/customerarea/reports/{one.id}", f"/customerarea/reports/{one.id}/files/{stored.id}"):
        assert mine.get(path).status_code == 200
        assert other.get(path).status_code == 404
        assert portal.app.test_client().get(path).status_code == 303
    given = mine.get(f"/customerarea/reports/{one.id}/files/{stored.id}")
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["Content-Type"] == "image/jpeg"
    wrong = portal.staff().get(f"/backoffice/portal/reports/{uuid.uuid4()}/files/{stored.id}")
    assert wrong.status_code == 404, "a proof is found only below its own report"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount": "mucho"}, "amount"),
    ({"amount": "0"}, "amount"),
    ({"paid_on": "2999-01-01"}, "paid_on"),
    ({"method": "trueque"}, "method"),
    ({"reference": "x" * 201}, "reference"),
    ({"name": "a.svg", "content": b'<svg xmlns="http://www.w3.org/2000/svg"/>'}, "proof"),
    ({"name": "a.pdf", "content": b"<html><script>1</script>"}, "proof"),
    ({"name": "", "content": b""}, "proof"),
]


def test_what_cannot_be_is_refused_at_its_field_and_nothing_stays(portal: Alone) -> None:
    browser = portal.client(portal.party())
    for fields, field in WRONG:
        content = fields.get("content")
        sent: dict[str, Any] = {**fields, "content": io.BytesIO(content) if content is not None else None}
        refused = report(browser, **sent)
        assert (refused.status_code, field) == (422, field), fields
        assert f'id="{field}-error"' in refused.text, fields
    assert reports_of(portal) == []
    assert not [path for path in (portal.files).rglob("*") if path.is_file()]


def test_an_agent_is_warned_of_what_may_be_the_same_money(portal: Alone) -> None:
    party = portal.party()
    payment = pay(portal.db, party, "1000000")
    report(portal.client(party))
    (one,) = reports_of(portal)
    assert payment.receipt_number in portal.staff().get(f"/backoffice/portal/reports/{one.id}").text


def test_an_auditor_looks_and_decides_nothing(portal: Alone) -> None:
    report(portal.client(portal.party()))
    (one,) = reports_of(portal)
    desk, auditor = f"/backoffice/portal/reports/{one.id}", portal.staff("auditor")
    page = auditor.get(desk)
    assert page.status_code == 200
    assert f"{desk}/accept" not in page.text
    assert auditor.post(f"{desk}/reject", form="/backoffice/portal/reports", reason="x").status_code == 403
