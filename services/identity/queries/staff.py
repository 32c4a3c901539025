"""Reads of the staff and their sessions."""

import hashlib
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.identity.models.staff import StaffMember, StaffSession
from services.identity.rules.staff import ADMINISTRATOR, normal_username
from shared.clock import now


@dataclass(frozen=True)
class SignedIn:
    """A member of the staff together with the session in which they are at work."""

    member: StaffMember
    session: StaffSession


def find_member(session: Session, staff_id: uuid.UUID) -> StaffMember | None:
    """A member of the staff, active or not."""
    return session.get(StaffMember, staff_id)


def find_member_by_username(session: Session, username: str) -> StaffMember | None:
    """A member of the staff by user name, however it is written."""
    return session.scalar(select(StaffMember).where(StaffMember.username == normal_username(username)))


def list_staff(session: Session) -> list[StaffMember]:
    """Everybody, those who may sign in first, by name."""
    return list(session.scalars(select(StaffMember).order_by(StaffMember.active.desc(), StaffMember.name)))


def count_active_administrators(session: Session) -> int:
    """How many administrators may sign in."""
    query = select(func.count()).where(StaffMember.role == ADMINISTRATOR, StaffMember.active)
    return session.scalar(query) or 0


def has_staff(session: Session) -> bool:
    """Whether there is any member of the staff at all."""
    return session.scalar(select(StaffMember.id).limit(1)) is not None


def find_signed_in(session: Session, token: str) -> SignedIn | None:
    """Who holds this session token: only while the session lasts and the person is active."""
    return _find(session, StaffSession.token_hash == hash_token(token))


def find_signed_in_by_session(session: Session, session_id: uuid.UUID) -> SignedIn | None:
    """Who is signed in with this session, if it still lasts and the person is active."""
    return _find(session, StaffSession.id == session_id)


def hash_token(token: str) -> bytes:
    """SHA-256 of a token; tokens have 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _find(session: Session, condition: object) -> SignedIn | None:
    query = (
        select(StaffMember, StaffSession)
        .join(StaffSession, StaffSession.staff_id == StaffMember.id)
        .where(condition, StaffMember.active, StaffSession.ended_at.is_(None), StaffSession.expires_at > now())  # type: ignore[arg-type]
    )
    row = session.execute(query).first()
    return SignedIn(*row) if row else None
