"""The staff looks at the client area as a client does. Nothing of the client is touched, and it is recorded."""

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from services.portal.actions.sessions import hash_token
from services.portal.models import Viewing
from shared import clock
from shared.audit import record_act
from shared.db import new_id

LASTS = timedelta(minutes=30)
LONGEST_REASON = 300


def start_viewing(session: Session, party_id: uuid.UUID, staff_id: str, staff_name: str, reason: str) -> str:
    """Begin; returns the token for the browser's cookie, which is kept nowhere else."""
    token, moment = secrets.token_urlsafe(32), clock.now()
    session.add(
        Viewing(
            id=new_id(),
            token_hash=hash_token(token),
            party_id=party_id,
            staff_id=staff_id,
            staff_name=staff_name[:200],
            reason=reason,
            started_at=moment,
            expires_at=moment + LASTS,
        )
    )
    record_act(
        session,
        "portal",
        "client.viewed",
        party_id=party_id,
        subject="party",
        subject_id=party_id,
        details={"reason": reason},
    )
    return token


def end_viewing(session: Session, token: str) -> None:
    """The end, if it has not come before."""
    open_one = (Viewing.token_hash == hash_token(token), Viewing.ended_at.is_(None))
    session.execute(update(Viewing).where(*open_one).values(ended_at=clock.now()))


def delete_old_viewings(session: Session, before: datetime) -> None:
    """Delete those that began before a moment; the audit trail keeps who looked, and why."""
    session.execute(delete(Viewing).where(Viewing.started_at < before))
