"""Reads of the staff and their sessions."""

import hashlib
import uuid
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.identity.models.second_factor import SecondFactor
from services.identity.models.staff import StaffInvitation, StaffMember, StaffSession
from services.identity.rules.logins import email_key
from services.identity.rules.second_factor import STAFF
from services.identity.rules.staff import ADMINISTRATOR, normal_username
from shared.clock import now


@dataclass(frozen=True)
class SignedIn:
    """A member of the staff together with the session in which they are at work."""

    member: StaffMember
    session: StaffSession
    has_second_factor: bool = False


def find_member(session: Session, staff_id: uuid.UUID) -> StaffMember | None:
    """A member of the staff, active or not."""
    return session.get(StaffMember, staff_id)


def find_member_by_username(session: Session, username: str) -> StaffMember | None:
    """A member of the staff by user name, however it is written."""
    return session.scalar(select(StaffMember).where(StaffMember.username == normal_username(username)))


def list_staff(session: Session) -> list[StaffMember]:
    """Everybody, those who may sign in first, by name."""
    return list(session.scalars(select(StaffMember).order_by(StaffMember.active.desc(), StaffMember.name)))


def count_administrators(session: Session) -> int:
    """How many administrators can sign in; who was only invited cannot yet."""
    can = (StaffMember.active, StaffMember.invited.is_(False))
    return session.scalar(select(func.count()).where(StaffMember.role == ADMINISTRATOR, *can)) or 0


def list_members_by_login(session: Session, login: str) -> list[StaffMember]:
    """Who may ask for a new password by this user name or e-mail address: active members who have an address."""
    can = (StaffMember.active, StaffMember.invited.is_(False), StaffMember.email.is_not(None))
    key = email_key(login)
    # The staff are few; accents in addresses are compared as everywhere, which SQLite's lower() cannot.
    return [
        member
        for member in session.scalars(select(StaffMember).where(*can).order_by(StaffMember.id))
        if member.username == normal_username(login) or email_key(member.email or "") == key
    ]


def find_invitation(session: Session, token_sha256: bytes) -> StaffInvitation | None:
    """The link with this digest, whatever became of it."""
    return session.scalar(select(StaffInvitation).where(StaffInvitation.token_sha256 == token_sha256))


def list_open_invitations(session: Session) -> dict[uuid.UUID, StaffInvitation]:
    """The link of each member that was neither used nor voided, expired or not."""
    unused = (StaffInvitation.used_at.is_(None), StaffInvitation.voided_at.is_(None))
    found = session.scalars(select(StaffInvitation).where(*unused).order_by(StaffInvitation.created_at))
    return {link.staff_id: link for link in found}


def has_staff(session: Session) -> bool:
    """Whether there is any member of the staff at all."""
    return session.scalar(select(StaffMember.id).limit(1)) is not None


def find_signed_in(session: Session, token: str) -> SignedIn | None:
    """Who holds this session token: only while the session lasts and the person is active."""
    return _find(session, StaffSession.token_hash == hash_token(token))


def find_signed_in_by_session(session: Session, session_id: uuid.UUID) -> SignedIn | None:
    """Who is signed in with this session, if it still lasts and the person is active."""
    return _find(session, StaffSession.id == session_id)


def find_half_signed_in(session: Session, token: str) -> SignedIn | None:
    """Whose password was right with this token, while the code is still missing."""
    return _find(session, StaffSession.token_hash == hash_token(token), awaits_code=True)


def list_open_sessions(session: Session, staff_id: uuid.UUID) -> list[StaffSession]:
    """In which browsers a member is signed in, the latest first."""
    open_ones = (StaffSession.ended_at.is_(None), StaffSession.awaits_code.is_(False), StaffSession.expires_at > now())
    found = select(StaffSession).where(StaffSession.staff_id == staff_id, *open_ones)
    return list(session.scalars(found.order_by(StaffSession.started_at.desc(), StaffSession.id.desc())))


def hash_token(token: str) -> bytes:
    """SHA-256 of a token; tokens have 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _find(session: Session, condition: ColumnElement[bool], *, awaits_code: bool = False) -> SignedIn | None:
    factor = (SecondFactor.owner_kind == STAFF) & (SecondFactor.owner_id == StaffMember.id)
    query = (
        select(StaffMember, StaffSession, SecondFactor.enabled_at.is_not(None))
        .join(StaffSession, StaffSession.staff_id == StaffMember.id)
        .outerjoin(SecondFactor, factor)
        .where(condition, StaffMember.active, StaffSession.ended_at.is_(None), StaffSession.expires_at > now())
        .where(StaffSession.awaits_code.is_(awaits_code))
    )
    row = session.execute(query).first()
    return SignedIn(row[0], row[1], bool(row[2])) if row else None
