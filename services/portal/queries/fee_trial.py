"""What a rule for late fees would have charged on what is late now: looked at before it is switched on."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import FeeRule, Invoice, Party
from services.portal.queries.fees import Late, fees_on, list_late, noted_on
from services.portal.rules.fees import Terms, base_of, compute, owed_periods
from services.portal.rules.money import ZERO

MOST, FIRST_ROWS, CHUNK = 20_000, 10, 2_000


@dataclass(frozen=True)
class TrialRow:
    """What an invoice would have cost by now: so many fees, and all of them together."""

    invoice_id: uuid.UUID
    number: str
    name: str
    due_on: date
    base: Decimal
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Trial:
    """What a rule would have charged. `looked_at`: how many late invoices; `complete`: there are no more of them."""

    invoices: int
    fees: int
    total: Decimal
    smallest: Decimal
    largest: Decimal
    rows: Sequence[TrialRow]
    looked_at: int
    complete: bool


def try_rule(
    session: Session,
    terms: Terms,
    currency: str,
    *,
    role: str | None,
    party_id: uuid.UUID | None,
    ceiling: Decimal | None,
    today: date,
    most: int = MOST,
) -> Trial:
    """Compute, and write nothing: the fees until today of open invoices, as if the rule had been there all the time.

    For a class without the clients that have a rule of their own. At most `most` invoices are looked at, the oldest.
    """
    own = select(FeeRule.party_id).where(FeeRule.party_id.is_not(None), FeeRule.currency == currency)
    in_force = own.where(FeeRule.replaced_at.is_(None), FeeRule.switched_off_at.is_(None))
    of_class = [Invoice.role == role, Invoice.party_id.not_in(in_force)]
    conditions = [Invoice.currency == currency, *([Invoice.party_id == party_id] if party_id else of_class)]
    due_before = today - timedelta(days=terms.grace_days)
    late = list_late(session, conditions, due_before, None, most + 1)
    found: list[tuple[Late, int, Decimal, Decimal]] = []
    for start in range(0, min(len(late), most), CHUNK):
        some = late[:most][start : start + CHUNK]
        ids = [one.id for one in some]
        fees, notes = fees_on(session, ids), noted_on(session, ids)
        for one in some:
            base = base_of(one.balance, one.total, notes.get(one.id, ZERO), fees.get(one.id, ZERO))
            amount = compute(terms, base, ceiling).amount
            count = len(owed_periods(terms, one.due_on, one.fees_after, (), today)) if amount else 0
            if count:
                found.append((one, count, amount, base))
    amounts = [amount for _, _, amount, _ in found]
    return Trial(
        invoices=len(found),
        fees=sum(count for _, count, _, _ in found),
        total=sum((count * amount for _, count, amount, _ in found), ZERO),
        smallest=min(amounts, default=ZERO),
        largest=max(amounts, default=ZERO),
        rows=_rows(session, found[:FIRST_ROWS]),
        looked_at=min(len(late), most),
        complete=len(late) <= most,
    )


def _rows(session: Session, found: Sequence[tuple[Late, int, Decimal, Decimal]]) -> list[TrialRow]:
    wanted = select(Invoice.id, Invoice.number, Party.name).join(Party, Party.id == Invoice.party_id)
    rows = session.execute(wanted.where(Invoice.id.in_([one.id for one, *_ in found])))
    known = {row[0]: (row[1] or "", row[2]) for row in rows}
    return [
        TrialRow(one.id, *known[one.id], one.due_on, base, count, count * amount) for one, count, amount, base in found
    ]
