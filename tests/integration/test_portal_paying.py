"""A client pays online: chooses, goes to the gateway, comes back, and sees what became of it."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from sqlalchemy import select
from werkzeug.test import TestResponse

from services.portal.clients.gateways.choosing import open_gateways
from services.portal.jobs.payments import Reconciler
from services.portal.models import Invoice, PaymentIntent
from services.portal.queries.agency import agency_of
from services.portal.settings import Settings
from tests.support.alone import Alone, portal_alone
from tests.support.billing import ZONE, invoice_now, issue, pay
from tests.support.clientarea import Browser, serving
from tests.support.gateways import (
    SESSIONS,
    STRIPE,
    WOMPI,
    balance,
    begin,
    event,
    grow_old,
    intent_now,
    payments,
    stripe_session,
    tell,
    verdict,
)
from tests.support.processes import free_port

PAY = "/customerarea/pay"


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url, **WOMPI, **STRIPE) as made:
        yield made


@pytest.fixture
def trial(tmp_path, database_url):
    """The portal with the trial gateway, which tells over HTTP what was chosen."""
    port = free_port()
    settings = {"gateways_wanted": ("sandbox",), "internal_pattern": f"http://127.0.0.1:{port}"}
    with portal_alone(tmp_path, database_url, **settings) as made, serving(made.app, port):
        yield made


def intents(portal: Alone) -> list[PaymentIntent]:
    with portal.db.read() as session:
        return list(session.scalars(select(PaymentIntent).order_by(PaymentIntent.id)))


def choose(
    browser: Browser,
    *invoices: Invoice,
    gateway: str = "wompi",
    currency: str = "COP",
    step: str = "pay",
    written: str = "",
) -> TestResponse:
    """Fill in the form and send it; `written` is the amount of the first invoice."""
    form: dict[str, Any] = {"currency": currency, "gateway": gateway, "step": step}
    form["invoice"] = [str(one.id) for one in invoices]
    if written:
        form[f"amount-{invoices[0].id}"] = written
    return browser.post(PAY, **form)


def test_two_invoices_are_paid_at_once_through_the_trial_gateway(trial: Alone) -> None:
    party = trial.party()
    rent, costs = issue(trial.db, party, "1850000", due_in=-3), issue(trial.db, party, "120000.50")
    later = issue(trial.db, party, "500000", due_in=20)
    browser = trial.client(party)
    shown = browser.get(f"{PAY}?invoice={rent.id}&invoice={costs.id}")
    assert re.findall(r'name="invoice" value="([^"]+)" checked', shown.text) == [str(rent.id), str(costs.id)]
    assert "$\xa01.970.000,50\xa0COP" in shown.text
    gone = choose(browser, rent, costs, gateway="sandbox")
    assert gone.status_code == 303
    page = browser.get(gone.location)
    assert "Es una prueba. No se mueve dinero real." in page.text
    assert "$\xa01.970.000,50\xa0COP" in page.text
    back = browser.post(gone.location, choice="approve")
    assert (back.status_code, back.location) == (303, f"{PAY}/{intents(trial)[0].id}")
    (payment,) = payments(trial)
    seen = browser.get(back.location)
    assert f"/customerarea/receipts/{payment.id}" in seen.text
    assert "Refresh" not in seen.headers
    assert [invoice_now(trial.db, one.id).state for one in (rent, costs, later)] == ["paid", "paid", "issued"]
    assert (payment.method, balance(trial, party)) == ("sandbox", Decimal(500_000))


def test_what_is_left_pending_can_be_decided_later_and_what_was_declined_is_tried_again(trial: Alone) -> None:
    party = trial.party()
    invoice = issue(trial.db, party)
    browser = trial.client(party)
    gone = choose(browser, invoice, gateway="sandbox").location
    back = browser.post(gone, choice="wait").location
    waiting = browser.get(back)
    assert waiting.headers["Refresh"] == f"4; url={back}?look=1"
    assert "Refresh" not in browser.get(f"{back}?look=45").headers, "it does not look for ever"
    assert "todavía no nos ha dicho" in waiting.text
    assert browser.post(gone, choice="decline").status_code == 303
    declined = browser.get(back)
    assert "Rechazada en la pasarela de prueba" in declined.text
    assert f"{PAY}/?invoice={invoice.id}" in declined.text
    assert "choice" not in browser.get(gone).text, "what is final is not decided once more"
    assert not payments(trial)
    second = choose(browser, invoice, gateway="sandbox").location
    assert second != gone
    browser.post(second, choice="approve")
    assert invoice_now(trial.db, invoice.id).state == "paid"


def test_a_choice_of_which_the_portal_did_not_hear_is_found_by_asking(tmp_path, database_url) -> None:
    nobody: dict[str, Any] = {"gateways_wanted": ("sandbox",), "internal_pattern": f"http://127.0.0.1:{free_port()}"}
    with portal_alone(tmp_path, database_url, **nobody) as portal:
        party = portal.party()
        invoice = issue(portal.db, party)
        browser = portal.client(party)
        back = browser.post(choose(browser, invoice, gateway="sandbox").location, choice="approve").location
        assert "Estamos esperando la respuesta" in browser.get(back).text
        (intent,) = intents(portal)
        before = intent.created_at - timedelta(minutes=5)
        grow_old(portal, intent, created_at=before, checked_at=before)
        Reconciler(portal.db, open_gateways(Settings(data=tmp_path, **nobody)), ZONE).run()
        assert "Su recibo es el" in browser.get(back).text
        assert invoice_now(portal.db, invoice.id).state == "paid"


def test_the_trial_gateway_takes_only_what_the_portal_signed_and_from_whom_it_sent(trial: Alone) -> None:
    party, stranger = trial.party(), trial.party(2)
    browser = trial.client(party)
    gone = choose(browser, issue(trial.db, party), gateway="sandbox").location
    cheaper = gone.replace("amount-in-cents=100000000", "amount-in-cents=100")
    assert cheaper != gone
    assert browser.get(cheaper).status_code == 400
    assert trial.client(stranger).get(gone).status_code == 404
    assert trial.client(stranger).get(f"{PAY}/{intents(trial)[0].id}").status_code == 404
    elsewhere = re.sub(r"redirect-url=[^&]*", "redirect-url=https%3A%2F%2Fevil.example%2F", gone)
    assert browser.post(elsewhere, choice="decline").location == "/customerarea/"


def test_the_way_to_wompi_is_signed_and_only_that_page_may_lead_there(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party)
    browser = portal.client(party)
    policy = browser.get(PAY).headers["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.wompi.co https://checkout.stripe.com;" in policy
    gone = choose(browser, invoice)
    (intent,) = intents(portal)
    asked = parse_qs(urlsplit(gone.location).query)
    assert urlsplit(gone.location).netloc == "checkout.wompi.co"
    assert (asked["amount-in-cents"], asked["reference"]) == (["100000000"], [intent.reference])
    assert asked["redirect-url"] == [f"http://porteria.test{PAY}/{intent.id}"]
    waiting = browser.get(f"{PAY}/{intent.id}")
    assert "form-action 'self';" in waiting.headers["Content-Security-Policy"]
    assert verdict(tell(portal, event(intent))) == "paid", "before anybody came back"
    assert "Su recibo es el" in browser.get(f"{PAY}/{intent.id}").text


def test_the_same_once_more_goes_on_with_the_first_and_another_choice_becomes_credit(portal: Alone) -> None:
    party = portal.party()
    rent, costs = issue(portal.db, party), issue(portal.db, party, "200000")
    browser = portal.client(party)
    first, same = choose(browser, rent).location, choose(browser, rent).location
    assert first == same, "the gateway takes a reference once"
    assert choose(browser, rent, costs).location != first
    assert "todavía no tiene respuesta" in browser.get(PAY).text
    one, both = intents(portal)
    assert [verdict(tell(portal, event(intent))) for intent in (one, both)] == ["paid", "paid"]
    assert [payment.unapplied for payment in payments(portal)] == [0, 1_000_000]
    assert invoice_now(portal.db, costs.id).state == "paid"
    assert balance(portal, party) == Decimal(-1_000_000)
    assert "se guarda como saldo a favor" in browser.get(f"{PAY}/{both.id}").text


def test_an_amount_that_cannot_be_is_refused_at_its_field(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party)
    browser = portal.client(party)
    refused = {
        "1.000.000,01": "Es más de lo que falta por pagar: $\xa01.000.000,00\xa0COP",
        "0": "Escriba un valor mayor que cero",
        "-5": "Escriba un valor mayor que cero",
        "todo": "1.850.000,50",
    }
    for written, said in refused.items():
        answer = choose(browser, invoice, written=written)
        assert answer.status_code == 422
        error = re.search(rf'id="amount-{invoice.id}-error">(.*?)</p>', answer.text, re.DOTALL)
        assert error
        assert said in error[1]
    assert not intents(portal)


def test_a_part_is_paid_where_the_agency_allows_it(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party)
    browser = portal.client(party)
    added = choose(browser, invoice, step="total", written="250.000,50")
    assert added.status_code == 200
    assert "<strong>$\xa0250.000,50\xa0COP</strong>" in added.text
    assert choose(browser, invoice, written="250.000,50").status_code == 303
    tell(portal, event(intents(portal)[0]))
    assert invoice_now(portal.db, invoice.id).balance == Decimal("749999.50")
    with portal.db.write() as session:
        agency_of(session).allow_partial = False
    assert "amount-" not in browser.get(PAY).text.replace("amount-in-cents", "")
    assert choose(browser, invoice, written="1").status_code == 303
    assert intents(portal)[-1].amount == Decimal("749999.50"), "then it is all that is left"


def test_only_own_open_invoices_of_one_currency_are_paid(portal: Alone) -> None:
    party, stranger = portal.party(), portal.party(2)
    mine, dollars = issue(portal.db, party), issue(portal.db, party, "70", currency="USD")
    theirs, paid = issue(portal.db, stranger), issue(portal.db, party)
    pay(portal.db, party, "1000000", paid)
    browser = portal.client(party)
    assert f'value="{theirs.id}"' not in browser.get(f"{PAY}?invoice={theirs.id}").text
    for others in ([theirs], [paid], []):
        answer = choose(browser, *others)
        assert answer.status_code == 422
        assert "al menos una factura" in answer.text
    assert '<input type="hidden" name="gateway" value="stripe">' in browser.get(PAY).text, "Wompi takes no dollars"
    assert choose(browser, mine, dollars).status_code == 303
    assert [(one.currency, len(one.wanted)) for one in intents(portal)] == [("COP", 1)]


@responses.activate
def test_a_session_of_stripe_is_made_once_with_a_key(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party, "1234.50", currency="MXN")
    browser = portal.client(party)
    responses.post(SESSIONS, body=requests.ConnectionError("away"))
    away = choose(browser, invoice, gateway="stripe", currency="MXN")
    assert away.status_code == 503
    assert "No ha pagado nada" in away.text
    responses.reset()
    responses.post(SESSIONS, status=400, json={"error": {"type": "invalid_request_error", "code": "amount_too_small"}})
    small = choose(browser, invoice, gateway="stripe", currency="MXN")
    assert (small.status_code, "muy pequeño" in small.text) == (422, True)
    responses.reset()
    (intent,) = intents(portal)
    address = "https://checkout.stripe.com/c/pay/cs_test_1"
    responses.post(SESSIONS, json=stripe_session(intent, url=address, status="open", payment_status="unpaid"))
    assert choose(browser, invoice, gateway="stripe", currency="MXN").location == address
    assert intent_now(portal, intent).gateway_id == "cs_test_1"
    made = responses.calls[-1].request
    asked = parse_qs(str(made.body))
    assert made.headers["Idempotency-Key"] == str(intent.id)
    assert asked["line_items[0][price_data][unit_amount]"] == ["123450"]
    assert asked["line_items[0][price_data][product_data][name]"] == [invoice.number]
    assert asked["client_reference_id"] == [intent.reference]


def test_an_old_payment_without_an_answer_says_so(portal: Alone) -> None:
    party = portal.party()
    intent = begin(portal, party, issue(portal.db, party))
    grow_old(portal, intent, state="expired", created_at=intent.created_at - timedelta(days=2))
    browser = portal.client(party)
    assert "no sabe de ningún pago" in browser.get(f"{PAY}/{intent.id}").text
    assert browser.get(f"{PAY}/{uuid.uuid4()}").status_code == 404


def test_who_owes_nothing_is_told_so(portal: Alone) -> None:
    assert "No hay nada por pagar" in portal.client(portal.party()).get(PAY).text
