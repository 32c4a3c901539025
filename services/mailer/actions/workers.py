"""Which processes send at the moment, and what becomes of letters in the hands of one that died."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.mailer.models import Letter, Worker
from services.mailer.rules.states import PENDING, SENDING, UNCERTAIN
from shared import clock

LEASE = timedelta(seconds=15)
DIED = "the sending process ended before the server's answer was recorded"


def beat(session: Session, worker: uuid.UUID, place: str, pid: int) -> None:
    """Say that this worker is alive for another LEASE."""
    now = clock.now()
    row = session.get(Worker, worker)
    if row is None:
        session.add(Worker(id=worker, place=place, pid=pid, started_at=now, alive_until=now + LEASE))
    else:
        row.alive_until = now + LEASE


def recover_letters(session: Session, me: uuid.UUID, place: str, is_running: Callable[[int], bool]) -> int:
    """Take letters from dead workers: what waited waits on, what was being sent is uncertain. Returns how many.

    A worker is dead when its lease ran out, or at once if it ran in the same place and its process is gone.
    """
    now = clock.now()
    dead = [
        row.id
        for row in session.scalars(select(Worker).where(Worker.id != me))
        if row.alive_until < now or (row.place == place and not is_running(row.pid))
    ]
    known = select(Worker.id).where(Worker.id.not_in(dead))
    orphaned = Letter.claimed_by.is_not(None) & (Letter.claimed_by != me) & Letter.claimed_by.not_in(known)
    # A letter that is uncertain keeps the mark of its worker: should that one still live, it may tell the truth yet.
    lost = update(Letter).where(orphaned, Letter.state == SENDING)
    lost = lost.values(state=UNCERTAIN, ciphertext=None, sealing_key=None, ended_at=now, outcome=DIED)
    back = update(Letter).where(orphaned, Letter.state == PENDING).values(claimed_by=None)
    count = 0
    for change in (lost, back):
        result = session.execute(change.execution_options(synchronize_session=False))
        count += int(getattr(result, "rowcount", 0))
    session.execute(delete(Worker).where(Worker.id.in_(dead)))
    return count
