"""Late fees in tests: a day that it is, rules, and the daily run of that day."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from services.portal.actions.daily import FEES, work_on
from services.portal.actions.fee_charging import fee_chunk
from services.portal.actions.fees import NewRule, set_rule, switch_off
from services.portal.consumers import HANDLERS
from services.portal.models import FeeRule, Invoice, LateFee
from shared import clock
from shared.db import Database
from tests.support.billing import ZONE, issue
from tests.support.clientarea import party_event


class Months:
    """A portal's database in which time goes by as a test says. It is noon in Bogotá."""

    def __init__(self, db: Database, monkeypatch: pytest.MonkeyPatch, day: str = "2026-01-02") -> None:
        self.db = db
        self._now = datetime.combine(date.fromisoformat(day), time(17), UTC)
        monkeypatch.setattr(clock, "now", lambda: self._now)

    @property
    def today(self) -> date:
        """The day it is."""
        return clock.today(ZONE)

    def go_to(self, day: str) -> None:
        """Let time go by until a day."""
        self._now = datetime.combine(date.fromisoformat(day), time(17), UTC)

    def wait(self, **time_: int) -> None:
        """Let time go by."""
        self._now += timedelta(**time_)

    def party(self, number: int = 1, **more: Any) -> uuid.UUID:
        """A party that the portal has heard of."""
        event = party_event(number, **more)
        with self.db.write() as session:
            HANDLERS[type(event)](session, [event])
        return event.party_id

    def rule(self, **more: Any) -> FeeRule:
        """2 % of what tenants owe in pesos, once, unless it says otherwise; numbers may be texts."""
        values = {"currency": "COP", "kind": "percent", "value": "2"} | more
        if "party_id" not in values:
            values.setdefault("role", "tenant")
        for name in ("value", "minimum", "maximum"):
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        self.wait(seconds=1)  # what was issued before was issued before
        with self.db.write() as session:
            return set_rule(session, NewRule(**values))

    def off(self, role: str | None = "tenant", party_id: uuid.UUID | None = None) -> int:
        """Switch the rule of a scope off."""
        with self.db.write() as session:
            return switch_off(session, None if party_id else role, party_id, "COP")

    def bill(self, party_id: uuid.UUID, due: str, amount: str = "1000000", **more: Any) -> Invoice:
        """An invoice that is due on a day."""
        due_in = (date.fromisoformat(due) - self.today).days
        return issue(self.db, party_id, amount, due_in=due_in, **more)

    def run(self, again: bool = False, **sizes: int) -> int:
        """The fees of today, in as many transactions as it takes; returns how many that made."""
        task, before = fee_chunk(ZONE, **sizes), len(self.fees())
        while True:
            with self.db.write() as session:
                run = work_on(session, FEES, task, self.today)
                if again:
                    run.cursor, run.finished_at, again = None, None, False
            if run.finished_at:
                return len(self.fees()) - before

    def fees(self) -> Sequence[LateFee]:
        """All fees, the first one first."""
        with self.db.read() as session:
            return session.scalars(select(LateFee).order_by(LateFee.id)).all()

    def invoice(self, invoice_id: uuid.UUID | None) -> Invoice:
        """An invoice as it is now."""
        assert invoice_id
        with self.db.read() as session:
            return session.get_one(Invoice, invoice_id)
