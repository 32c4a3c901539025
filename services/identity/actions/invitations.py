"""Links on which the staff choose their password: the first one, or one in the place of a forgotten one.

Of a token only its digest is kept, and each member has at most one link that works.
"""

import uuid
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.identity.actions.issuing import digest_of, make_token
from services.identity.actions.staff import (
    NewMember,
    NoSuchMember,
    UnfitEmail,
    create_member,
    lock_member,
    record_staff_act,
    set_password,
    void_invitations,
)
from services.identity.models.staff import StaffInvitation, StaffMember
from services.identity.queries.staff import find_invitation, find_member, list_members_by_login
from services.identity.rules.hashing import hash_generated
from services.identity.rules.passwords import generate_password
from services.identity.rules.staff import INVITATION, LINK_LASTS, RESET
from shared import clock
from shared.audit import Actor, become, current_actor
from shared.db import new_id
from shared.events.identity import StaffInvited
from shared.outbox import publish
from shared.sealing import SealContext, Sealer


class InvitationGone(Exception):
    """The link was used, replaced or withdrawn, has expired, or never existed."""


class NoAddress(Exception):
    """The member has no e-mail address to which a link could go."""


class NotInvited(Exception):
    """The member has a password already, or is suspended: there is no invitation to send or withdraw."""


def invite_member(session: Session, new: NewMember, sealer: Sealer, language: str) -> StaffMember:
    """Add somebody who will choose the first password on a link that goes out by letter.

    `language`: that of the letter if none is said of the member. Raises UnfitUsername, UnfitName, UnfitEmail,
    UnknownRole, UsernameTaken.
    """
    if not new.email.strip():
        raise UnfitEmail
    member = create_member(session, new, hash_generated(generate_password()))  # which nobody is ever told
    member.invited = True
    _send_link(session, member, INVITATION, sealer, language)
    record_staff_act(session, "staff.invited", member, role=member.role, way="letter", address=member.email or "")
    return member


def invite_again(session: Session, staff_id: uuid.UUID, sealer: Sealer, language: str) -> StaffMember:
    """Send a new link to somebody who did not come yet; the former one works no more.

    Raises NoSuchMember, NotInvited, NoAddress.
    """
    member = _invited(session, staff_id)
    _send_link(session, member, INVITATION, sealer, language)
    record_staff_act(session, "staff.invited", member, role=member.role, way="letter", address=member.email or "")
    return member


def withdraw_invitation(session: Session, staff_id: uuid.UUID) -> StaffMember:
    """Take an invitation back: the link ends, and the member, who never signed in, is removed.

    Raises NoSuchMember, NotInvited.
    """
    member = _invited(session, staff_id)
    record_staff_act(session, "staff.changed", member, invitation="withdrawn")
    session.delete(member)
    session.flush()
    return member


def send_reset(session: Session, staff_id: uuid.UUID, sealer: Sealer, language: str) -> StaffMember:
    """Send a member a link for a new password; the present one works until the link is used.

    Raises NoSuchMember, NoAddress; NotInvited for somebody suspended or without a first password.
    """
    member = lock_member(session, staff_id)
    if not member.active or member.invited:
        raise NotInvited
    _send_link(session, member, RESET, sealer, language)
    record_staff_act(session, "staff.reset", member, way="letter", address=member.email or "")
    return member


def request_reset(session: Session, login: str, sealer: Sealer, lasts: timedelta, language: str) -> None:
    """Send a link for a new password to whoever of the staff this is; else do nothing, and tell nobody which."""
    for found in list_members_by_login(session, login):
        member = lock_member(session, found.id)
        if not member.active or not member.email:
            continue
        _send_link(session, member, RESET, sealer, language, lasts)
        record_staff_act(session, "staff.reset", member, way="forgotten")


def find_open_invitation(session: Session, token: str) -> tuple[StaffInvitation, StaffMember]:
    """The link of a token while it may be used, and whose it is. Raises InvitationGone."""
    link = find_invitation(session, digest_of(token))
    if link is None or link.used_at or link.voided_at or link.expires_at <= clock.now():
        raise InvitationGone
    member = find_member(session, link.staff_id)
    if member is None or not member.active:
        raise InvitationGone
    return link, member


def accept_invitation(session: Session, token: str, hashed: str) -> StaffMember:
    """Use a link up: its password is the member's from now on, and the sessions they had end. Raises InvitationGone.

    Uses, sending again and suspending wait for each other at the member's row; the conditional update decides between
    two uses at once.
    """
    link, _ = find_open_invitation(session, token)
    try:
        member = lock_member(session, link.staff_id)
    except NoSuchMember:  # withdrawn at this very moment
        raise InvitationGone from None
    moment = clock.now()
    unused = (StaffInvitation.used_at.is_(None), StaffInvitation.voided_at.is_(None))
    mark = update(StaffInvitation).where(StaffInvitation.id == link.id, *unused, StaffInvitation.expires_at > moment)
    used = session.execute(mark.values(used_at=moment))
    if not getattr(used, "rowcount", 0) or not member.active:
        raise InvitationGone
    set_password(session, member, hashed, must_change=False)
    become(Actor("staff", str(member.id), member.name, current_actor().address))
    record_staff_act(session, "staff.password_changed", member, way=link.purpose)
    return member


def _invited(session: Session, staff_id: uuid.UUID) -> StaffMember:
    member = lock_member(session, staff_id)
    if not member.invited or not member.active:
        raise NotInvited
    return member


def _send_link(
    session: Session,
    member: StaffMember,
    purpose: str,
    sealer: Sealer,
    language: str,
    lasts: timedelta | None = None,
) -> None:
    if not member.email:
        raise NoAddress
    void_invitations(session, member.id)
    moment, token = clock.now(), make_token()
    link = StaffInvitation(
        id=new_id(),
        staff_id=member.id,
        purpose=purpose,
        token_sha256=digest_of(token),
        address=member.email,
        created_at=moment,
        expires_at=moment + (lasts or LINK_LASTS[purpose]),
    )
    session.add(link)
    told = StaffInvited(
        invitation_id=link.id,
        staff_id=member.id,
        purpose=purpose,
        username=member.username,
        name=member.name,
        address=member.email,
        language=member.language or language,
        expires_at=link.expires_at,
        secret=sealer.seal(token, SealContext(str(link.id), member.email)),
    )
    publish(session, told)
