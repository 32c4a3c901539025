"""Late fees in the town of `sixty_days`: rules that come and go, fees that are paid, credited, voided and waived."""

import uuid
from dataclasses import asdict
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.agency import change_agency
from services.portal.actions.fee_waiving import waive_fee
from services.portal.actions.fees import NewRule, set_rule, switch_off
from services.portal.models import Invoice, LateFee
from shared import clock
from tests.support.plain_fees import NewFee, PlainFee, PlainRule
from tests.support.plain_reminders import DAY, PlainInvoice
from tests.support.sixty_days import ZONE, Town

ROLES = ("tenant", "owner")
PAY_WITHIN = 5 * DAY


def compare_fees(town: Town, what: str, expected: set[NewFee], *, some: bool = False) -> list[PlainInvoice]:
    """What was charged since the last time is what must have been; then it is in the plain book, too.

    Returns the documents of these fees, which are invoices of the town from now on.
    """
    with town.db.read() as session:
        rows = [one for one in session.scalars(select(LateFee)) if (one.invoice_id, one.period) not in town.book.fees]
        ids = [one.charged_on_id for one in rows if one.charged_on_id]
        documents = {one.id: one for one in session.scalars(select(Invoice).where(Invoice.id.in_(ids)))}
    charged = {_seen(fee) for fee in rows}
    assert len(charged) == len(rows)
    assert not charged - expected, f"{what}: too much {list(charged - expected)[:3]}"
    assert some or not expected - charged, f"{what}: missing {list(expected - charged)[:3]}"
    for fee in sorted(rows, key=lambda one: one.id):
        plain = PlainFee(**_seen(fee)._asdict(), document=fee.charged_on_id)
        town.book.fees[fee.invoice_id, fee.period] = plain
        if fee.charged_on_id:
            _note_document(town, documents[fee.charged_on_id], plain)
    return [town.invoices[one] for one in documents]


def _note_document(town: Town, document: Invoice, fee: PlainFee) -> None:
    late, total, today = town.invoices[fee.invoice_id], Decimal(fee.amount) / 100, clock.today(ZONE)
    due_on = today + PAY_WITHIN
    assert (document.total, document.role, document.due_on) == (total, late.role, due_on)
    assert document.is_late_fee
    plain = PlainInvoice(document.id, late.client, late.role, document.number or "", due_on, total, total)
    town.invoices[document.id] = plain
    town.book.documents.add(document.id)
    town.book.issued[document.id], town.book.free[document.id] = clock.now(), today


def _seen(fee: LateFee) -> NewFee:
    base, amount, waits = int(fee.base * 100), int(fee.amount * 100), fee.charged_on_id is None
    return NewFee(fee.invoice_id, fee.period, fee.fee_day, base, amount, waits)


def set_first_fees(town: Town, session: Session) -> None:
    """Every class has a rule."""
    for role in ROLES:
        change_fee_rule(town, session, role)


def change_fees(town: Town, session: Session) -> None:
    """The agency switches rules on and off or changes them, for a class or a client, or learns of another ceiling."""
    if town.random.random() < 0.2:
        change_fee_rule(town, session, town.random.choice(ROLES))
    if town.random.random() < 0.4:
        change_fee_rule(town, session, town.random.choice(town.clients).client_id)
    if town.random.random() < 0.1:
        rate = town.random.choice((None, 90, 195))
        town.book.ceiling = rate
        change_agency(session, {"fee_ceiling": None if rate is None else Decimal(rate) / 100})


def waive(town: Town, session: Session, today: date) -> None:
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
    town.book.waivers += 1
    if document:
        document.credited += money
        town.owes_more(document, -min(money, document.owed))


def change_fee_rule(town: Town, session: Session, whose: uuid.UUID | str) -> None:
    """A rule is switched off, or another one takes its place."""
    mine = [one for one in town.book.rules if one.whose == whose]
    of_client = isinstance(whose, uuid.UUID)
    role, party_id = (None, whose) if isinstance(whose, uuid.UUID) else (whose, None)
    if mine and town.random.random() < 0.12:
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


def _rule(town: Town, whose: uuid.UUID | str, of_client: bool) -> PlainRule:
    chance = town.random
    kind = chance.choice(("percent", "percent", "fixed", "none") if of_client else ("percent", "percent", "fixed"))
    rule = PlainRule(whose, clock.now(), kind)
    if kind != "none":
        rule.value = chance.randrange(50, 400) if kind == "percent" else chance.randrange(100_000, 9_000_000)
        rule.least = chance.choice((None, 500_000)) if kind == "percent" else None
        rule.most = chance.choice((None, 6_000_000)) if kind == "percent" else None
        rule.grace, rule.monthly = chance.randrange(4), chance.random() < 0.8
        rule.on_next = chance.random() < 0.5
    return rule
