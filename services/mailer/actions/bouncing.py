"""A letter that the receiving server accepted came back."""

import uuid

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.mailer.models import Letter
from services.mailer.rules.states import BOUNCED, SENT, readable_answer
from shared import clock
from shared.events.mailer import LetterBounced
from shared.outbox import publish


def mark_bounced(session: Session, letter_id: uuid.UUID, answer: str, by: str) -> bool:
    """Record that a sent letter came back, what came with it and who said so; False if it is not a sent one."""
    moment, told = clock.now(), readable_answer(answer)
    change = (
        update(Letter)
        .where(Letter.id == letter_id, Letter.state == SENT)
        .values(state=BOUNCED, ended_at=moment, ended_by=by[:200], outcome=told)
        .returning(Letter.kind, Letter.address, Letter.party_id, Letter.credential_id, Letter.batch_id)
        .execution_options(synchronize_session=False)
    )
    row = session.execute(change).one_or_none()
    if row is None:
        return False
    bounced = LetterBounced(
        letter_id=letter_id,
        kind=row.kind,
        address=row.address,
        at=moment,
        party_id=row.party_id,
        credential_id=row.credential_id,
        batch_id=row.batch_id,
        answer=told,
    )
    publish(session, bounced)
    return True
