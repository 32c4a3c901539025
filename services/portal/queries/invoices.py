"""Reading invoices: a client's own, the lists of the desk and of REST, and what is owed."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from services.portal.models import Invoice
from services.portal.queries.searching import begins_with, found_by
from services.portal.rules.invoices import (
    CREDIT_NOTE,
    CREDITED,
    DRAFT,
    ENDED_STATES,
    INVOICE,
    OPEN_STATES,
    OVERDUE,
    PAID,
)
from services.portal.rules.money import ZERO
from shared.web.paging import Page, paginate

OPEN, SETTLED = "open", "settled"
"""What a client asks for, each of several states."""
NOT_DUE = "not_due"
AGES = (NOT_DUE, "1-30", "31-60", "61-90", "over_90")
"""How long a debt is overdue, in days."""


@dataclass(frozen=True, kw_only=True)
class InvoiceFilter:
    """What a list of invoices is narrowed to; None and "" mean "any".

    text: the beginning of a number, or words of the party's name, its document or its code. state: one of SHOWN_STATES.
    kind: `invoice` or `credit_note`. Days are inclusive.
    """

    text: str = ""
    state: str = ""
    kind: str = ""
    role: str = ""
    currency: str = ""
    issued_from: date | None = None
    issued_until: date | None = None
    due_from: date | None = None
    due_until: date | None = None
    party_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Owed:
    """What a party owes in one role and currency: all that is open, and what of it is overdue."""

    role: str
    currency: str
    open_total: Decimal
    overdue_total: Decimal
    next_due_on: date | None
    """The earliest day among what is not overdue; None where all of it is."""
    count: int


@dataclass(frozen=True)
class Debt:
    """What all parties together owe in one currency, of one of AGES."""

    currency: str
    age: str
    total: Decimal
    count: int


def find_invoice(session: Session, invoice_id: uuid.UUID) -> Invoice | None:
    """An invoice or credit note of anybody, also a draft, with its party."""
    return session.scalar(_with_party().where(Invoice.id == invoice_id))


def find_own_invoice(session: Session, party_id: uuid.UUID, invoice_id: uuid.UUID) -> Invoice | None:
    """An invoice or credit note of this party, with the party; never a draft."""
    own = Invoice.id == invoice_id, Invoice.party_id == party_id, Invoice.state != DRAFT
    return session.scalar(_with_party().where(*own))


def list_invoices(
    session: Session, wanted: InvoiceFilter, *, today: date, cursor: str | None = None, limit: int = 50
) -> Page[Invoice]:
    """Invoices and credit notes of anybody with their parties, drafts too, the newest first. Raises BadCursor."""
    statement = _with_party().where(*_conditions(wanted, today))
    if text := wanted.text.strip():
        statement = statement.where(found_by(session, text, Invoice, begins_with(Invoice.number, text)))
    return paginate(session, statement, [(Invoice.id, True)], cursor=cursor, limit=limit)


def list_own_invoices(
    session: Session,
    party_id: uuid.UUID,
    *,
    role: str = "",
    state: str = "",
    text: str = "",
    today: date,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Invoice]:
    """Invoices and credit notes of one party without drafts, the newest first. Raises BadCursor.

    `text` is looked for in number, concept, property and period. `state` is one of SHOWN_STATES, OPEN (something is to
    be paid) or SETTLED (nothing is, because it was paid or credited).
    """
    statement = _own(party_id, role, state, text, today).options(joinedload(Invoice.party, innerjoin=True))
    return paginate(session, statement, [(Invoice.id, True)], cursor=cursor, limit=limit)


def list_own_invoice_ids(
    session: Session,
    party_id: uuid.UUID,
    *,
    role: str = "",
    state: str = "",
    text: str = "",
    today: date,
    limit: int,
) -> Sequence[uuid.UUID]:
    """The ids of what `list_own_invoices` lists, the newest first."""
    statement = _own(party_id, role, state, text, today).with_only_columns(Invoice.id)
    return session.scalars(statement.order_by(Invoice.id.desc()).limit(limit)).all()


def find_own_invoices(session: Session, party_id: uuid.UUID, invoice_ids: Collection[uuid.UUID]) -> Sequence[Invoice]:
    """Those of some invoices and credit notes that are this party's, with the party, the newest first; no drafts."""
    own = Invoice.id.in_(invoice_ids), Invoice.party_id == party_id, Invoice.state != DRAFT
    return session.scalars(_with_party().where(*own).order_by(Invoice.id.desc())).all()


def list_open_invoices(
    session: Session, party_id: uuid.UUID, currency: str = "", role: str = "", limit: int | None = None
) -> Sequence[Invoice]:
    """The invoices of a party on which something is to be paid, by due day."""
    statement = select(Invoice).where(Invoice.party_id == party_id, *_open())
    if currency:
        statement = statement.where(Invoice.currency == currency)
    if role:
        statement = statement.where(Invoice.role == role)
    return session.scalars(statement.order_by(Invoice.due_on, Invoice.id).limit(limit)).all()


def owed(session: Session, party_id: uuid.UUID, today: date) -> list[Owed]:
    """What a party owes per role and currency, tenant first; nothing for those in which nothing is open."""
    overdue = Invoice.due_on < today
    statement = select(
        Invoice.role,
        Invoice.currency,
        func.sum(Invoice.balance),
        func.sum(Invoice.balance).filter(overdue),
        func.min(Invoice.due_on).filter(~overdue),
        func.count(),
    ).where(Invoice.party_id == party_id, *_open())
    rows = session.execute(statement.group_by(Invoice.role, Invoice.currency))
    found = [Owed(role, currency, total, late or ZERO, due, count) for role, currency, total, late, due, count in rows]
    return sorted(found, key=lambda one: (one.role != "tenant", one.currency))


def debt_by_age(session: Session, today: date) -> list[Debt]:
    """What is owed by everybody, per currency and age; all AGES for each currency in which something is."""
    age = _age(today)
    statement = select(Invoice.currency, age.label("age"), func.sum(Invoice.balance), func.count())
    rows = session.execute(statement.where(*_open()).group_by(Invoice.currency, age)).all()
    known = {(row[0], row[1]): Debt(*row) for row in rows}
    currencies = sorted({currency for currency, _ in known})
    return [known.get((one, age), Debt(one, age, ZERO, 0)) for one in currencies for age in AGES]


def open_totals(session: Session, wanted: InvoiceFilter, *, today: date, most: int) -> dict[str, Decimal] | None:
    """What is to be paid of all that a filter leaves, per currency; None where more than `most` invoices are open."""
    if wanted.state in (DRAFT, *ENDED_STATES):  # databases would read them all to find none that is open
        return {}
    statement = select(Invoice.currency, Invoice.balance).where(*_open(), *_conditions(wanted, today))
    if text := wanted.text.strip():
        statement = statement.where(found_by(session, text, Invoice, begins_with(Invoice.number, text)))
    few = statement.limit(most + 1).subquery()
    rows = session.execute(select(few.c.currency, func.sum(few.c.balance), func.count()).group_by(few.c.currency)).all()
    return {row[0]: row[1] for row in sorted(rows)} if sum(row[2] for row in rows) <= most else None


def list_credit_notes(session: Session, invoice_id: uuid.UUID) -> Sequence[Invoice]:
    """The credit notes that take away from an invoice, the oldest first."""
    return session.scalars(select(Invoice).where(Invoice.corrects_id == invoice_id).order_by(Invoice.id)).all()


def find_external_invoice(session: Session, source: str, external_id: str) -> Invoice | None:
    """The invoice that another system sent under this id, with its party."""
    return session.scalar(_with_party().where(Invoice.source == source, Invoice.external_id == external_id))


def _own(party_id: uuid.UUID, role: str, state: str, text: str, today: date) -> Select[Invoice]:
    wanted = InvoiceFilter(party_id=party_id, role=role, state=state)
    statement = select(Invoice).where(*_conditions(wanted, today), Invoice.state != DRAFT)
    for word in text.split():
        columns = Invoice.number, Invoice.concept, Invoice.property_name, Invoice.period
        statement = statement.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return statement


def creditable(session: Session, invoice_id: uuid.UUID) -> Decimal:
    """What of an invoice no credit note took away yet; nothing of one that is not there."""
    total = session.scalar(select(Invoice.total).where(Invoice.id == invoice_id)) or ZERO
    taken = session.scalar(select(func.sum(Invoice.total)).where(Invoice.corrects_id == invoice_id)) or ZERO
    return total - taken


def list_foreign(
    session: Session, party_id: uuid.UUID, currency: str, invoice_ids: Sequence[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of the ids that are no issued invoice of this party in this currency."""
    own = Invoice.party_id == party_id, Invoice.currency == currency, Invoice.kind == INVOICE, Invoice.state != DRAFT
    return set(invoice_ids) - set(session.scalars(select(Invoice.id).where(Invoice.id.in_(invoice_ids), *own)))


def _with_party() -> Select[Invoice]:
    return select(Invoice).options(joinedload(Invoice.party, innerjoin=True))


def _open() -> list[ColumnElement[bool]]:
    """Something is to be paid. Written out, not bound: databases see only then that the partial indexes have them."""
    states: BindParameter[Any] = bindparam("open_states", OPEN_STATES, expanding=True, literal_execute=True)
    return [Invoice.state.in_(states), Invoice.kind == INVOICE]


def _conditions(wanted: InvoiceFilter, today: date) -> list[ColumnElement[bool]]:
    conditions = [_in_state(wanted.state, today)] if wanted.state else []
    equal = {"kind": Invoice.kind, "role": Invoice.role, "currency": Invoice.currency, "party_id": Invoice.party_id}
    conditions += [column == value for name, column in equal.items() if (value := getattr(wanted, name))]
    ranges: list[tuple[Any, date | None, date | None]] = [
        (Invoice.issued_on, wanted.issued_from, wanted.issued_until),
        (Invoice.due_on, wanted.due_from, wanted.due_until),
    ]
    for column, first, last in ranges:
        conditions += [column >= first] if first else []
        conditions += [column <= last] if last else []
    return conditions


def _in_state(state: str, today: date) -> ColumnElement[bool]:
    """The condition of a shown state; `issued` and `partly_paid` are those that are not overdue."""
    if state == OVERDUE:
        return and_(*_open(), Invoice.due_on < today)
    if state == OPEN:
        return and_(*_open())
    if state == SETTLED:
        return and_(Invoice.state.in_((PAID, CREDITED)), Invoice.kind == INVOICE)
    if state in OPEN_STATES:
        return and_(Invoice.state == state, or_(Invoice.kind == CREDIT_NOTE, Invoice.due_on >= today))
    return Invoice.state == state


def _age(today: date) -> ColumnElement[str]:
    days = (Invoice.due_on >= today - timedelta(days=most) for most in (0, 30, 60, 90))
    return case(*zip(days, AGES, strict=False), else_=AGES[-1])
