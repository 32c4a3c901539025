"""Charging late fees: the daily run goes through the open invoices that are late, some of them in a transaction."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.announcing import announced_together
from services.portal.actions.daily import Chunk
from services.portal.actions.fee_lines import charge_on, fee_line
from services.portal.actions.invoicing import NewInvoice, issue_invoice
from services.portal.actions.parties import lock_parties
from services.portal.actions.refusals import SeriesExhausted
from services.portal.models import DailyRun, FeeRule, Invoice, LateFee, Party
from services.portal.queries.agency import agency_of
from services.portal.queries.fees import (
    Late,
    charged_periods,
    fees_on,
    free_until,
    list_charging_rules,
    list_late,
    noted_on,
    rule_book,
    terms_of,
)
from services.portal.rules.fees import ON_DOCUMENT, PENDING, Computed, base_of, compute, concept_text, owed_periods
from services.portal.rules.money import ZERO
from shared import clock
from shared.db import new_id

log = structlog.get_logger(__name__)

LOOKED_AT, CHARGED = 2000, 50
"""How many invoices a transaction looks at, and how many of them it charges, at most."""


@dataclass(frozen=True)
class _Owing:
    """A late invoice that owes fees: its rule, and which periods with their days."""

    late: Late
    rule: FeeRule
    periods: Sequence[tuple[int, date]]


def fee_chunk(
    zone: str, *, looked_at: int = LOOKED_AT, charged: int = CHARGED
) -> Callable[[Session, DailyRun, date], Chunk]:
    """The task of the daily run: charge the fees of some late invoices after `run.cursor`.

    What was charged is known by invoice and period, so a run that is repeated, or that comes after days in which
    everything stood still, charges what is owed by then and nothing twice.
    """

    def charge(session: Session, run: DailyRun, today: date) -> Chunk:
        rules = list_charging_rules(session)
        if not rules:
            return Chunk(0, 0, None)
        some = _late_ones(session, rules, run.cursor, today, looked_at)
        owing = _owing(session, some, today, zone)
        taken = owing[:charged]
        done = _charge(session, taken, today, zone) if taken else 0
        if len(owing) > charged:
            last = taken[-1].late.id
            return Chunk([one.id for one in some].index(last) + 1, done, last)
        return Chunk(len(some), done, some[-1].id if len(some) == looked_at else None)

    return charge


def _late_ones(
    session: Session, rules: Sequence[FeeRule], after: uuid.UUID | None, today: date, limit: int
) -> list[Late]:
    due_before = today - timedelta(days=min(rule.grace_days for rule in rules))
    came_under = Invoice.issued_at >= min(rule.in_force_at for rule in rules)
    currency = Invoice.currency.in_({rule.currency for rule in rules})
    return list_late(session, [came_under, currency], due_before, after, limit)


def _owing(session: Session, some: Sequence[Late], today: date, zone: str) -> list[_Owing]:
    """Those of the invoices for which a fee is owed and not charged yet."""
    book = rule_book(session, {one.party_id for one in some})
    charged = charged_periods(session, [one.id for one in some])
    found = []
    for one in some:
        rule = book.rule_for(one.party_id, one.role, one.currency, one.issued_at)
        if rule is None:
            continue
        free = free_until(one.issued_at, one.fees_after, zone)
        if periods := owed_periods(terms_of(rule), one.due_on, free, charged.get(one.id, ()), today):
            found.append(_Owing(one, rule, periods))
    return found


def _charge(session: Session, owing: Sequence[_Owing], today: date, zone: str) -> int:
    """Charge them as they are now that nobody else moves their parties' money. Returns how many fees that makes."""
    parties = {one.id: one for one in lock_parties(session, [one.late.party_id for one in owing])}
    fresh = list_late(session, [Invoice.id.in_([one.late.id for one in owing])], today, None, len(owing))
    ids = [one.id for one in fresh]
    fees, notes, ceiling = fees_on(session, ids), noted_on(session, ids), agency_of(session).fee_ceiling
    lates = {one.id: one for one in session.scalars(select(Invoice).where(Invoice.id.in_(ids)))}
    done = 0
    with announced_together(session):
        for one in _owing(session, fresh, today, zone):
            late = one.late
            base = base_of(late.balance, late.total, notes.get(late.id, ZERO), fees.get(late.id, ZERO))
            made = compute(terms_of(one.rule), base, ceiling)
            if made.amount:
                done += _charge_one(session, one, made, lates[late.id], parties[late.party_id], today)
    return done


def _charge_one(session: Session, owing: _Owing, made: Computed, late: Invoice, party: Party, today: date) -> int:
    for done, (period, day) in enumerate(owing.periods):
        fee = LateFee(
            id=new_id(),
            invoice_id=late.id,
            party_id=party.id,
            rule_id=owing.rule.id,
            period=period,
            fee_day=day,
            assessed_on=today,
            currency=owing.rule.currency,
            base=made.base,
            computed=made.computed,
            ceiling=made.ceiling,
            amount=made.amount,
            waived=ZERO,
            state=PENDING,
            created_at=clock.now(),
        )
        try:
            document = _issue_document(session, fee, owing.rule, late, party)
        except SeriesExhausted:
            # Somebody has to add a series; until then everything else goes on, and tomorrow's run charges these.
            log.warning("late_fee_without_number", invoice=str(late.id), period=period)
            return done
        session.add(fee)
        if document:
            charge_on(session, [fee], document)
    return len(owing.periods)


def _issue_document(session: Session, fee: LateFee, rule: FeeRule, late: Invoice, party: Party) -> Invoice | None:
    """The document of a fee that does not wait for the next invoice."""
    if rule.charged_on != ON_DOCUMENT:
        return None
    return issue_invoice(
        session,
        NewInvoice(
            party_id=party.id,
            role=late.role,
            currency=fee.currency,
            lines=[fee_line(session, fee, party.language)],
            issued_on=fee.assessed_on,
            due_on=fee.assessed_on + timedelta(days=rule.pay_within_days),
            concept=concept_text(late.number or "", party.language),
            property_name=late.property_name,
            period=late.period,
            is_late_fee=True,
        ),
    )
