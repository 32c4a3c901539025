"""Hands letters that are due to the sending threads: claims them, keeps to the limits, and stops while paused."""

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.actions.queue import forget_trouble, note_trouble
from services.mailer.actions.sending import (
    ClaimedLetter,
    begin_sending,
    claim_letters,
    has_due_letters,
    record_outcomes,
    release_letters,
)
from services.mailer.queries import queue_of, window_of_queue
from services.mailer.rules.options import MailOptions
from services.mailer.rules.pacing import Pace
from services.mailer.rules.states import Outcome, trouble_delay
from services.mailer.rules.window import URGENT_KINDS
from shared import clock
from shared.db import Database, new_id
from shared.wake import wake

CLAIM = 200
ENOUGH = 100
"""While so many are in hand, no more are claimed."""
GROUP = 5
DATABASE_PAUSE = 0.3
GIVE_UP_AFTER = 10.0
"""Seconds for which a stopping worker still tries to record what came of letters while the database is away."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Policy:
    """How the queue runs at this moment: what an agent chose, else the settings."""

    paused: bool
    only_urgent: bool
    """The send window is closed."""
    delay: float
    per_second: float
    per_domain: float
    has_due: bool


class Dispatcher:
    """What the threads of one sending process share."""

    def __init__(self, db: Database, options: MailOptions, worker: UUID, stop: threading.Event) -> None:
        self._db, self._options, self._worker, self.stop = db, options, worker, stop
        self._ready: queue.Queue[ClaimedLetter] = queue.Queue(options.mail_connections * GROUP * 2)
        self._pace: Pace[ClaimedLetter] = Pace(0, 0, time.monotonic())
        self._lock = threading.Lock()
        self._failures = 0
        self._trouble_until = 0.0

    # The dispatching job

    def dispatch(self) -> bool:
        """One chunk: claim, and pass on what the limits allow. True while there is more to do at once."""
        policy = self._policy()
        limits = (policy.per_second, policy.per_domain)
        if limits != self._pace.limits:
            held = self._pace.drain()
            self._pace = Pace(*limits, time.monotonic())
            self._pace.hold(held)
        if policy.paused:
            self._give_back()
            return False
        if policy.only_urgent:
            self.release(self._pace.drop(lambda letter: letter.kind not in URGENT_KINDS))
        if self.trouble_left():
            return False
        in_hand = self._pace.within_reach() + self._ready.qsize()
        claimed = self._claim(policy) if policy.has_due and in_hand < ENOUGH else []
        self._pace.hold(claimed)
        wait = self._feed()
        if wait:
            self.stop.wait(min(wait, 0.25))
        if self._failures and not claimed and not len(self._pace) and self._ready.empty():
            self.note_success()  # nobody is left who could find out: the next letter will
        return bool(claimed or wait)

    def _policy(self) -> Policy:
        with self._db.read() as session:
            row = queue_of(session)
            delay = self._options.mail_delay if row.delay is None else row.delay
            window = window_of_queue(row, self._options.timezone)
            only_urgent = window is not None and not window.is_open(clock.now())
            return Policy(
                row.paused,
                only_urgent,
                delay,
                self._options.mail_per_second if row.per_second is None else row.per_second,
                self._options.mail_per_domain if row.per_domain is None else row.per_domain,
                not row.paused and has_due_letters(session, delay, only_urgent=only_urgent),
            )

    def _claim(self, policy: Policy) -> list[ClaimedLetter]:
        with self._db.write() as session:
            crowded = self._pace.crowded()
            return claim_letters(session, self._worker, CLAIM, policy.delay, crowded, only_urgent=policy.only_urgent)

    def _feed(self) -> float:
        """Pass letters on; returns the seconds until the limits allow the next one, 0 if nothing is held."""
        while not self.stop.is_set():
            letter, wait = self._pace.next(time.monotonic())
            if letter is None:
                return wait
            while not self.stop.is_set():
                try:
                    self._ready.put(letter, timeout=0.2)
                    break
                except queue.Full:
                    if self.trouble_left():
                        self._pace.hold([letter])
                        return 0.0
        return 0.0

    def _give_back(self) -> None:
        held = self._pace.drain()
        while True:
            try:
                held.append(self._ready.get_nowait())
            except queue.Empty:
                break
        self.release(held)

    def give_all_back(self) -> None:
        """The worker stops: what it claimed and has not begun goes to whoever sends next, at once.

        What a sending thread has in its hands too: it finds it is no longer ours when it wants to begin.
        """
        with self._db.write() as session:
            release_letters(session, self._worker)
            wake(session, LETTERS_TOPIC)

    # What the sending threads call

    def take(self, most: int, timeout: float) -> list[ClaimedLetter]:
        """Up to `most` letters; waits up to `timeout` seconds for the first."""
        letters: list[ClaimedLetter] = []
        try:
            letters.append(self._ready.get(timeout=timeout) if timeout else self._ready.get_nowait())
            while len(letters) < most:
                letters.append(self._ready.get_nowait())
        except queue.Empty:
            pass
        return letters

    def exchange(self, outcomes: Sequence[Outcome], letters: Sequence[ClaimedLetter]) -> list[ClaimedLetter]:
        """Record what came of some letters and mark the next ones as being sent, in one transaction.

        Returns those that may be sent. While the database is away it is tried again: what the mail server said must
        not be lost.
        """
        if not outcomes and not letters:
            return []
        mark, ids, began = new_id(), [letter.id for letter in letters], time.monotonic()
        while True:
            try:
                with self._db.write() as session:
                    record_outcomes(session, self._worker, outcomes, self._options.mail_retry_delays)
                    begun = begin_sending(session, self._worker, ids, mark)
                return [letter for letter in letters if letter.id in begun]
            except DBAPIError as error:
                log.warning("outcomes_not_recorded_yet", error=type(error).__name__, letters=len(outcomes))
                if self.stop.is_set() and time.monotonic() - began > GIVE_UP_AFTER:
                    return []
                time.sleep(DATABASE_PAUSE)

    def release(self, letters: Sequence[ClaimedLetter]) -> None:
        """Give back letters that were not begun."""
        if not letters:
            return
        with self._db.write() as session:
            release_letters(session, self._worker, [letter.id for letter in letters])

    def trouble_left(self) -> float:
        """Seconds until the mail server is tried again; 0 if there is no trouble."""
        return max(self._trouble_until - time.monotonic(), 0.0)

    def note_failure(self, reason: str) -> None:
        """The mail server is away or refuses us: everybody waits, longer each time."""
        with self._lock:
            if self.trouble_left():
                return  # several threads fail at the same time: that is one failure
            self._failures += 1
            delay = trouble_delay(self._failures)
            self._trouble_until = time.monotonic() + delay
        log.warning("mail_server_trouble", reason=reason, again_in=delay)
        with self._db.write() as session:
            note_trouble(session, reason, clock.now() + timedelta(seconds=delay))

    def note_success(self) -> None:
        """The mail server answered to a letter."""
        if not self._failures:
            return
        with self._lock:
            self._failures, self._trouble_until = 0, 0.0
        log.info("mail_server_back")
        with self._db.write() as session:
            forget_trouble(session)
