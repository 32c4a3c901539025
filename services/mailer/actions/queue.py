"""The queue as a whole: paused or not, its delay and limits, and whether the mail server can be reached."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.mailer.actions.intake import LETTERS_TOPIC
from services.mailer.models import Queue
from shared import clock
from shared.wake import wake

QUEUE = 1


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
    session.execute(change.values(paused=True, paused_by=by[:200], paused_at=clock.now()))


def resume_queue(session: Session) -> None:
    """Go on sending."""
    session.execute(update(Queue).where(Queue.paused).values(paused=False, paused_by=None, paused_at=None))
    wake(session, LETTERS_TOPIC)


def change_pace(
    session: Session, by: str, *, delay: float | None, per_second: float | None, per_domain: float | None
) -> None:
    """Set the delay (seconds) and the limits (letters per second, 0 = none); None is what the settings say."""
    ensure_queue(session)
    values = {"delay": delay, "per_second": per_second, "per_domain": per_domain}
    session.execute(update(Queue).values(**values, changed_by=by[:200], changed_at=clock.now()))
    wake(session, LETTERS_TOPIC)


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
