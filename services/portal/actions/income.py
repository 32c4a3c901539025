"""The life of an owner's statement of income: drafted, published, voided, paid out."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.ledger import lock_party
from services.portal.actions.letter_words import days_text
from services.portal.actions.notices import WORTH, News, tell, withdraw_notices
from services.portal.actions.numbering import take_number
from services.portal.actions.refusals import TooMuch
from services.portal.models import IncomeStatement, Party
from services.portal.rules.income import DRAFT, PUBLISHED, VOID, IncomeLine, dump_income, income_totals
from services.portal.rules.money import LARGEST, money_text
from services.portal.rules.notices import INCOME_PUBLISHED
from shared import clock
from shared.audit import current_actor, record_act
from shared.events.portal import IncomeStatementPublished
from shared.outbox import publish


class IncomeUnknown(Exception):
    """There is no such statement of income."""


class WrongIncomeState(Exception):
    """This cannot be done with a statement in this state."""


@dataclass(frozen=True, kw_only=True)
class NewIncome:
    """A statement of income to be."""

    party_id: uuid.UUID
    currency: str
    period_from: date
    period_until: date
    lines: Sequence[IncomeLine]


def save_income(session: Session, new: NewIncome, statement_id: uuid.UUID | None = None) -> IncomeStatement:
    """Keep a statement that is not published yet; with an id, change that draft.

    Raises PartyUnknown, IncomeUnknown, WrongIncomeState, TooMuch.
    """
    lock_party(session, new.party_id)
    totals = income_totals(new.lines)
    if max(totals.income, totals.deductions) > LARGEST:
        raise TooMuch
    statement = _in_state(session, statement_id, DRAFT) if statement_id else IncomeStatement(state=DRAFT)
    statement.party_id, statement.currency = new.party_id, new.currency
    statement.period_from, statement.period_until = new.period_from, new.period_until
    statement.lines = dump_income(new.lines)
    statement.income_total, statement.deduction_total, statement.net = totals.income, totals.deductions, totals.net
    statement.created_at, statement.created_by = clock.now(), current_actor().name
    session.add(statement)
    session.flush()
    return statement


def discard_income(session: Session, statement_id: uuid.UUID) -> None:
    """Delete a draft: it never had a number. Raises IncomeUnknown, WrongIncomeState."""
    session.delete(_in_state(session, statement_id, DRAFT))


def publish_income(session: Session, statement_id: uuid.UUID) -> IncomeStatement:
    """Give a draft its number: from now on the owner sees it.

    Raises IncomeUnknown, WrongIncomeState, SeriesExhausted.
    """
    statement = _in_state(session, statement_id, DRAFT)
    _, statement.number = take_number(session, "income")
    statement.state, statement.published_at = PUBLISHED, clock.now()
    publish(
        session,
        IncomeStatementPublished(
            statement_id=statement.id,
            number=statement.number,
            party_id=statement.party_id,
            period_from=statement.period_from,
            period_until=statement.period_until,
            currency=statement.currency,
            net=statement.net,
            at=statement.published_at,
        ),
    )
    _record(session, "income.published", statement)
    _tell(session, statement)
    return statement


def void_income(session: Session, statement_id: uuid.UUID, reason: str) -> IncomeStatement:
    """A published statement counts no longer; the owner does not see it any more. It keeps its number.

    What was paid out is not voided. Raises IncomeUnknown, WrongIncomeState.
    """
    statement = _in_state(session, statement_id, PUBLISHED)
    if statement.paid_on:
        raise WrongIncomeState
    statement.state = VOID
    withdraw_notices(session, [statement.id], [INCOME_PUBLISHED], "voided")
    _record(session, "income.voided", statement, reason=reason)
    return statement


def pay_out_income(session: Session, statement_id: uuid.UUID, paid_on: date, reference: str) -> IncomeStatement:
    """Say that the net was paid out to the owner. Raises IncomeUnknown, WrongIncomeState."""
    statement = _in_state(session, statement_id, PUBLISHED)
    if statement.paid_on:
        raise WrongIncomeState
    statement.paid_on, statement.payment_reference = paid_on, reference
    _record(session, "income.paid_out", statement, day=str(paid_on), reference=reference)
    return statement


def _tell(session: Session, statement: IncomeStatement) -> None:
    number = statement.number or ""

    def values(language: str) -> dict[str, str]:
        return {
            "number": number,
            "period": days_text(statement.period_from, statement.period_until, language),
            "amount": money_text(statement.net, statement.currency, language),
        }

    news = News(
        kind=INCOME_PUBLISHED,
        party_id=statement.party_id,
        about=statement.id,
        path=f"/customerarea/income/{statement.id}",
        label=number,
        values_in=values,
        until=clock.now() + WORTH,
    )
    tell(session, session.get_one(Party, statement.party_id), news)


def _in_state(session: Session, statement_id: uuid.UUID, state: str) -> IncomeStatement:
    party_id = session.scalar(select(IncomeStatement.party_id).where(IncomeStatement.id == statement_id))
    if party_id is None:
        raise IncomeUnknown
    lock_party(session, party_id)
    statement = session.get(IncomeStatement, statement_id, populate_existing=True)
    if statement is None:
        raise IncomeUnknown
    if statement.state != state:
        raise WrongIncomeState
    return statement


def _record(session: Session, act: str, statement: IncomeStatement, **details: str) -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=statement.party_id,
        subject="income",
        subject_id=statement.id,
        details={"number": statement.number or "", "net": f"{statement.net} {statement.currency}"}
        | {name: value for name, value in details.items() if value},
    )
