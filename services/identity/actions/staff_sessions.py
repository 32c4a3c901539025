"""The staff's open sessions: the code that completes one, and ending them."""

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.identity.actions.staff import Opening, start_session
from services.identity.models.staff import StaffMember, StaffSession
from services.identity.queries.staff import SignedIn
from shared.audit import record_act
from shared.clock import now

SEEN_EVERY = timedelta(minutes=1)


def complete_session(session: Session, half: SignedIn, opening: Opening) -> str | None:
    """The code was right: the token of the session proper. None if the half one ended or was completed meanwhile."""
    waiting = (StaffSession.id == half.session.id, StaffSession.awaits_code, StaffSession.ended_at.is_(None))
    if not _count(session.execute(update(StaffSession).where(*waiting).values(ended_at=now()))):
        return None
    return start_session(session, half.member, opening=opening)


def note_seen(session: Session, session_id: uuid.UUID) -> None:
    """The session is in use; the caller asks at most once in SEEN_EVERY."""
    session.execute(update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=now()))


def end_session_of(session: Session, member: StaffMember, session_id: uuid.UUID) -> int:
    """End one session of a member; returns how many that were."""
    return _end(session, member, StaffSession.id == session_id)


def end_all_sessions(session: Session, member: StaffMember, *, but: uuid.UUID | None = None) -> int:
    """End the sessions of a member, except perhaps one; returns how many."""
    return _end(session, member, *([StaffSession.id != but] if but else []))


def mark_proven(session: Session, person: SignedIn) -> None:
    """A second factor was set up in this session: it counts as opened with a code, the member's other ones end."""
    mine = StaffSession.id == person.session.id
    session.execute(update(StaffSession).where(mine).values(second_factor=True))
    _end(session, person.member, ~mine)


def _end(session: Session, member: StaffMember, *conditions: Any) -> int:
    open_ones = (StaffSession.ended_at.is_(None), StaffSession.expires_at > now())
    ending = update(StaffSession).where(StaffSession.staff_id == member.id, *open_ones, *conditions)
    ended = _count(session.execute(ending.values(ended_at=now())))
    if ended:
        details = {"user": member.username}
        record_act(
            session, "identity", "sessions.ended", subject="staff", subject_id=member.id, count=ended, details=details
        )
    return ended


def _count(result: Any) -> int:
    return int(result.rowcount)
