"""Reads of returned messages, and which letter one is about."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.mailer.models import Letter, ReturnedMessage, Suppression
from services.mailer.queries import has_word
from services.mailer.rules.addresses import address_key, searchable
from services.mailer.rules.returned import Returned, Verdict
from services.mailer.rules.states import BOUNCED, SENDING, SENT, UNCERTAIN
from shared import clock
from shared.web.paging import Page, paginate

RECENT = timedelta(days=14)
WERE_SENT = (SENT, UNCERTAIN, SENDING, BOUNCED)


def find_returned_letter(session: Session, returned: Returned) -> tuple[Letter | None, bool]:
    """The letter that came back, and whether that is a guess by the recipient's address among the recent ones."""
    for message_id in returned.message_ids:
        # Our Message-IDs begin with the letter's id, of which nobody outside knows the random part.
        try:
            letter = session.get(Letter, uuid.UUID(message_id.partition("@")[0]))
        except ValueError:
            continue
        if letter is not None and letter.message_id == message_id:
            return letter, False
    for recipient in returned.recipients:
        if (letter := _recent_to(session, recipient)) is not None:
            return letter, True
    return None, False


def _recent_to(session: Session, address: str) -> Letter | None:
    since, key = clock.now() - RECENT, address_key(address)
    recent = (Letter.state.in_(WERE_SENT), func.coalesce(Letter.ended_at, Letter.sending_at) >= since)
    found = select(Letter).where(has_word(session, [searchable(address)]), *recent).order_by(Letter.id.desc()).limit(50)
    return next((letter for letter in session.scalars(found) if address_key(letter.address) == key), None)


def find_message(session: Session, digest: str) -> ReturnedMessage | None:
    """A message that was looked at before."""
    return session.scalar(select(ReturnedMessage).where(ReturnedMessage.digest == digest))


def find_returned(session: Session, returned_id: uuid.UUID) -> ReturnedMessage | None:
    """A returned message by its id."""
    return session.get(ReturnedMessage, returned_id)


def known_marks(session: Session, marks: Sequence[str]) -> dict[str, str]:
    """Messages of the mailbox that were looked at before, with what was made of them."""
    found: dict[str, str] = {}
    for start in range(0, len(marks), 500):
        some = select(ReturnedMessage.mark, ReturnedMessage.verdict)
        some = some.where(ReturnedMessage.mark.in_(marks[start : start + 500]))
        found.update({mark: verdict for mark, verdict in session.execute(some) if mark})
    return found


def list_returned(
    session: Session, *, verdict: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[ReturnedMessage]:
    """One page of returned messages, the newest first; raises BadCursor."""
    statement = select(ReturnedMessage)
    if verdict:
        statement = statement.where(ReturnedMessage.verdict == verdict)
    return paginate(session, statement, [(ReturnedMessage.id, True)], cursor=cursor, limit=limit)


def list_returned_of(session: Session, letter_id: uuid.UUID) -> list[ReturnedMessage]:
    """What came back about a letter, the oldest first."""
    about = select(ReturnedMessage).where(ReturnedMessage.letter_id == letter_id)
    return list(session.scalars(about.order_by(ReturnedMessage.id).limit(20)))


def count_guesses(session: Session) -> int:
    """How many returned messages wait for somebody's decision."""
    guesses = select(ReturnedMessage.id).where(ReturnedMessage.verdict == Verdict.GUESS).limit(1000).subquery()
    return session.scalar(select(func.count()).select_from(guesses)) or 0


def list_suppressions(
    session: Session, *, text: str | None = None, reason: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Suppression]:
    """One page of the suppression list, the newest first; `text` is part of an address. Raises BadCursor."""
    statement = select(Suppression)
    if reason:
        statement = statement.where(Suppression.reason == reason)
    if text and (wanted := searchable(text)):
        statement = statement.where(Suppression.address.contains(wanted, autoescape=True))
    return paginate(session, statement, [(Suppression.id, True)], cursor=cursor, limit=limit)


def find_suppression(session: Session, address: str) -> Suppression | None:
    """An address of the suppression list, however it is spelled."""
    return session.scalar(select(Suppression).where(Suppression.address == address_key(address)))


def count_suppressions(session: Session, reason: str) -> int:
    """How many addresses are on the list for a reason, up to a thousand."""
    some = select(Suppression.id).where(Suppression.reason == reason).limit(1000).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
