"""Reading statements of income as the agency sees them: drafts and void ones too."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from services.portal.models import IncomeStatement, Invoice, Party
from services.portal.queries.searching import begins_with, found_by
from services.portal.rules.invoices import DRAFT, INVOICE, VOID
from shared.web.paging import Page, paginate


@dataclass(frozen=True, kw_only=True)
class IncomeFilter:
    """What the list is narrowed to; "" and None mean any. state: draft, waiting (to be paid out), paid or void."""

    text: str = ""
    state: str = ""
    party_id: uuid.UUID | None = None


def find_income(session: Session, statement_id: uuid.UUID) -> IncomeStatement | None:
    """A statement of anybody, with its owner."""
    return session.scalar(_with_party().where(IncomeStatement.id == statement_id))


def list_income(
    session: Session, wanted: IncomeFilter, *, cursor: str | None = None, limit: int = 50
) -> Page[IncomeStatement]:
    """Statements of anybody with their owners, the newest first. Raises BadCursor."""
    statement = _with_party()
    if wanted.party_id:
        statement = statement.where(IncomeStatement.party_id == wanted.party_id)
    if wanted.state in ("draft", "void"):
        statement = statement.where(IncomeStatement.state == wanted.state)
    elif wanted.state:
        paid = IncomeStatement.paid_on
        statement = statement.where(
            IncomeStatement.state == "published", paid.is_(None) if wanted.state == "waiting" else paid.is_not(None)
        )
    if text := wanted.text.strip():
        itself = begins_with(IncomeStatement.number, text)
        statement = statement.where(found_by(session, text, IncomeStatement, itself))
    return paginate(session, statement, [(IncomeStatement.id, True)], cursor=cursor, limit=limit)


def list_commissions(
    session: Session, party: Party, currency: str, first: date, last: date, limit: int
) -> Sequence[Invoice]:
    """The commission invoices of an owner that were issued in a period and count."""
    wanted = select(Invoice).where(
        Invoice.party_id == party.id,
        Invoice.role == "owner",
        Invoice.kind == INVOICE,
        Invoice.state.not_in((DRAFT, VOID)),
        Invoice.currency == currency,
        Invoice.issued_on.between(first, last),
    )
    return session.scalars(wanted.order_by(Invoice.id).limit(limit)).all()


def _with_party() -> Select[IncomeStatement]:
    return select(IncomeStatement).options(joinedload(IncomeStatement.party, innerjoin=True))
