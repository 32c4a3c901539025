"""Notifications of gateways, whatever is wrong with them: one payment and one receipt, or nothing and an entry."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
import responses
from sqlalchemy import event as sql_event
from sqlalchemy import select, update

from services.portal.actions import notifications
from services.portal.actions.notifications import take_notice
from services.portal.clients.gateways.choosing import open_gateways
from services.portal.jobs.payments import Reconciler
from services.portal.models import Invoice, PaymentIntent, Series
from services.portal.rules.money import ZERO
from services.portal.rules.wompi import read_event
from services.portal.settings import Settings
from shared import clock
from shared.events import decode
from shared.events.portal import NoticeRaised, PaymentReceived
from shared.outbox import outbox
from tests.support.alone import Alone, portal_alone
from tests.support.billing import ZONE, invoice_now, issue, pay, today, void
from tests.support.gateways import (
    EVENTS_SECRET,
    SESSIONS,
    STRIPE,
    TRANSACTIONS,
    WOMPI,
    balance,
    begin,
    event,
    grow_old,
    incidents,
    intent_now,
    payments,
    stripe_event,
    stripe_session,
    tell,
    transaction,
    verdict,
)

ONE = Decimal("1000000.00")


@pytest.fixture
def portal(tmp_path, database_url):
    with portal_alone(tmp_path, database_url, **WOMPI, **STRIPE) as made:
        yield made


def ready(portal: Alone, number: int = 1) -> tuple[uuid.UUID, Invoice, PaymentIntent]:
    """A client, an invoice of theirs, and a payment of it that was begun."""
    party = portal.party(number)
    invoice = issue(portal.db, party)
    return party, invoice, begin(portal, party, invoice)


def reconcile(portal: Alone, tmp_path) -> None:
    """What the worker does every minute."""
    gateways = open_gateways(Settings(data=tmp_path, **WOMPI, **STRIPE))
    Reconciler(portal.db, gateways, ZONE).run()


def told(portal: Alone, kind: type) -> int:
    with portal.db.read() as session:
        events = [decode(bytes(row.body)).event for row in session.execute(select(outbox))]
    return sum(isinstance(one, kind) for one in events)


def test_a_notification_becomes_one_payment_one_receipt_and_one_letter(portal: Alone) -> None:
    party, invoice, intent = ready(portal)
    assert verdict(tell(portal, event(intent))) == "paid"
    assert verdict(tell(portal, event(intent))) == "repeated"
    (payment,) = payments(portal)
    assert (payment.amount, payment.unapplied, payment.method) == (ONE, ZERO, "wompi")
    assert payment.reference == f"1-{intent.reference}"
    assert invoice_now(portal.db, invoice.id).state == "paid"
    assert (intent_now(portal, intent).state, balance(portal, party)) == ("paid", ZERO)
    assert (told(portal, PaymentReceived), told(portal, NoticeRaised)) == (1, 2), "the letters: invoice and receipt"
    assert not incidents(portal)


def test_a_hundred_copies_at_once_shuffled_with_others_pay_once(portal: Alone) -> None:
    party, _, first = ready(portal)
    _, _, other = ready(portal, 2)
    second = begin(portal, party, issue(portal.db, party, "250000.55"))
    bodies = [event(first)] * 100
    for intent in (first, second, other):
        bodies += [event(intent, "PENDING")] * 5 + [event(intent, "DECLINED")] * 5
    bodies += [event(second)] * 20 + [event(other)] * 20 + [event(first, amount_in_cents=100)] * 5
    random.Random(4).shuffle(bodies)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda body: tell(portal, body), bodies))
    assert {answer.status_code for answer in answers} == {200}
    assert sum(verdict(answer) == "paid" for answer in answers) == 3
    assert sorted(one.amount for one in payments(portal)) == [Decimal("250000.55"), ONE, ONE]
    assert len({one.receipt_number for one in payments(portal)}) == 3
    assert [intent_now(portal, one).state for one in (first, second, other)] == ["paid"] * 3
    assert balance(portal, party) == 0


def test_what_does_not_fit_has_no_effect_and_is_put_before_the_agents(portal: Alone) -> None:
    party, invoice, intent = ready(portal)
    wrong: list[tuple[str, dict[str, object]]] = [
        ("wrong_amount", {"amount_in_cents": 99_999_999}),
        ("wrong_amount", {"amount_in_cents": 100_000_001}),
        ("wrong_currency", {"currency": "USD"}),
        ("unknown_reference", {"reference": "PRUNKNOWN"}),
        ("refunded", {"status": "VOIDED"}),
    ]
    for number, (kind, changes) in enumerate(wrong):
        body = event(intent, **changes | {"id": f"T{number}"})  # type: ignore[arg-type]
        assert verdict(tell(portal, body)) == kind
        assert verdict(tell(portal, body)) == "repeated"
    assert not payments(portal)
    assert (invoice_now(portal.db, invoice.id).balance, balance(portal, party)) == (ONE, ONE)
    assert [(one.kind, one.reference, one.times) for one in incidents(portal)] == [
        ("wrong_amount", intent.reference, 2),
        ("wrong_currency", intent.reference, 1),
        ("unknown_reference", "PRUNKNOWN", 1),
        ("refunded", intent.reference, 1),
    ]


def test_forged_notifications_have_no_effect_and_a_flood_of_them_is_one_line(portal: Alone, monkeypatch) -> None:
    monkeypatch.setattr(notifications, "MOST_TIMES", 4)
    _, invoice, intent = ready(portal)
    for number in range(7):
        forged = event(intent, secret=f"guess {number}", reference=f"R{number}")
        assert tell(portal, forged).status_code == 401
        assert tell(portal, b"{" + str(number).encode()).status_code == 400
    assert tell(portal, b"").status_code == 400
    assert tell(portal, b" " * 65 * 1024).status_code == 413
    assert tell(portal, event(intent), "paypal").status_code == 404
    assert not payments(portal)
    assert invoice_now(portal.db, invoice.id).state == "issued"
    assert sorted((one.kind, one.times, one.reference) for one in incidents(portal)) == [
        ("bad_signature", 4, ""),
        ("unreadable", 4, ""),
    ]


def test_news_out_of_order_end_in_what_is_true(portal: Alone) -> None:
    _, _, intent = ready(portal)
    assert verdict(tell(portal, event(intent, "DECLINED"))) == "declined"
    assert verdict(tell(portal, event(intent, "PENDING"))) == "nothing_new"
    assert intent_now(portal, intent).state == "declined"
    assert verdict(tell(portal, event(intent))) == "paid", "money is money"
    assert verdict(tell(portal, event(intent, "ERROR"))) == "nothing_new"
    assert intent_now(portal, intent).state == "paid"
    again = event(intent, id="another transaction")
    assert verdict(tell(portal, again)) == "not_applied", "the gateway took it twice: an agent gives it back"
    assert len(payments(portal)) == 1
    assert [one.kind for one in incidents(portal)] == ["not_applied"]


def test_what_fits_no_invoice_any_more_becomes_credit(portal: Alone) -> None:
    paid, partly, voided = ready(portal, 1), ready(portal, 2), ready(portal, 3)
    pay(portal.db, paid[0], ONE, paid[1])
    pay(portal.db, partly[0], "300000", partly[1])
    void(portal.db, voided[1])
    for (party, _, intent), credit in ((paid, ONE), (partly, Decimal(300_000)), (voided, ONE)):
        assert verdict(tell(portal, event(intent))) == "paid"
        assert payments(portal)[-1].unapplied == credit
        assert balance(portal, party) == -credit


def test_a_failure_at_any_statement_leaves_nothing_half_done(portal: Alone) -> None:
    """What a `kill -9` does at that point: the transaction ends without a commit."""
    party, invoice, intent = ready(portal)
    notice = read_event("wompi", event(intent), EVENTS_SECRET)
    assert notice
    left = 0

    def fail(*_arguments: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise ConnectionError

    sql_event.listen(portal.db.engine, "before_cursor_execute", fail)
    for statements in range(1, 100):
        left = statements
        try:
            with portal.db.write() as session:
                found = take_notice(session, notice, today())
            break
        except ConnectionError:
            assert (payments(portal), invoice_now(portal.db, invoice.id).balance) == ([], ONE), statements
    sql_event.remove(portal.db.engine, "before_cursor_execute", fail)
    assert statements > 10
    assert (found, len(payments(portal)), balance(portal, party)) == ("paid", 1, ZERO)
    assert payments(portal)[0].receipt_number.endswith("1"), "no number was lost on the way"


def test_money_that_gets_no_receipt_now_is_told_again(portal: Alone) -> None:
    _, _, intent = ready(portal)
    with portal.db.write() as session:
        session.execute(update(Series).where(Series.purpose == "receipt").values(active=False))
    answer = tell(portal, event(intent))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "600")
    assert [(one.kind, one.details["why"]) for one in incidents(portal)] == [("not_applied", "SeriesExhausted")]
    with portal.db.write() as session:
        session.execute(update(Series).where(Series.purpose == "receipt").values(active=True))
    assert verdict(tell(portal, event(intent))) == "paid"


@responses.activate
def test_a_payment_whose_notification_was_lost_is_found_by_asking(portal: Alone, tmp_path) -> None:
    _, _, intent = ready(portal)
    _, _, left = ready(portal, 2)
    _, _, slow = ready(portal, 3)
    _, _, tried = ready(portal, 4)
    declined_first = [transaction(tried, "DECLINED", id="1"), transaction(tried, "APPROVED", id="2")]
    answers = {intent: [transaction(intent)], left: [], slow: [transaction(slow, "PENDING")], tried: declined_first}
    for one, found in answers.items():
        asked = responses.matchers.query_param_matcher({"reference": one.reference})
        responses.get(TRANSACTIONS, json={"data": found}, match=[asked])
    reconcile(portal, tmp_path)
    assert not responses.calls, "they are just begun"
    hour = clock.now() - timedelta(hours=1)
    for one in answers:
        grow_old(portal, one, created_at=hour, checked_at=hour)
    reconcile(portal, tmp_path)
    reconcile(portal, tmp_path)
    assert len(responses.calls) == 4, "they were asked about a moment ago"
    assert responses.calls[0].request.headers["Authorization"] == "Bearer prv_test_private"
    assert [intent_now(portal, one).state for one in answers] == ["paid", "pending", "pending", "paid"]
    days = clock.now() - timedelta(hours=25)
    for one in (left, slow):
        grow_old(portal, one, created_at=days, checked_at=days)
    reconcile(portal, tmp_path)
    assert [intent_now(portal, one).state for one in (left, slow)] == ["expired", "pending"]
    assert verdict(tell(portal, event(left))) == "paid", "what comes after all counts"
    assert len(payments(portal)) == 3
    assert verdict(tell(portal, event(intent))) == "nothing_new", "the lost one, a day later"


@responses.activate
def test_a_gateway_that_does_not_answer_is_asked_later(portal: Alone, tmp_path) -> None:
    _, _, intent = ready(portal)
    days = clock.now() - timedelta(hours=25)
    grow_old(portal, intent, created_at=days, checked_at=days)
    responses.get(TRANSACTIONS, status=500)
    reconcile(portal, tmp_path)
    assert intent_now(portal, intent).state == "pending", "nobody said that it was not paid"


def test_stripe_tells_what_became_of_a_session(portal: Alone) -> None:
    party = portal.party()
    invoice = issue(portal.db, party, "1234.50", currency="MXN")
    intent = begin(portal, party, invoice, gateway="stripe")
    waiting = stripe_session(intent, payment_status="unpaid")
    assert verdict(tell(portal, gateway="stripe", **stripe_event("checkout.session.completed", waiting))) == "pending"
    stale = stripe_event("checkout.session.completed", stripe_session(intent), age=400)
    assert tell(portal, gateway="stripe", **stale).status_code == 401
    settled = stripe_event("checkout.session.async_payment_succeeded", stripe_session(intent))
    assert verdict(tell(portal, gateway="stripe", **settled)) == "paid"
    assert verdict(tell(portal, gateway="stripe", **settled)) == "repeated"
    assert verdict(tell(portal, gateway="stripe", **stripe_event("customer.created", {"id": "cus_1"}))) == "ignored"
    charge = {"id": "ch_1", "payment_intent": "pi_1", "amount": 123450, "amount_refunded": 5000, "currency": "mxn"}
    refund = stripe_event("charge.refunded", charge | {"metadata": {"reference": intent.reference}})
    assert verdict(tell(portal, gateway="stripe", **refund)) == "refunded"
    assert [(one.amount, one.method, one.currency) for one in payments(portal)] == [
        (Decimal("1234.50"), "stripe", "MXN")
    ]
    assert [(one.kind, one.reference) for one in incidents(portal)] == [
        ("bad_signature", ""),
        ("refunded", intent.reference),
    ]


@responses.activate
def test_stripe_is_asked_about_a_session_of_which_nothing_was_heard(portal: Alone, tmp_path) -> None:
    party, before = portal.party(), clock.now() - timedelta(hours=25)
    for name, changes, state in (
        ("cs_paid", {}, "paid"),
        ("cs_open", {"status": "open", "payment_status": "unpaid"}, "expired"),
        ("cs_expired", {"status": "expired", "payment_status": "unpaid"}, "declined"),
        ("cs_slow", {"payment_status": "unpaid", "payment_intent": {"status": "processing"}}, "pending"),
        (
            "cs_failed",
            {"payment_status": "unpaid", "payment_intent": {"status": "requires_payment_method"}},
            "declined",
        ),
    ):
        intent = begin(portal, party, issue(portal.db, party, "100"), gateway="stripe")
        grow_old(portal, intent, created_at=before, checked_at=before, gateway_id=name)
        responses.get(f"{SESSIONS}/{name}", json=stripe_session(intent, id=name, **changes))
        reconcile(portal, tmp_path)
        assert intent_now(portal, intent).state == state, name
    assert [one.reference for one in payments(portal)] == ["cs_paid"]
