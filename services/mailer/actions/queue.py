"""The queue as a whole: paused or not, its delay and limits, and whether the mail server can be reached."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.models import Queue
from shared import clock
from shared.audit import record_act
from shared.wake import wake

QUEUE = 1
CHANGEABLE = ("delay", "per_second", "per_domain", "window_from", "window_until", "window_days")


def ensure_queue(session: Session, message_domain: str | None = None) -> None:
    """Make the queue's one row if it is not there, and keep the domain of Message-IDs up to date."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = {"id": QUEUE, "paused": False, "message_domain": message_domain or "porteria.localhost"}
    session.execute(dialect.insert(Queue).values(row).on_conflict_do_nothing())
    if message_domain:
        session.execute(
            update(Queue).where(Queue.message_domain != message_domain).values(message_domain=message_domain)
        )


def pause_queue(session: Session, by: str) -> None:
    """Stop sending at once: what is being sent this moment ends, nothing else begins."""
    ensure_queue(session)
    change = update(Queue).where(~Queue.paused)
    change = change.values(paused=True, paused_by=by[:200], paused_at=clock.now())
    if session.scalar(change.returning(Queue.id)):
        record_act(session, "mailer", "queue.paused", subject="queue")


def resume_queue(session: Session) -> None:
    """Go on sending."""
    change = update(Queue).where(Queue.paused).values(paused=False, paused_by=None, paused_at=None)
    if session.scalar(change.returning(Queue.id)):
        record_act(session, "mailer", "queue.resumed", subject="queue")
    wake(session, LETTERS_TOPIC)


def change_pace(session: Session, by: str, **chosen: Any) -> None:
    """Change how the queue runs: any of CHANGEABLE. None is what the settings say; no window is always.

    `delay` is in seconds, the limits in letters per second (0 = none), the window in minutes of the day.
    """
    ensure_queue(session)
    row = session.get_one(Queue, QUEUE, populate_existing=True)
    changes = {name: (before, after) for name, after in chosen.items() if (before := getattr(row, name)) != after}
    if unknown := set(chosen) - set(CHANGEABLE):
        raise ValueError(f"not to be changed: {', '.join(sorted(unknown))}")
    if changes:
        details = {name: f"{_shown(before)} → {_shown(after)}" for name, (before, after) in changes.items()}
        record_act(session, "mailer", "queue.changed", subject="queue", details=details)
    session.execute(update(Queue).values(**chosen, changed_by=by[:200], changed_at=clock.now()))
    wake(session, LETTERS_TOPIC)


def _shown(value: object) -> str:
    return "—" if value is None else str(value)


def note_trouble(session: Session, reason: str, until: datetime) -> None:
    """The mail server is away or refuses us: people have to see why nothing leaves, and until when."""
    row = session.get(Queue, QUEUE)
    if row is not None:
        row.trouble, row.trouble_until = reason, until
        row.trouble_since = row.trouble_since or clock.now()


def forget_trouble(session: Session) -> None:
    """The mail server takes letters again."""
    session.execute(
        update(Queue)
        .where(Queue.trouble.is_not(None))
        .values(trouble=None, trouble_since=None, trouble_until=None)
        .execution_options(synchronize_session=False)
    )


def note_mailbox(session: Session, trouble: str | None) -> None:
    """The mailbox of returned letters was read to its end, or could not be and why."""
    row = session.get(Queue, QUEUE)
    if row is None:
        return
    if trouble is None:
        row.mailbox_read_at, row.mailbox_trouble, row.mailbox_trouble_since = clock.now(), None, None
    else:
        row.mailbox_trouble = trouble
        row.mailbox_trouble_since = row.mailbox_trouble_since or clock.now()


def forget_mailbox(session: Session) -> None:
    """No mailbox is set any more: what was the matter with the last one concerns nobody."""
    session.execute(update(Queue).values(mailbox_read_at=None, mailbox_trouble=None, mailbox_trouble_since=None))
