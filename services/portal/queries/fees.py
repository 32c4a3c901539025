"""Reading rules for late fees, and the fees that came of them."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from services.portal.models import FeeRule, Invoice, LateFee, Party
from services.portal.queries.agency import agency_of
from services.portal.queries.searching import FEW, begins_with, found_by
from services.portal.rules.fees import NONE, PENDING, Terms, base_of, compute, next_fee_day
from services.portal.rules.invoices import INVOICE, OPEN_STATES
from services.portal.rules.money import ZERO
from shared.web.paging import Page, paginate


@dataclass(frozen=True)
class Late:
    """An open invoice, as far as its late fee goes."""

    id: uuid.UUID
    party_id: uuid.UUID
    role: str
    currency: str
    due_on: date
    issued_at: datetime
    fees_after: date | None
    balance: Decimal
    total: Decimal


@dataclass(frozen=True)
class FeeFilter:
    """What a list of late fees is narrowed to; "" and None mean "any".

    text: the beginning of the late invoice's number, or words of the party's name, its document or its code.
    """

    text: str = ""
    state: str = ""
    party_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Fee:
    """A late fee with what it is about: the late invoice, the document on which it stands, whose it is, its rule."""

    fee: LateFee
    rule: FeeRule
    party: Party
    number: str
    charged_number: str | None
    charged_state: str | None


class RuleBook:
    """All versions of the rules that may count for some invoices; finds the one that does."""

    def __init__(self, versions: Iterable[FeeRule]) -> None:
        self._of: dict[tuple[uuid.UUID | str | None, str], list[FeeRule]] = {}
        for one in sorted(versions, key=lambda one: one.in_force_at, reverse=True):
            self._of.setdefault((one.party_id or one.role, one.currency), []).append(one)

    def rule_for(self, party_id: uuid.UUID, role: str, currency: str, issued_at: datetime | None) -> FeeRule | None:
        """The rule that charges for an invoice: the client's own that was in force when it was issued, else the role's.

        None where there was none, where it says that nothing is charged, or where it was switched off since: an invoice
        never comes under a rule that was made after it.
        """
        if issued_at is None:
            return None
        for scope in (party_id, role):
            for one in self._of.get((scope, currency), ()):
                ended = min((at for at in (one.replaced_at, one.switched_off_at) if at), default=None)
                if one.in_force_at <= issued_at and (ended is None or issued_at < ended):
                    return None if one.kind == NONE or one.switched_off_at else one
        return None


def terms_of(rule: FeeRule) -> Terms:
    """What a rule says, as far as days and amounts go."""
    return Terms(
        kind=rule.kind,
        value=rule.value,
        minimum=rule.minimum,
        maximum=rule.maximum,
        grace_days=rule.grace_days,
        repeats=rule.repeats,
    )


@dataclass(frozen=True)
class NextFee:
    """The fee that comes next if nothing is paid until `last_day`, as much as it would be now."""

    last_day: date
    amount: Decimal


def list_rules(session: Session, party_id: uuid.UUID | None = None) -> Sequence[FeeRule]:
    """All versions of the rules of the classes, or of one client, the newest first."""
    own = FeeRule.party_id == party_id if party_id else FeeRule.party_id.is_(None)
    return session.scalars(select(FeeRule).where(own).order_by(FeeRule.in_force_at.desc(), FeeRule.id.desc())).all()


def list_own_rules(session: Session, limit: int) -> list[tuple[FeeRule, Party]]:
    """Rules of clients that are in force, with their clients, by name."""
    own = FeeRule.party_id.is_not(None), FeeRule.replaced_at.is_(None), FeeRule.switched_off_at.is_(None)
    joined = select(FeeRule, Party).join(Party, Party.id == FeeRule.party_id).where(*own)
    return [(row[0], row[1]) for row in session.execute(joined.order_by(Party.search_name, Party.id).limit(limit))]


def list_charging_rules(session: Session) -> Sequence[FeeRule]:
    """Every version that may charge something: it is not switched off, and it says that something is to be charged."""
    return session.scalars(select(FeeRule).where(FeeRule.switched_off_at.is_(None), FeeRule.kind != NONE)).all()


def rule_book(session: Session, party_ids: Collection[uuid.UUID]) -> RuleBook:
    """The rules that may count for invoices of these clients."""
    versions = list(session.scalars(select(FeeRule).where(FeeRule.party_id.is_(None))))
    own = select(FeeRule).where(FeeRule.party_id.is_not(None))
    found = session.scalars(own.limit(FEW + 1)).all()
    # Clients with a rule of their own are few as a rule: naming thousands of clients costs more than reading them all.
    versions += found if len(found) <= FEW else session.scalars(own.where(FeeRule.party_id.in_(party_ids)))
    return RuleBook(versions)


def list_late(
    session: Session, conditions: Iterable[ColumnElement[bool]], due_before: date, after: uuid.UUID | None, limit: int
) -> list[Late]:
    """Open invoices that are due before a day and may cost a fee, by id from `after` on.

    No documents of late fees (they cost none), none in dispute.
    """
    columns = (
        *(Invoice.id, Invoice.party_id, Invoice.role, Invoice.currency, Invoice.due_on, Invoice.issued_at),
        *(Invoice.fees_after, Invoice.balance, Invoice.total),
    )
    wanted = select(*columns).where(may_cost(), Invoice.due_on < due_before, *conditions)
    if after:
        wanted = wanted.where(Invoice.id > after)
    rows: Any = session.execute(wanted.order_by(Invoice.id).limit(limit))
    return [Late(*row) for row in rows]


def may_cost() -> ColumnElement[bool]:
    """Something is owed, it is no late fee itself, and nobody disputes it."""
    return (
        Invoice.state.in_(OPEN_STATES)
        & (Invoice.kind == INVOICE)
        & Invoice.is_late_fee.is_(False)
        & Invoice.disputed_at.is_(None)
    )


def charged_periods(session: Session, invoice_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[int]]:
    """The periods of invoices for which there is a fee, whatever became of it.

    Asked for by the first and the last id, which is faster than by thousands of them: a chunk of a run is such a range.
    """
    found: dict[uuid.UUID, set[int]] = {}
    if invoice_ids:
        between = LateFee.invoice_id.between(min(invoice_ids), max(invoice_ids))
        for invoice_id, period in session.execute(select(LateFee.invoice_id, LateFee.period).where(between)):
            found.setdefault(invoice_id, set()).add(period)
    return found


def fees_on(session: Session, invoice_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """What of late fees that stand on invoices was not waived, for those that have any."""
    standing = select(LateFee.charged_on_id, func.sum(LateFee.amount), func.sum(LateFee.waived))
    rows: Any = session.execute(standing.where(LateFee.charged_on_id.in_(invoice_ids)).group_by(LateFee.charged_on_id))
    return {row[0]: row[1] - row[2] for row in rows}


def noted_on(session: Session, invoice_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Decimal]:
    """What credit notes took away from invoices, for those that have any."""
    notes = select(Invoice.corrects_id, func.sum(Invoice.total)).where(Invoice.corrects_id.in_(invoice_ids))
    rows: Any = session.execute(notes.group_by(Invoice.corrects_id))
    return {row[0]: row[1] for row in rows}


def list_fees_of(session: Session, invoice_id: uuid.UUID) -> Sequence[Fee]:
    """The fees of an invoice that was not paid in time, the first one first."""
    return _fees(session, _with_all().where(LateFee.invoice_id == invoice_id).order_by(LateFee.period))


def list_fees_standing_on(session: Session, invoice_id: uuid.UUID) -> Sequence[Fee]:
    """The fees that stand on a document, for whichever invoice they are."""
    return _fees(session, _with_all().where(LateFee.charged_on_id == invoice_id).order_by(LateFee.id))


def find_fee(session: Session, fee_id: uuid.UUID) -> Fee | None:
    """One late fee with what it is about."""
    found = _fees(session, _with_all().where(LateFee.id == fee_id))
    return found[0] if found else None


def list_fees(session: Session, wanted: FeeFilter, *, cursor: str | None = None, limit: int = 50) -> Page[Fee]:
    """Late fees of everybody, the newest first. Raises BadCursor."""
    statement = select(LateFee)
    if wanted.state:
        statement = statement.where(LateFee.state == wanted.state)
    if wanted.party_id:
        statement = statement.where(LateFee.party_id == wanted.party_id)
    if text := wanted.text.strip():
        numbered = select(Invoice.id).where(begins_with(Invoice.number, text))
        statement = statement.where(found_by(session, text, LateFee, LateFee.invoice_id.in_(numbered)))
    page = paginate(session, statement, [(LateFee.id, True)], cursor=cursor, limit=limit)
    ids = [one.id for one in page.items]
    known = {one.fee.id: one for one in _fees(session, _with_all().where(LateFee.id.in_(ids)))}
    return Page([known[one] for one in ids], page.next)


def next_fee(session: Session, invoice: Invoice, today: date, zone: str) -> NextFee | None:
    """What comes if an open invoice is not paid; None where nothing does, as things stand."""
    if invoice.state not in OPEN_STATES or invoice.kind != INVOICE or invoice.is_late_fee or invoice.disputed_at:
        return None
    rule = rule_book(session, [invoice.party_id]).rule_for(
        invoice.party_id, invoice.role, invoice.currency, invoice.issued_at
    )
    if rule is None or invoice.due_on is None:
        return None
    free, charged = free_until(invoice.issued_at, invoice.fees_after, zone), charged_periods(session, [invoice.id])
    day = next_fee_day(terms_of(rule), invoice.due_on, free, charged.get(invoice.id, ()), today)
    if day is None:
        return None
    noted, fees = noted_on(session, [invoice.id]), fees_on(session, [invoice.id])
    base = base_of(invoice.balance, invoice.total, noted.get(invoice.id, ZERO), fees.get(invoice.id, ZERO))
    amount = compute(terms_of(rule), base, agency_of(session).fee_ceiling).amount
    return NextFee(day - timedelta(days=1), amount) if amount else None


def free_until(issued_at: datetime | None, fees_after: date | None, zone: str) -> date | None:
    """Until when days of fees cost nothing: the end of a dispute, or the day on which it was issued.

    Who gets an old debt billed late, such as one brought over from elsewhere, did not know of it before.
    """
    issued = issued_at.astimezone(ZoneInfo(zone)).date() if issued_at else None
    return max((day for day in (fees_after, issued) if day), default=None)


def pending_total(session: Session, party_id: uuid.UUID, role: str, currency: str) -> Decimal:
    """What the next invoice of a client in this role and currency will have of late fees."""
    waiting = select(func.sum(LateFee.amount), func.sum(LateFee.waived)).join(Invoice, Invoice.id == LateFee.invoice_id)
    mine = LateFee.party_id == party_id, LateFee.currency == currency, LateFee.state == PENDING, Invoice.role == role
    row: Any = session.execute(waiting.where(*mine)).one()
    return (row[0] - row[1]) if row[0] is not None else ZERO


def _with_all() -> Any:
    document = aliased(Invoice)
    return (
        select(LateFee, FeeRule, Party, Invoice.number, document.number, document.state)
        .join(FeeRule, FeeRule.id == LateFee.rule_id)
        .join(Party, Party.id == LateFee.party_id)
        .join(Invoice, Invoice.id == LateFee.invoice_id)
        .outerjoin(document, document.id == LateFee.charged_on_id)
    )


def _fees(session: Session, wanted: Any) -> list[Fee]:
    return [Fee(row[0], row[1], row[2], row[3] or "", row[4], row[5]) for row in session.execute(wanted)]
