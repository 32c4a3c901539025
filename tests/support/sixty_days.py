"""A town of clients through many days: invoices, money, late fees, changed rules, power cuts; and what it leads to.

What must be told is computed by `plain_reminders`, what is told is read from the outbox; after each part of a day the
two are compared. Late fees are compared by `fee_town`. Everything random comes from one seed, except how the threads of
a run take turns.
"""

import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from sqlalchemy import delete, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.portal.actions.daily import FEES, REMINDERS, Chunk, Task, repeat_run
from services.portal.actions.fee_charging import fee_chunk
from services.portal.actions.letter_ends import LetterEnd, note_ends
from services.portal.actions.reminders import remind_chunk
from services.portal.jobs.daily import DailyRunner
from services.portal.models import DailyRun
from services.portal.queries.reminder_preview import plan_letters
from services.portal.rules.notices import SENT
from shared.db import Database
from shared.events import decode
from shared.events.portal import NoticeRaised, NoticeWithdrawn
from shared.outbox import outbox
from tests.support.plain_fees import FeeBook
from tests.support.plain_reminders import DAY, KINDS, Letter, PlainClient, PlainInvoice, Rules, amount_text, letters_of

ZONE = "America/Bogota"
MADE_UP = 3
"""Missed days that the next run makes up for."""
INVOICE_PAGE = "/customerarea/invoices/"


About = tuple[uuid.UUID, str, str]
"""Invoice, step and address: what is told once."""


class Died(BaseException):
    """The worker dies in the middle of a chunk, and begins anew; nothing can catch that."""


class PowerCut(BaseException):
    """The worker dies, and nothing begins anew today."""


@dataclass
class Told:
    """A letter that was raised, and whether it waits still."""

    letter: Letter
    waits: bool = True


@dataclass
class Expected:
    """What a part of a day must lead to."""

    letters: Counter[Letter] = field(default_factory=Counter)
    withdrawn: Counter[About] = field(default_factory=Counter)


class Town:
    """Clients, what they owe and what they were told: here in plain objects, and in the portal's database."""

    def __init__(self, url: str, seed: int, *, schedulers: int = 2, chunk: int = 40) -> None:
        self.db = Database(url.format(service="portal"))
        self.random = random.Random(seed)
        self.clients: list[PlainClient] = []
        self.invoices: dict[uuid.UUID, PlainInvoice] = {}
        self.rules: dict[str, Rules] = {}
        self.told: dict[uuid.UUID, dict[tuple[str, str], Told]] = {}
        self.expected = Expected()
        self.book = FeeBook()
        self.last_run: date | None = None
        self.tasks: dict[str, Task] = {
            FEES: fee_chunk(ZONE, looked_at=8 * chunk, charged=chunk),
            REMINDERS: remind_chunk(ZONE, chunk),
        }
        self.payments: dict[uuid.UUID, tuple[PlainInvoice, Decimal]] = {}
        self.deaths = 0
        self.cuts: set[str] = set()
        self.letters = self.withdrawn = 0
        self._about: dict[uuid.UUID, About] = {}
        self._notice_of: dict[About, uuid.UUID] = {}
        self._own_databases = [Database(self.db.url) for _ in range(schedulers)]

    def close(self) -> None:
        """Let the databases go."""
        for one in (self.db, *self._own_databases):
            one.dispose()

    def since(self, today: date) -> date:
        """The last day whose run counts, seen from today's."""
        yesterday = today - DAY
        return max(self.last_run or yesterday, yesterday - MADE_UP * DAY)

    # What must happen.

    def owes_more(self, invoice: PlainInvoice, more: Decimal) -> None:
        """Something was paid or credited (less), or proved not to be: what waits is taken back, or says another sum."""
        invoice.owed += more
        invoice.is_over = not invoice.owed
        for told in self.told.get(invoice.invoice_id, {}).values():
            if told.waits and not invoice.is_over:
                amount = amount_text(invoice.owed, told.letter.language)
                told.letter = told.letter._replace(amount=amount, is_new=False)
                self.expected.letters[told.letter] += 1
        if invoice.is_over:
            self.take_back(invoice)

    def take_back(self, invoice: PlainInvoice) -> None:
        """Nobody is to be reminded of it: what waits is withdrawn."""
        for (kind, key), told in self.told.get(invoice.invoice_id, {}).items():
            if told.waits:
                self.expected.withdrawn[invoice.invoice_id, kind, key] += 1
                told.waits = False

    def must_remind(self, since: date, today: date, invoices: Iterable[PlainInvoice] | None = None) -> None:
        """A run of today tells whoever was not told before, of all invoices or of these."""
        looked_at = self.invoices.values() if invoices is None else invoices
        for letter in letters_of(looked_at, self.rules, since, today):
            if (letter.kind, letter.address.lower()) not in self.told.get(letter.invoice_id, {}):
                self.expected.letters[letter] += 1

    def look_ahead(self, since: date, today: date) -> None:
        """The page that tells who would get what finds what must be."""
        with self.db.read() as session:
            planned = Counter(
                (one.reminder.invoice_id, one.reminder.step, one.reader.address, one.reminder.balance)
                for one in plan_letters(session, since, today, clients=50)
            )
        must = Counter(
            (one.invoice_id, one.kind, one.address, self.invoices[one.invoice_id].owed) for one in self.expected.letters
        )
        assert planned == must, _difference(planned, must)

    # What does happen.

    def run(self, today: date, *, cut: str = "") -> None:
        """The run of a day by several schedulers at once, of which some die. `cut`: the task in which all do."""
        chunks = {cut: iter(range(1))}
        threads = [
            threading.Thread(target=self._schedule, args=(db, random.Random(self.random.random()), chunks))
            for db in self._own_databases
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self.db.read() as session:
            found = session.scalars(select(DailyRun).where(DailyRun.day == today)).all()
        is_finished = len(found) == len(self.tasks) and all(one.finished_at for one in found)
        assert is_finished or cut
        if is_finished:
            self.last_run = today

    def repeat(self, today: date) -> None:
        """Somebody presses the button that does today's run again."""
        with self.db.write() as session:
            for task in self.tasks:
                assert repeat_run(session, task, today)

    def deliver(self, today: date) -> None:
        """The mailer sends some of what waits, and tells."""
        ends = []
        for (invoice_id, kind, key), notice_id in list(self._notice_of.items()):
            told = self.told[invoice_id][kind, key]
            if told.waits and self.random.random() < 0.6:
                told.waits = False
                ends.append(LetterEnd(notice_id, SENT, datetime.combine(today, time(23), UTC)))
            if not told.waits:
                del self._notice_of[invoice_id, kind, key]
        with self.db.write() as session:
            note_ends(session, ends)

    def compare(self, what: str, *, some: bool = False) -> None:
        """What happened since the last time is what must have; `some`: nothing else, but maybe not all of it."""
        letters: Counter[Letter] = Counter()
        withdrawn: Counter[About] = Counter()
        for event in self._read_outbox():
            if isinstance(event, NoticeWithdrawn):
                withdrawn[self._about[event.notice_id]] += 1
            else:
                letters[self._letter_of(event)] += 1
        wrong = letters - self.expected.letters if some else _difference(letters, self.expected.letters)
        assert not wrong, f"{what}: {wrong}"
        assert withdrawn == self.expected.withdrawn, f"{what}: {_difference(withdrawn, self.expected.withdrawn)}"
        for letter in letters:
            if letter.is_new:
                key = letter.kind, letter.address.lower()
                self.told.setdefault(letter.invoice_id, {})[key] = Told(letter)
        self.letters += letters.total()
        self.withdrawn += withdrawn.total()
        self.expected = Expected()

    def _letter_of(self, event: NoticeRaised) -> Letter:
        about = uuid.UUID(event.path.removeprefix(INVOICE_PAGE)[:36]), event.kind, event.reader.address.lower()
        assert event.instead_of == self._notice_of.get(about), "the words of another letter were replaced"
        self._notice_of[about], self._about[event.notice_id] = event.notice_id, about
        said = {value.name: value.value for value in event.values}
        invoice = self.invoices[about[0]]
        assert said["number"] == invoice.number
        end, is_new = event.expires_at, event.instead_of is None
        return Letter(*about[:2], event.reader.address, event.reader.language, said["amount"], end, is_new)

    def _read_outbox(self) -> Iterator[NoticeRaised | NoticeWithdrawn]:
        """What was published about reminders, in order; then it is gone, as if the relay had been there."""
        with self.db.write() as session:
            rows = session.execute(select(outbox.c.body).order_by(outbox.c.id)).all()
            session.execute(delete(outbox))
        for row in rows:
            event = decode(bytes(row.body)).event
            if isinstance(event, NoticeWithdrawn) or (isinstance(event, NoticeRaised) and event.kind in KINDS):
                yield event

    def _schedule(self, db: Database, chance: random.Random, chunks: dict[str, Iterator[int]]) -> None:
        """A worker that begins anew whenever it died. `chunks`: of which tasks only so many can be done."""
        tasks = {name: self._mortal(name, chance, chunks.get(name)) for name in self.tasks}
        runner = DailyRunner(db, tasks, ZONE)
        while True:
            try:
                if not runner.run():
                    return
            except PowerCut:
                return
            except (Died, DBAPIError):
                self.deaths += 1

    def _mortal(self, name: str, chance: random.Random, chunks: Iterator[int] | None) -> Task:
        def chunk(session: Session, run: DailyRun, today: date) -> Chunk:
            if chunks is not None and next(chunks, None) is None:
                self.cuts.add(name)
                raise PowerCut
            done = self.tasks[name](session, run, today)
            fate = chance.random()
            if fate < 0.05:
                raise Died
            if fate < 0.08 and not self.db.is_sqlite:
                session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return done

        return chunk


def _difference(one: Counter[Any], other: Counter[Any]) -> dict[str, list[Any]]:
    more, less = one - other, other - one
    return {"too much": list(more.items())[:5], "missing": list(less.items())[:5]} if more or less else {}


def at(day: date, hour: int) -> Any:
    """The time stands at an hour of a day in the zone of the town."""
    return time_machine.travel(datetime.combine(day, time(hour), ZoneInfo(ZONE)), tick=False)
