"""Use cases of the staff: sign in and out, add, change, suspend."""

import re
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import CursorResult, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.models.staff import StaffMember, StaffSession
from services.identity.queries.staff import (
    SignedIn,
    count_active_administrators,
    find_member,
    find_member_by_username,
    find_signed_in,
    has_staff,
    hash_token,
)
from services.identity.rules.hashing import cost_of, hash_generated, hash_typed, is_generated
from services.identity.rules.passwords import check_choice, generate_password, in_groups, is_hashable, normalise
from services.identity.rules.staff import ADMINISTRATOR, ROLES, SESSION_LASTS, is_username, normal_username
from shared.clock import now
from shared.settings import LANGUAGES

FIRST_USERNAME = "admin"
FIRST_NAMES = {"es": "Administrador", "en": "Administrator"}
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class UsernameTaken(Exception):
    """Another member of the staff has this user name."""


class UnfitUsername(Exception):
    """A user name is 2 to 64 small letters, digits, dots, dashes, underscores or @."""


class UnfitName(Exception):
    """A name is 1 to 120 characters."""


class UnfitEmail(Exception):
    """Not an e-mail address."""


class UnknownRole(Exception):
    """A role is administrator, agent or auditor."""


class NoSuchMember(Exception):
    """Nobody of the staff has this id."""


class LastAdministrator(Exception):
    """Nobody would be left who can let people in."""


class WrongPassword(Exception):
    """The present password is not the one that was given, or it changed meanwhile."""


class SamePassword(Exception):
    """The new password is the present one."""


@dataclass(frozen=True, kw_only=True)
class NewMember:
    """What is said of a member of the staff who is added."""

    username: str
    name: str
    role: str
    email: str = ""
    language: str = ""


def create_first_administrator(
    session: Session, password: str | None, cost: int, language: str = "es"
) -> tuple[StaffMember | None, str | None]:
    """Create `admin` if there is no staff at all, with this password or a random one.

    Returns the member (None if there was staff already) and the password if it was made here. Safe against two
    processes that start at once. Raises ValueError for a password that cannot be kept whole.
    """
    if has_staff(session):
        return None, None
    generated = None
    if password:
        if not is_hashable(normalise(password)):
            raise ValueError("PORTERIA_ADMIN_PASSWORD is longer than 72 bytes or holds control characters")
        hashed = hash_typed(normalise(password), cost)
    else:
        generated = generate_password()
        hashed = hash_generated(generated)
    member = StaffMember(
        username=FIRST_USERNAME, name=FIRST_NAMES[language], role=ADMINISTRATOR, password_hash=hashed, created_at=now()
    )
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError:
        return None, None
    return member, in_groups(generated) if generated else None


def add_member(session: Session, new: NewMember) -> tuple[StaffMember, str]:
    """Add a member of the staff; returns it and its first password, which is shown once and must be changed.

    Raises UnfitUsername, UnfitName, UnfitEmail, UnknownRole, UsernameTaken.
    """
    username, name, email = normal_username(new.username), " ".join(new.name.split()), new.email.strip()
    if not is_username(username):
        raise UnfitUsername
    if not 1 <= len(name) <= 120:
        raise UnfitName
    if email and (len(email) > 254 or not EMAIL.fullmatch(email)):
        raise UnfitEmail
    _check_role(new.role)
    if find_member_by_username(session, username) is not None:
        raise UsernameTaken
    password = generate_password()
    member = StaffMember(
        username=username,
        name=name,
        email=email or None,
        role=new.role,
        language=new.language if new.language in LANGUAGES else "",
        password_hash=hash_generated(password),
        must_change=True,
        created_at=now(),
    )
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError as error:
        raise UsernameTaken from error
    return member, in_groups(password)


def change_role(session: Session, staff_id: uuid.UUID, role: str) -> StaffMember:
    """Give a member another role. It counts at once here, elsewhere when the back office renews (10 minutes).

    Raises NoSuchMember, UnknownRole, LastAdministrator.
    """
    _check_role(role)
    member = _member(session, staff_id)
    if member.role != role:
        if role != ADMINISTRATOR:
            _keep_one_administrator(session, member)
        member.role = role
    return member


def suspend_member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """Let a member in no more and end their sessions. Raises NoSuchMember, LastAdministrator."""
    member = _member(session, staff_id)
    if member.active:
        _keep_one_administrator(session, member)
        member.active = False
    _end_sessions(session, StaffSession.staff_id == member.id)
    return member


def readmit_member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """Let a suspended member in again. Raises NoSuchMember."""
    member = _member(session, staff_id)
    member.active = True
    return member


def reset_password(session: Session, staff_id: uuid.UUID) -> tuple[StaffMember, str]:
    """Give a member who forgot it a new first password, shown once; ends their sessions. Raises NoSuchMember."""
    member = _member(session, staff_id)
    password = generate_password()
    member.password_hash, member.must_change = hash_generated(password), True
    _end_sessions(session, StaffSession.staff_id == member.id)
    return member, in_groups(password)


def prepare_password(member: StaffMember, password: str, cost: int) -> str:
    """The hash of a password that a member chose; slow, so outside of any transaction. Raises rules' REFUSALS."""
    chosen = check_choice(password, [member.username, member.name, member.email or ""])
    return hash_typed(chosen, cost)


def change_password(session: Session, signed_in: SignedIn, hashed: str) -> None:
    """Give a member the password they chose and end their other sessions.

    The present password was checked against `signed_in.member.password_hash`; raises WrongPassword if it changed since.
    """
    same = (StaffMember.id == signed_in.member.id, StaffMember.password_hash == signed_in.member.password_hash)
    changed = session.execute(update(StaffMember).where(*same).values(password_hash=hashed, must_change=False))
    if not isinstance(changed, CursorResult) or changed.rowcount != 1:
        raise WrongPassword
    _end_sessions(session, StaffSession.staff_id == signed_in.member.id, StaffSession.id != signed_in.session.id)


def renew_hash(member: StaffMember, password: str, cost: int) -> str | None:
    """A new hash of the password that was just right, if the present one costs less than the setting says now."""
    if is_generated(member.password_hash) or cost_of(member.password_hash) >= cost:
        return None
    return hash_typed(normalise(password), cost)


def start_session(session: Session, member: StaffMember, renewed_hash: str | None = None) -> str | None:
    """Sign in a member whose password was just checked: the token for the cookie, which is not kept in clear.

    None if the member was suspended or got another password since the check.
    """
    fresh = session.get(StaffMember, member.id, with_for_update=True, populate_existing=True)
    if fresh is None or not fresh.active or fresh.password_hash != member.password_hash:
        return None
    token, moment = secrets.token_urlsafe(32), now()
    fresh.last_sign_in_at = moment
    if renewed_hash:
        fresh.password_hash = renewed_hash
    session.add(
        StaffSession(
            token_hash=hash_token(token), staff_id=fresh.id, started_at=moment, expires_at=moment + SESSION_LASTS
        )
    )
    return token


def end_session(session: Session, token: str) -> None:
    """Sign out."""
    signed_in = find_signed_in(session, token)
    if signed_in is not None:
        signed_in.session.ended_at = now()


def _member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    member = find_member(session, staff_id)
    if member is None:
        raise NoSuchMember
    return member


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UnknownRole


def _keep_one_administrator(session: Session, member: StaffMember) -> None:
    # Locked together, so that two administrators who suspend each other at the same moment do not both succeed.
    session.execute(
        update(StaffMember).where(StaffMember.role == ADMINISTRATOR, StaffMember.active).values(active=True)
    )
    if member.active and member.role == ADMINISTRATOR and count_active_administrators(session) <= 1:
        raise LastAdministrator


def _end_sessions(session: Session, *conditions: object) -> None:
    ended = update(StaffSession).where(*conditions, StaffSession.ended_at.is_(None)).values(ended_at=now())  # type: ignore[arg-type]
    session.execute(ended)
