"""Whatever happens to invoices and money, and in whichever order: every cent is in the ledger, and none twice."""

import uuid
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.portal.actions.invoicing import issue_credit_note, issue_invoice, void_invoice
from services.portal.actions.money import NewPayment, apply_credit, receive_payment, reverse_payment
from services.portal.actions.parties import PartyData, copy_parties
from services.portal.actions.refusals import AlreadyReversed, HasCreditNote, InvoiceUnknown, NotOpen, TooMuch
from services.portal.models import Allocation, Invoice, Payment
from services.portal.queries.invoices import list_open_invoices, owed
from services.portal.queries.payments import credit_of
from services.portal.queries.statements import balances_of, statement_of
from services.portal.rules.invoices import CREDIT_NOTE, CREDITED, ISSUED, PAID, PARTLY_PAID, VOID
from shared.db import Database
from tests.support.billing import new_invoice, today
from tests.support.clientarea import party_event
from tests.support.schema import migrated

CURRENCIES = ("COP", "MXN")
REFUSALS = (AlreadyReversed, HasCreditNote, InvoiceUnknown, NotOpen, TooMuch)
EVER = date(2000, 1, 1)

amounts = st.sampled_from(["0.01", "1.00", "1.50", "2.99", "3.00"]).map(Decimal)
parties, currencies, which = st.integers(0, 1), st.sampled_from(CURRENCIES), st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("issue"), parties, currencies, amounts),
    st.tuples(st.just("pay"), parties, currencies, amounts, st.lists(st.tuples(which, amounts), max_size=3)),
    st.tuples(st.just("pay_for"), which, amounts),
    st.tuples(st.just("void"), which),
    st.tuples(st.just("credit"), which, amounts),
    st.tuples(st.just("use_credit"), parties, which),
    st.tuples(st.just("reverse"), which),
)


@dataclass
class Books:
    """Two parties, and what was done with their money so far."""

    db: Database
    parties: list[uuid.UUID]
    invoices: list[uuid.UUID] = field(default_factory=list)
    payments: list[uuid.UUID] = field(default_factory=list)

    def take(self, name: str, *values: Any) -> None:
        """One step, in a transaction of its own; what is refused leaves no trace."""
        with suppress(*REFUSALS):
            getattr(self, name)(*values)

    def issue(self, party: int, currency: str, amount: Decimal) -> None:
        with self.db.write() as session:
            new = new_invoice(self.parties[party], amount, currency=currency)
            self.invoices.append(issue_invoice(session, new).id)

    def pay(self, party: int, currency: str, amount: Decimal, wanted: list[tuple[int, Decimal]]) -> None:
        chosen = [(self._invoice(number), most) for number, most in wanted if self.invoices]
        with self.db.write() as session:
            new = NewPayment(
                party_id=self.parties[party],
                currency=currency,
                amount=amount,
                method="cash",
                received_on=today(),
                wanted=chosen,
            )
            self.payments.append(receive_payment(session, new).id)

    def pay_for(self, number: int, amount: Decimal) -> None:
        """Money of the invoice's own party and in its currency, so that many steps meet."""
        if self.invoices:
            with self.db.read() as session:
                invoice = session.get_one(Invoice, self._invoice(number))
            self.pay(self.parties.index(invoice.party_id), invoice.currency, amount, [(number, amount)])

    def void(self, number: int) -> None:
        if self.invoices:
            with self.db.write() as session:
                void_invoice(session, self._invoice(number), "Error", today())

    def credit(self, number: int, amount: Decimal) -> None:
        if self.invoices:
            with self.db.write() as session:
                self.invoices.append(issue_credit_note(session, self._invoice(number), amount, "Descuento", today()).id)

    def use_credit(self, party: int, number: int) -> None:
        if self.invoices:
            with self.db.write() as session:
                apply_credit(session, self.parties[party], self._invoice(number))

    def reverse(self, number: int) -> None:
        if self.payments:
            with self.db.write() as session:
                reverse_payment(session, self.payments[number % len(self.payments)], "Cheque devuelto", today())

    def _invoice(self, number: int) -> uuid.UUID:
        return self.invoices[number % len(self.invoices)]


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/portal.db")
    migrated("portal", made)
    yield made
    made.dispose()


@settings(max_examples=30, deadline=None)
@given(st.lists(steps, min_size=6, max_size=16))
def test_every_cent_is_somewhere_and_none_is_in_two_places(db, taken):
    books = Books(db, [new_party(db), new_party(db)])
    for step in taken:
        books.take(*step)
        for party_id in books.parties:
            check_documents(db, party_id)
            check_ledger(db, party_id)


def new_party(db: Database) -> uuid.UUID:
    event = party_event(1)
    made = uuid.uuid4()
    with db.write() as session:
        copy_parties(session, [PartyData(**{**vars(event), "party_id": made, "document_key": made.hex})])
    return made


def check_documents(db: Database, party_id: uuid.UUID) -> None:
    """Balances and states of invoices, notes and payments agree with what went from where to where."""
    with db.read() as session:
        invoices = session.scalars(select(Invoice).where(Invoice.party_id == party_id)).all()
        payments = session.scalars(select(Payment).where(Payment.party_id == party_id)).all()
        ours = [one.id for one in invoices]
        allocations = session.scalars(select(Allocation).where(Allocation.invoice_id.in_(ours))).all()
    paid: defaultdict[uuid.UUID, Decimal] = defaultdict(Decimal)
    spent: defaultdict[uuid.UUID | None, Decimal] = defaultdict(Decimal)
    for one in allocations:
        assert one.amount > 0
        paid[one.invoice_id] += one.amount
        spent[one.payment_id or one.credit_note_id] += one.amount
    for invoice in invoices:
        used = spent[invoice.id] if invoice.kind == CREDIT_NOTE else paid[invoice.id]
        if invoice.state == VOID:
            assert not invoice.balance
            assert not used
            continue
        assert invoice.balance == invoice.total - used >= 0
        settled = {PAID} if invoice.kind == CREDIT_NOTE else {PAID, CREDITED}
        assert invoice.state in (settled if not invoice.balance else {PARTLY_PAID} if used else {ISSUED})
    for payment in payments:
        left = 0 if payment.reversed_at else payment.amount - spent[payment.id]
        assert payment.unapplied == left >= 0
        assert not (payment.reversed_at and spent[payment.id])
    known = {one.id for one in invoices} | {one.id for one in payments}
    assert {key for key, amount in spent.items() if amount} <= known, "money of one party went to an invoice of another"


def check_ledger(db: Database, party_id: uuid.UUID) -> None:
    """The ledger, the open invoices with the credit, and the statement say the same."""
    with db.read() as session:
        ledger, credit = balances_of(session, party_id), credit_of(session, party_id)
        told = {one.currency: one.open_total for one in owed(session, party_id, today())}
        for currency in CURRENCIES:
            due = sum((one.balance for one in list_open_invoices(session, party_id, currency)), Decimal(0))
            statement = statement_of(session, party_id, currency, EVER, today())
            balance = due - credit.get(currency, 0)
            assert told.get(currency, 0) == due
            assert ledger.get(currency, 0) == statement.closing == statement.charged - statement.credited == balance
