"""Who would be reminded of what on a day: found as the run of that day finds it, and nothing written."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import Notice, Party
from services.portal.queries.readers import NoticeReader, list_readers
from services.portal.queries.reminders import Reminder, list_party_ids, list_reminders, rules_for
from services.portal.rules.notices import PREFERENCE_OF
from services.portal.rules.reminders import STEPS

CLIENTS = 250


@dataclass(frozen=True)
class PlannedLetter:
    """A letter that the run would raise."""

    reminder: Reminder
    party: Party
    reader: NoticeReader


@dataclass
class Plan:
    """How many letters, and about how many invoices, by step; `complete`: all were counted."""

    letters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))
    invoices: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))
    complete: bool = True

    @property
    def total(self) -> int:
        """All letters."""
        return sum(self.letters.values())


def plan_letters(
    session: Session, since: date, day: date, *, after: uuid.UUID | None = None, clients: int = CLIENTS
) -> Iterator[PlannedLetter]:
    """The letters of the run of a day, in the order of the clients' ids, after the one of `after`.

    `since`: the day whose run comes before. What an address was told already is left out, as the run leaves it out.
    """
    rules = rules_for(session, since, day)
    while rules.due_days:
        party_ids = list_party_ids(session, rules.due_days, after, clients)
        found, _ = list_reminders(session, party_ids, rules, since, day)
        wanted = {reminder.party_id for reminder in found}
        parties = {party.id: party for party in session.scalars(select(Party).where(Party.id.in_(wanted)))}
        readers, known = list_readers(session, parties.values()), _told(session, found)
        for one in found:
            for reader in readers[one.party_id]:
                is_new = (one.invoice_id, one.step, reader.key) not in known
                if PREFERENCE_OF[one.step] in reader.wants and is_new:
                    yield PlannedLetter(one, parties[one.party_id], reader)
        if len(party_ids) < clients:
            return
        after = party_ids[-1]


def count_letters(session: Session, since: date, day: date, most: int) -> Plan:
    """How many letters the run of a day would raise; counting ends after so many."""
    plan, invoices = Plan(), {kind: set[uuid.UUID]() for kind in STEPS}
    for letter in plan_letters(session, since, day):
        if plan.total >= most:
            plan.complete = False
            break
        plan.letters[letter.reminder.step] += 1
        invoices[letter.reminder.step].add(letter.reminder.invoice_id)
    plan.invoices = {kind: len(found) for kind, found in invoices.items()}
    return plan


def _told(session: Session, found: Sequence[Reminder]) -> set[tuple[uuid.UUID, str, str]]:
    about = [one.invoice_id for one in found]
    wanted = select(Notice.about, Notice.kind, Notice.address_key).where(Notice.about.in_(about))
    return {(row.about, row.kind, row.address_key) for row in session.execute(wanted)}
