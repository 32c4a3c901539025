"""Letters that the receiving server accepted and that came back.

A message that says so may be forged. One that names our Message-ID is believed: its random part is known only to those
who got the letter. One that names only an address is a guess; from the open mailbox nothing follows from it until an
agent agrees, from somebody who was let in (REST, back office) it counts and is marked as a guess.
"""

import hashlib
import uuid

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.mailer.actions.suppressing import suppress_bounced
from services.mailer.actions.telling import TOLD, about
from services.mailer.models import Letter, ReturnedMessage
from services.mailer.queries.returned import find_message, find_returned_letter
from services.mailer.rules.returned import Kind, Returned, Unreadable, Verdict, parse_returned
from services.mailer.rules.states import BOUNCED, SENDING, SENT, UNCERTAIN, readable_answer
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.events.mailer import LetterBounced
from shared.outbox import publish

FROM_MAILBOX = "mailbox"
CAN_BOUNCE = (SENT, UNCERTAIN)
"""A letter that may have arrived or not has arrived somewhere if it comes back."""


class StillSending(Exception):
    """The letter came back before it is known that it went: ask again in a moment."""


def mark_bounced(session: Session, letter_id: uuid.UUID, answer: str, by: str) -> bool:
    """Record that a letter came back, what came with it and who said so ("" = a returned message).

    Nothing more is sent to its address. Returns False if it is not a letter that was sent.
    """
    moment, told = clock.now(), readable_answer(answer)
    change = (
        update(Letter)
        .where(Letter.id == letter_id, Letter.state.in_(CAN_BOUNCE))
        .values(state=BOUNCED, ended_at=moment, ended_by=by[:200] or None, outcome=told)
        .returning(*(getattr(Letter, name) for name in TOLD))
        .execution_options(synchronize_session=False)
    )
    row = session.execute(change).one_or_none()
    if row is None:
        return False
    publish(session, LetterBounced(**about(row, moment), answer=told))
    suppress_bounced(session, row.address, letter_id, by, told)
    details = {"address": row.address, "answer": told}
    record_act(
        session,
        "mailer",
        "letter.bounced",
        party_id=row.party_id,
        subject="letter",
        subject_id=letter_id,
        details=details,
    )
    return True


def take_returned(
    session: Session, content: bytes, source: str, by: str = "", *, mark: str | None = None
) -> ReturnedMessage:
    """Look at a returned message, do what follows from it, and remember it; the same message again changes nothing.

    `mark` is what the mailbox calls it. Raises StillSending.
    """
    digest = hashlib.sha256(content).hexdigest()
    if (known := find_message(session, digest)) is not None:
        known.mark = mark or known.mark
        return known
    row = ReturnedMessage(id=new_id(), digest=digest, source=source, received_at=clock.now(), mark=mark)
    row.verdict, row.guessed = Verdict.UNREADABLE, False
    row.recipient = row.status = row.answer = row.subject = ""
    try:
        returned = parse_returned(content)
    except Unreadable as error:
        row.answer = str(error)
    else:
        row.subject, row.status, row.answer = returned.subject, returned.status, returned.answer
        row.recipient = returned.recipients[0] if returned.recipients else ""
        row.verdict = Verdict.NO_BOUNCE
        if returned.kind is not Kind.NONE:
            _match(session, row, returned, by)
    session.add(row)
    session.flush()
    return row


def remember_unread(session: Session, mark: str, reason: str) -> None:
    """Note that a message of the mailbox is not looked at, so that it is not fetched again and again."""
    digest = hashlib.sha256(mark.encode()).hexdigest()
    if find_message(session, digest) is None:
        row = ReturnedMessage(id=new_id(), digest=digest, source=FROM_MAILBOX, received_at=clock.now(), mark=mark)
        row.verdict, row.answer = Verdict.UNREADABLE, reason
        session.add(row)


def accept_guess(session: Session, returned_id: uuid.UUID, by: str) -> bool:
    """An agent agrees that a returned message is about the letter that was guessed; False if it is too late."""
    row = session.get(ReturnedMessage, returned_id, with_for_update=True)
    if row is None or row.verdict != Verdict.GUESS or row.letter_id is None:
        return False
    marked = mark_bounced(session, row.letter_id, row.answer, by)
    row.verdict = Verdict.BOUNCED if marked else Verdict.NOTED
    return marked


def dismiss_guess(session: Session, returned_id: uuid.UUID) -> bool:
    """An agent says that the letter did not come back; False if it is too late."""
    row = session.get(ReturnedMessage, returned_id, with_for_update=True)
    if row is None or row.verdict != Verdict.GUESS:
        return False
    row.verdict = Verdict.NOTED
    return True


def _match(session: Session, row: ReturnedMessage, returned: Returned, by: str) -> None:
    letter, row.guessed = find_returned_letter(session, returned)
    if letter is None:
        row.verdict = Verdict.UNMATCHED
        return
    if letter.state == SENDING:
        raise StillSending
    row.letter_id = letter.id
    if returned.kind is Kind.TEMPORARY:
        row.verdict = Verdict.DELAYED
    elif letter.state not in CAN_BOUNCE:
        row.verdict = Verdict.NOTED
    elif row.guessed and row.source == FROM_MAILBOX:
        row.verdict = Verdict.GUESS
    else:
        mark_bounced(session, letter.id, returned.answer, by)
        row.verdict = Verdict.BOUNCED
