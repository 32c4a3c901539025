"""Late fees in the town of `sixty_days`: rules that come and go, fees that are paid, credited, voided and waived."""

import uuid
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.agency import change_agency
from services.portal.actions.daily import FEES
from services.portal.actions.fee_charging import fee_chunk
from services.portal.actions.fee_waiving import waive_fee
from services.portal.actions.fees import NewRule, set_rule, switch_off
from services.portal.actions.invoicing import NewInvoice, issue_invoice
from services.portal.models import Invoice, LateFee
from services.portal.rules.invoices import make_line
from shared import clock
from tests.support.plain_fees import FeeBook, NewFee, PlainFee, PlainRule
from tests.support.plain_reminders import DAY, PlainClient, PlainInvoice
from tests.support.sixty_days import ZONE, Town
from tests.support.town_life import ROLES, credit, dispute, pay, reverse, void


class FeeTown(Town):
    """The town as far as late fees go; nobody is reminded of anything."""

    def __init__(self, url: str, seed: int) -> None:
        super().__init__(url, seed)
        self.tasks = {FEES: fee_chunk(ZONE, looked_at=60, charged=5)}
        self.book = FeeBook()
        self.charged = self.waivers = 0

    def compare_fees(self, what: str, expected: set[NewFee], *, some: bool = False) -> None:
        """What was charged since the last time is what must have been; then it is in the plain book, too."""
        known = set(self.book.fees)
        with self.db.read() as session:
            rows = [one for one in session.scalars(select(LateFee)) if (one.invoice_id, one.period) not in known]
            documents = {one.id: one for one in session.scalars(select(Invoice).where(Invoice.is_late_fee))}
        waits = {fee: fee.charged_on_id is None for fee in rows}
        charged = {_seen(fee, is_waiting) for fee, is_waiting in waits.items()}
        assert len(charged) == len(rows)
        assert not charged - expected, f"{what}: too much {list(charged - expected)[:3]}"
        assert some or not expected - charged, f"{what}: missing {list(expected - charged)[:3]}"
        for fee in sorted(rows, key=lambda one: one.id):
            plain = PlainFee(**_seen(fee, waits[fee])._asdict(), document=fee.charged_on_id)
            self.book.fees[fee.invoice_id, fee.period] = plain
            if fee.charged_on_id:
                self._note_document(documents[fee.charged_on_id], self.invoices[fee.invoice_id], plain)
        self.charged += len(rows)

    def _note_document(self, document: Invoice, late: PlainInvoice, fee: PlainFee) -> None:
        total = Decimal(fee.amount) / 100
        assert (document.total, document.role) == (total, late.role)
        assert document.due_on
        plain = PlainInvoice(document.id, late.client, late.role, "", document.due_on, total, total)
        self.invoices[document.id] = plain
        self.book.documents.add(document.id)
        self.book.issued[document.id], self.book.free[document.id] = clock.now(), clock.today(ZONE)


def _seen(fee: LateFee, waits: bool) -> NewFee:
    return NewFee(fee.invoice_id, fee.period, fee.fee_day, int(fee.base * 100), int(fee.amount * 100), waits)


def set_first_rules(town: FeeTown) -> None:
    """Every class has one."""
    with town.db.write() as session:
        for role in ROLES:
            change_rule(town, session, role)


def live_with_fees(town: FeeTown, today: date) -> None:
    """Some hours in which people do something."""
    with town.db.write() as session:
        for client in town.clients:
            if town.random.random() < 1 / 20:
                issue(town, session, client, today)
        for doing, one_of in ((pay, 30), (reverse, 120), (void, 60), (credit, 60), (dispute, 60), (waive, 40)):
            for _ in range(int(len(town.clients) / one_of + town.random.random())):
                _and_note(town, today, doing, session)
        if town.random.random() < 0.25:
            change_rule(town, session, town.random.choice(ROLES))
        if town.random.random() < 0.4:
            change_rule(town, session, town.random.choice(town.clients).client_id)
        if town.random.random() < 0.1:
            rate = town.random.choice((None, 90, 195))
            town.book.ceiling = rate
            change_agency(session, {"fee_ceiling": None if rate is None else Decimal(rate) / 100})


def _and_note(town: FeeTown, today: date, doing: Any, session: Session) -> None:
    """Do it, and note what it means for fees: days of a dispute are over, fees of what is void go or wait again."""
    disputed = {one.invoice_id for one in town.invoices.values() if one.is_disputed}
    void_before = {one.invoice_id for one in town.invoices.values() if one.is_void}
    doing(town, session, today)
    for invoice_id in disputed:
        if not town.invoices[invoice_id].is_disputed:
            town.book.free[invoice_id] = max(today, town.book.free[invoice_id])
    for invoice in [one for one in town.invoices.values() if one.is_void and one.invoice_id not in void_before]:
        for fee in town.book.fees.values():
            if fee.invoice_id == invoice.invoice_id and fee.state == "pending":
                fee.waived = fee.amount
            if fee.document == invoice.invoice_id and fee.state == "charged":
                if invoice.invoice_id in town.book.documents or town.invoices[fee.invoice_id].is_void:
                    fee.waived = fee.amount
                else:
                    fee.document = None


def issue(town: FeeTown, session: Session, client: PlainClient, today: date) -> None:
    """Somebody is to pay; what waits of late fees comes along, unless another system sent it."""
    role, total = town.random.choice(ROLES), Decimal(town.random.randrange(100, 900_000_000)) / 100
    due_on = today + town.random.randrange(-6, 8) * DAY
    is_sent = town.random.random() < 0.3
    new = NewInvoice(
        party_id=client.client_id,
        role=role,
        currency="COP",
        lines=[make_line("Canon", Decimal(1), total)],
        issued_on=min(today, due_on),
        due_on=due_on,
        concept="Canon",
        source="rest:erp" if is_sent else None,
        external_id=str(town.random.random()) if is_sent else None,
    )
    invoice = issue_invoice(session, new)
    for fee in town.book.fees.values():
        late = town.invoices[fee.invoice_id]
        if not is_sent and fee.state == "pending" and late.client is client and late.role == role:
            fee.document = invoice.id
            total += Decimal(fee.left) / 100
    assert invoice.total == total
    town.invoices[invoice.id] = PlainInvoice(invoice.id, client, role, invoice.number or "", due_on, total, total)
    town.book.issued[invoice.id], town.book.free[invoice.id] = clock.now(), today


def waive(town: FeeTown, session: Session, today: date) -> None:
    """An agent lets somebody off a fee, or a part of it."""
    found = [fee for fee in town.book.fees.values() if fee.left]
    if not found:
        return
    fee = town.random.choice(found)
    amount = fee.left if town.random.random() < 0.5 else town.random.randrange(1, fee.left + 1)
    document = town.invoices[fee.document] if fee.document else None
    money = Decimal(amount) / 100
    if document and money > document.total - document.credited:
        return  # credited in another way
    stored = session.scalars(select(LateFee).where(LateFee.invoice_id == fee.invoice_id)).all()
    (fee_id,) = [one.id for one in stored if one.period == fee.period]
    waive_fee(session, fee_id, money, "Acuerdo", today, waived_before=Decimal(fee.waived) / 100)
    fee.waived += amount
    town.waivers += 1
    if document:
        document.credited += money
        document.owed -= min(money, document.owed)
        document.is_over = not document.owed


def change_rule(town: FeeTown, session: Session, whose: uuid.UUID | str) -> None:
    """A rule is switched off, or another one takes its place."""
    mine = [one for one in town.book.rules if one.whose == whose]
    of_client = isinstance(whose, uuid.UUID)
    role, party_id = (None, whose) if isinstance(whose, uuid.UUID) else (whose, None)
    if mine and town.random.random() < 0.25:
        switch_off(session, role, party_id, "COP")
        for one in mine:
            one.is_off, one.until = True, one.until or clock.now()
        return
    rule = _rule(town, whose, of_client)
    set_rule(
        session,
        NewRule(
            role=role,
            party_id=party_id,
            currency="COP",
            kind=rule.kind,
            value=Decimal(rule.value) / 100,
            minimum=None if rule.least is None else Decimal(rule.least) / 100,
            maximum=None if rule.most is None else Decimal(rule.most) / 100,
            grace_days=rule.grace,
            repeats="monthly" if rule.monthly else "once",
            charged_on="next_invoice" if rule.on_next else "document",
        ),
    )
    same = [one for one in mine if not one.until and asdict(one) | {"since": None} == asdict(rule) | {"since": None}]
    if not same:
        for one in mine:
            one.until = one.until or clock.now()
        town.book.rules.append(rule)


def _rule(town: FeeTown, whose: uuid.UUID | str, of_client: bool) -> PlainRule:
    chance = town.random
    kind = chance.choice(("percent", "percent", "fixed", "none") if of_client else ("percent", "percent", "fixed"))
    rule = PlainRule(whose, clock.now(), kind)
    if kind != "none":
        rule.value = chance.randrange(50, 400) if kind == "percent" else chance.randrange(100_000, 9_000_000)
        rule.least = chance.choice((None, 500_000)) if kind == "percent" else None
        rule.most = chance.choice((None, 6_000_000)) if kind == "percent" else None
        rule.grace, rule.monthly = chance.randrange(4), chance.random() < 0.6
        rule.on_next = chance.random() < 0.4
    return rule
