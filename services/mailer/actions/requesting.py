"""Letters in the words of whoever asks for them: another system, or somebody of the staff who tries a template."""

import uuid
from datetime import datetime

from sqlalchemy import null, update
from sqlalchemy.orm import Session

from services.mailer.actions.intake import Addressee, Order, take_letters
from services.mailer.models import Letter
from services.mailer.rules.requests import WORTH_SENDING, RequestedLetter
from services.mailer.rules.states import GENERAL, NOTICES, TEST
from shared import clock
from shared.audit import record_act


def request_order(wanted: RequestedLetter, by: str, delay: float | None = None) -> Order:
    """The order for a requested letter. `by`: the source of the event, or the id of the other system."""
    return Order(
        kind=GENERAL,
        recipient=Addressee(
            name=wanted.name, address=wanted.address, language=wanted.language, party_id=wanted.party_id
        ),
        expires_at=clock.now() + WORTH_SENDING,
        subject=wanted.subject,
        text=wanted.text,
        requested_by=by[:300],
        delay=delay,
    )


def request_letter(session: Session, wanted: RequestedLetter, by: str, delay: float | None = None) -> uuid.UUID:
    """Put a letter that another system asked for over REST in the queue; returns its id."""
    (letter_id,) = take_letters(session, [request_order(wanted, by, delay)])
    record_act(
        session,
        "mailer",
        "letters.requested",
        subject="letter",
        subject_id=letter_id,
        count=1,
        party_id=wanted.party_id,
    )
    return letter_id


def forget_words(session: Session, before: datetime) -> None:
    """Remove the words of requested letters, tests and notices that ended before a moment."""
    has_words = Letter.text.is_not(None) | Letter.told.is_not(None)
    ended = (Letter.kind.in_((GENERAL, TEST, *NOTICES)), Letter.ended_at < before, has_words)
    forget = update(Letter).where(*ended).values(text=None, html=None, told=null())
    session.execute(forget.execution_options(synchronize_session=False))
