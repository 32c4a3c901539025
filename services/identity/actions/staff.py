"""Use cases of the staff: sign in and out, add, change, suspend. Links to choose a password are in `invitations`."""

import re
import secrets
import uuid
from dataclasses import dataclass

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.identity.models.staff import StaffInvitation, StaffMember, StaffSession
from services.identity.queries.staff import (
    SignedIn,
    count_administrators,
    find_member_by_username,
    find_signed_in,
    hash_token,
)
from services.identity.rules.hashing import cost_of, hash_generated, hash_typed, is_generated
from services.identity.rules.passwords import check_choice, generate_password, in_groups, normalise
from services.identity.rules.second_factor import PROOF_LASTS
from services.identity.rules.staff import ADMINISTRATOR, ROLES, SESSION_LASTS, is_username, normal_username
from shared.audit import record_act
from shared.clock import now
from shared.settings import LANGUAGES

LONGEST_USER_AGENT = 400
_ATOM = r"[^@\s<>(),;:\"\\\[\]]+"
EMAIL = re.compile(rf"{_ATOM}@{_ATOM}\.{_ATOM}")


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
class Opening:
    """How and where a session is opened. `awaits_code`: it is none yet, the code of the phone is still missing."""

    address: str = ""
    user_agent: str = ""
    awaits_code: bool = False
    second_factor: bool = False


PLAIN = Opening()


@dataclass(frozen=True, kw_only=True)
class MemberData:
    """What is said of a member of the staff. `language`: that of the pages and letters, "" for the browser's."""

    name: str
    role: str
    email: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class NewMember(MemberData):
    """What is said of a member of the staff who is added."""

    username: str


def add_member(session: Session, new: NewMember) -> tuple[StaffMember, str]:
    """Add a member of the staff; returns it and its first password, which is shown once and must be changed.

    Raises UnfitUsername, UnfitName, UnfitEmail, UnknownRole, UsernameTaken.
    """
    password = generate_password()
    member = create_member(session, new, hash_generated(password))
    member.must_change = True
    record_staff_act(session, "staff.invited", member, role=member.role, way="shown")
    return member, in_groups(password)


def create_member(session: Session, new: NewMember, password_hash: str) -> StaffMember:
    """A new row of the staff. Raises UnfitUsername, UnfitName, UnfitEmail, UnknownRole, UsernameTaken."""
    username = normal_username(new.username)
    if not is_username(username):
        raise UnfitUsername
    values = _fit(new)
    if find_member_by_username(session, username) is not None:
        raise UsernameTaken
    member = StaffMember(username=username, password_hash=password_hash, created_at=now(), **values)
    try:
        with session.begin_nested():
            session.add(member)
    except IntegrityError as error:
        raise UsernameTaken from error
    return member


def change_member(session: Session, staff_id: uuid.UUID, wanted: MemberData) -> StaffMember:
    """Write down what is now said of a member. A link that waits at an address that is not theirs any more ends.

    A role counts at once here, elsewhere when the back office renews (10 minutes). Raises NoSuchMember, UnfitName,
    UnfitEmail, UnknownRole, LastAdministrator.
    """
    values = _fit(wanted)
    _lock_administrators(session)
    member = lock_member(session, staff_id)
    before = {name: getattr(member, name) for name in values}
    changed = [name for name in values if values[name] != before[name]]
    if "role" in changed and values["role"] != ADMINISTRATOR:
        _keep_one_administrator(session, member)
    for name in changed:
        setattr(member, name, values[name])
    if "email" in changed:
        void_invitations(session, member.id)
    if changed:
        told = {name: f"{before[name] or '–'} → {values[name] or '–'}" for name in changed}
        record_staff_act(session, "staff.changed", member, **told)
    return member


def suspend_member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """Let a member in no more and end their sessions and links. Raises NoSuchMember, LastAdministrator."""
    _lock_administrators(session)
    member = lock_member(session, staff_id)
    if member.active:
        _keep_one_administrator(session, member)
        member.active = False
        record_staff_act(session, "staff.suspended", member)
    void_invitations(session, member.id)
    end_sessions(session, StaffSession.staff_id == member.id)
    return member


def readmit_member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """Let a suspended member in again. Raises NoSuchMember."""
    member = lock_member(session, staff_id)
    if not member.active:
        member.active = True
        record_staff_act(session, "staff.readmitted", member)
    return member


def reset_password(session: Session, staff_id: uuid.UUID) -> tuple[StaffMember, str]:
    """Give a member a new first password, shown once; ends their sessions and links. Raises NoSuchMember."""
    member = lock_member(session, staff_id)
    password = generate_password()
    set_password(session, member, hash_generated(password), must_change=True)
    record_staff_act(session, "staff.reset", member, way="shown")
    return member, in_groups(password)


def set_password(session: Session, member: StaffMember, hashed: str, *, must_change: bool) -> None:
    """From now on this password is the one; every session and link of the member ends."""
    member.password_hash, member.must_change, member.invited = hashed, must_change, False
    void_invitations(session, member.id)
    end_sessions(session, StaffSession.staff_id == member.id)


def prepare_password(member: StaffMember, password: str, cost: int) -> str:
    """The hash of a password that a member chose; slow, so outside of any transaction. Raises rules' REFUSALS."""
    chosen = check_choice(password, {"user": member.username, "name": member.name, "email": member.email or ""})
    return hash_typed(chosen, cost)


def change_password(session: Session, signed_in: SignedIn, hashed: str) -> None:
    """Give a member the password they chose and end their other sessions.

    The present password was checked against `signed_in.member.password_hash`; raises WrongPassword if it changed since.
    """
    same = (StaffMember.id == signed_in.member.id, StaffMember.password_hash == signed_in.member.password_hash)
    changed = session.execute(update(StaffMember).where(*same).values(password_hash=hashed, must_change=False))
    if not isinstance(changed, CursorResult) or changed.rowcount != 1:
        raise WrongPassword
    void_invitations(session, signed_in.member.id)
    end_sessions(session, StaffSession.staff_id == signed_in.member.id, StaffSession.id != signed_in.session.id)
    record_staff_act(session, "staff.password_changed", signed_in.member)


def renew_hash(member: StaffMember, password: str, cost: int) -> str | None:
    """A new hash of the password that was just right, if the present one costs less than the setting says now."""
    if is_generated(member.password_hash) or cost_of(member.password_hash) >= cost:
        return None
    return hash_typed(normalise(password), cost)


def start_session(
    session: Session, member: StaffMember, renewed_hash: str | None = None, opening: Opening = PLAIN
) -> str | None:
    """Sign in a member whose password was just checked: the token for the cookie, which is not kept in clear.

    None if the member was suspended or got another password since the check.
    """
    fresh = session.get(StaffMember, member.id, with_for_update=True, populate_existing=True)
    if fresh is None or not fresh.active or fresh.password_hash != member.password_hash:
        return None
    token, moment = secrets.token_urlsafe(32), now()
    if not opening.awaits_code:
        fresh.last_sign_in_at = moment
    if renewed_hash:
        fresh.password_hash = renewed_hash
    session.add(
        StaffSession(
            token_hash=hash_token(token),
            staff_id=fresh.id,
            started_at=moment,
            expires_at=moment + (PROOF_LASTS if opening.awaits_code else SESSION_LASTS),
            last_seen_at=moment,
            awaits_code=opening.awaits_code,
            second_factor=opening.second_factor,
            address=opening.address[:45],
            user_agent=opening.user_agent[:LONGEST_USER_AGENT],
        )
    )
    return token


def end_session(session: Session, token: str) -> None:
    """Sign out."""
    signed_in = find_signed_in(session, token)
    if signed_in is not None:
        signed_in.session.ended_at = now()


def lock_member(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """A member whom nobody else changes until the transaction ends. Raises NoSuchMember."""
    member = session.get(StaffMember, staff_id, with_for_update=True, populate_existing=True)
    if member is None:
        raise NoSuchMember
    return member


def void_invitations(session: Session, staff_id: uuid.UUID) -> None:
    """No link of a member works any more."""
    open_ones = (StaffInvitation.used_at.is_(None), StaffInvitation.voided_at.is_(None))
    session.execute(
        update(StaffInvitation).where(StaffInvitation.staff_id == staff_id, *open_ones).values(voided_at=now())
    )


def record_staff_act(session: Session, act: str, member: StaffMember, **details: str) -> None:
    """Record what was done with a member of the staff."""
    record_act(
        session, "identity", act, subject="staff", subject_id=member.id, details={"user": member.username, **details}
    )


def _fit(said: MemberData) -> dict[str, str | None]:
    name, email = " ".join(said.name.split()), said.email.strip()
    if not 1 <= len(name) <= 120 or not name.isprintable():
        raise UnfitName
    if email and (len(email) > 254 or not email.isprintable() or not EMAIL.fullmatch(email)):
        raise UnfitEmail
    if said.role not in ROLES:
        raise UnknownRole
    language = said.language if said.language in LANGUAGES else ""
    return {"name": name, "email": email or None, "role": said.role, "language": language}


def _lock_administrators(session: Session) -> None:
    # Locked together, so that two administrators who suspend each other at the same moment do not both succeed; and
    # before any single row and in one order, so that they do not wait for each other either.
    administrators = select(StaffMember.id).where(StaffMember.role == ADMINISTRATOR, StaffMember.active)
    session.execute(administrators.order_by(StaffMember.id).with_for_update())


def _keep_one_administrator(session: Session, member: StaffMember) -> None:
    counts = member.active and not member.invited and member.role == ADMINISTRATOR
    if counts and count_administrators(session) <= 1:
        raise LastAdministrator


def end_sessions(session: Session, *conditions: object) -> None:
    """End those sessions that still last and fulfil all conditions."""
    ended = update(StaffSession).where(*conditions, StaffSession.ended_at.is_(None)).values(ended_at=now())  # type: ignore[arg-type]
    session.execute(ended)
