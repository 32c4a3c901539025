"""Letters of the portal in tests: contacts that get them, what was raised, and what the mailer tells of it."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import event, select

from services.portal.actions.notices import News, tell
from services.portal.consumers import HANDLERS
from services.portal.models import Contact, Notice, Party
from services.portal.rules.contacts import NONE, address_key
from services.portal.rules.notices import PREFERENCES, REMINDER_DUE
from shared import clock
from shared.db import Database, new_id
from shared.events import decode
from shared.events.portal import NoticeRaised
from shared.outbox import outbox

T = TypeVar("T")
HOLDER = "persona1@example.com"
ANA = "ana.contadora@example.com"


def published(db: Database, kind: type[T]) -> list[T]:
    """The events of a class that wait in the outbox, in order."""
    with db.read() as session:
        bodies = session.scalars(select(outbox.c.body).order_by(outbox.c.id)).all()
    return [found for body in bodies if isinstance(found := decode(bytes(body)).event, kind)]


def hear(db: Database, *events: Any) -> None:
    """Let the portal hear these, one after the other."""
    for one in events:
        with db.write() as session:
            HANDLERS[type(one)](session, [one])


def letter(kind: type[Any], raised: NoticeRaised, after: int = 1, **values: Any) -> Any:
    """What the mailer tells of a letter, some seconds after it was raised."""
    values |= {"kind": raised.kind, "address": raised.reader.address, "notice_id": raised.notice_id}
    return kind(letter_id=new_id(), at=raised.at + timedelta(seconds=after), **values)


def contact(db: Database, party_id: uuid.UUID, address: str = ANA, **values: Any) -> uuid.UUID:
    """A contact that gets every letter and does not sign in."""
    given: dict[str, Any] = {"notices": list(PREFERENCES), "name": "Ana Contadora", "language": "es", "state": NONE}
    key, moment = address_key(address), clock.now()
    made = Contact(party_id=party_id, address=address, address_key=key, created_at=moment, **(given | values))
    with db.write() as session:
        session.add(made)
    return made.id


def news_about(party_id: uuid.UUID, kind: str = REMINDER_DUE) -> News:
    """Something new about a client."""
    return News(
        kind=kind,
        party_id=party_id,
        about=new_id(),
        path="/customerarea/invoices/1",
        label="FV-000001",
        values_in=lambda language: {"number": "FV-000001", "due": "hoy" if language == "es" else "today"},
        until=clock.now() + timedelta(days=1),
    )


def told(db: Database, news: News) -> list[str]:
    """Tell it; returns to which addresses letters go."""
    before = len(published(db, NoticeRaised))
    with db.write() as session:
        made = tell(session, session.get_one(Party, news.party_id), news)
    raised = published(db, NoticeRaised)[before:]
    assert made == len(raised)
    return sorted(one.reader.address for one in raised)


def states(db: Database) -> dict[str, str]:
    """Address → how its letter ended."""
    with db.read() as session:
        return {row.address: row.state for row in session.execute(select(Notice.address, Notice.state))}


@contextmanager
def counted(db: Database) -> Iterator[list[str]]:
    """The statements that are sent to the database during the block."""
    statements: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
