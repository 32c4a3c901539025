"""Inviting people to a client's area: the single-use link, the code that proves whose mailbox it is, and accepting."""

import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.portal.actions.notices import raise_direct_notice
from services.portal.actions.parties import lock_parties
from services.portal.actions.sessions import hash_token
from services.portal.models import Contact, Invitation, Party, Person
from services.portal.queries.invitations import Invited, find_invited, find_invited_by_id
from services.portal.rules.contacts import ACTIVE, INVITATION_LASTS, INVITED, NONE
from services.portal.rules.invitations import (
    CODE_LASTS,
    CODE_PAUSE,
    EXPIRED,
    MOST_CODES,
    REPLACED,
    REVOKED,
    UNKNOWN,
    USED,
    code_works,
    why_gone,
)
from services.portal.rules.moments import moment_text
from shared import clock
from shared.audit import record_act
from shared.db import insert_into, new_id
from shared.events.portal import NoticeSecret, NoticeWithdrawn, Reader, SubAccountAccepted, SubAccountInvited
from shared.outbox import publish

PAGE = "/customerarea/invitation"


class InvitationGone(Exception):
    """A link opens nothing. `reason`: used, expired, replaced, revoked or unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CodeTooSoon(Exception):
    """A code was sent a moment ago. `seconds`: until another one may be."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too soon")
        self.seconds = seconds


class NoMoreCodes(Exception):
    """As many codes were sent for this invitation as may be."""


class CodeOver(Exception):
    """No code works now: its time is over, there were too many wrong ones, or none was sent."""


class AlreadyIn(Exception):
    """The area is the person's own: nobody is invited to that."""


@dataclass(frozen=True)
class Accepting:
    """Who accepts, as identity calls them. `is_guest`: no party of the directory."""

    subject_id: uuid.UUID
    is_guest: bool


def invite(
    session: Session, contact: Contact, party: Party, token: str, secret: NoticeSecret, timezone: str
) -> Invitation:
    """Send a contact a link with which they accept; former ones end. The caller holds the party.

    `secret` is the token, sealed for the mailer. Whoever was the person behind the contact has to accept anew.
    """
    end_invitations(session, [contact.id], REPLACED)
    moment = clock.now()
    expires_at = moment + INVITATION_LASTS
    contact.state, contact.person_id = INVITED, None
    values = {"client": party.name, "until": moment_text(expires_at, contact.language, timezone)}
    notice_id = raise_direct_notice(
        session,
        "sub_account_invitation",
        _reader(contact),
        f"{PAGE}?token=",
        values,
        secret=secret,
        worth=INVITATION_LASTS,
    )
    invitation = Invitation(
        id=new_id(),
        contact_id=contact.id,
        token_hash=hash_token(token),
        notice_id=notice_id,
        created_at=moment,
        expires_at=expires_at,
    )
    session.add(invitation)
    session.flush()
    publish(session, SubAccountInvited(**_told(contact), rights=list(contact.rights)))
    _record(session, "sub_account.invited", contact)
    return invitation


def revoke_invitation(session: Session, contact: Contact) -> bool:
    """The link of a contact works no longer, if there was one. The caller holds the party."""
    ended = end_invitations(session, [contact.id], REVOKED)
    if contact.state == INVITED:
        contact.state = NONE
    if ended:
        _record(session, "invitation.revoked", contact)
    return bool(ended)


def find_acceptable(session: Session, token: str) -> Invited:
    """What the link with this token invites to. Looking uses nothing up. Raises InvitationGone."""
    return _acceptable(find_invited(session, hash_token(token)))


def note_code(
    session: Session, invitation_id: uuid.UUID, code_hash: bytes, secret: NoticeSecret, timezone: str
) -> None:
    """Send a fresh code to the invited address; former ones work no longer.

    `secret` is the code, sealed for the mailer. Raises InvitationGone, CodeTooSoon, NoMoreCodes.
    """
    found = _locked(session, invitation_id)
    invitation, contact, moment = found.invitation, found.contact, clock.now()
    if invitation.code_sent_at and (wait := invitation.code_sent_at + CODE_PAUSE - moment).total_seconds() > 0:
        raise CodeTooSoon(int(wait.total_seconds()) + 1)
    if invitation.codes_sent >= MOST_CODES:
        raise NoMoreCodes
    invitation.code_hash, invitation.code_sent_at, invitation.code_tries = code_hash, moment, 0
    invitation.codes_sent += 1
    until = moment_text(moment + CODE_LASTS, contact.language, timezone)
    values = {"client": found.party.name, "until": until}
    raise_direct_notice(session, "invitation_code", _reader(contact), PAGE, values, secret=secret, worth=CODE_LASTS)


def check_code(session: Session, invitation_id: uuid.UUID, code_hash: bytes) -> bool:
    """Whether this is the code that was sent; a wrong one counts. Raises InvitationGone, CodeOver."""
    invitation = _locked(session, invitation_id).invitation
    if not code_works(invitation.code_sent_at, invitation.code_tries, clock.now()):
        raise CodeOver
    if hmac.compare_digest(invitation.code_hash or b"", code_hash):
        return True
    invitation.code_tries += 1
    return False


def accept_invitation(session: Session, invitation_id: uuid.UUID, who: Accepting) -> Contact:
    """Let the invited person in. Of two that do it at once one does, and the other one gets InvitationGone.

    Raises InvitationGone, AlreadyIn.
    """
    found = _locked(session, invitation_id, also=[who.subject_id])
    contact, moment = found.contact, clock.now()
    if who.subject_id == contact.party_id:
        raise AlreadyIn
    used = update(Invitation).where(Invitation.id == invitation_id, Invitation.ended_at.is_(None))
    done: Any = session.execute(used.values(ended_at=moment, end_reason=USED, code_hash=None))
    if not done.rowcount:
        raise InvitationGone(USED)
    _keep_person(session, contact, who)
    contact.state, contact.person_id, contact.accepted_at = ACTIVE, who.subject_id, moment
    session.flush()
    note_accepted(session, contact, who.subject_id)
    return contact


def note_accepted(session: Session, contact: Contact, person_id: uuid.UUID) -> None:
    """Tell that somebody whom the client invited is in."""
    publish(session, SubAccountAccepted(**_told(contact), person_id=person_id))
    _record(session, "sub_account.accepted", contact)


def end_expired_invitations(session: Session) -> int:
    """Mark as over what was not accepted in time; returns how many."""
    late = update(Invitation).where(Invitation.ended_at.is_(None), Invitation.expires_at <= clock.now())
    done: Any = session.execute(late.values(_ending(EXPIRED)).execution_options(synchronize_session=False))
    return int(done.rowcount)


def _acceptable(found: Invited | None) -> Invited:
    if found is None:
        raise InvitationGone(UNKNOWN)
    one = found.invitation
    if reason := why_gone(one.ended_at, one.end_reason, one.expires_at, clock.now()):
        raise InvitationGone(reason)
    if found.contact.state != INVITED or not found.party.active:
        raise InvitationGone(REVOKED)
    return found


def _locked(session: Session, invitation_id: uuid.UUID, also: Sequence[uuid.UUID] = ()) -> Invited:
    """The invitation as it is once nobody else can change anything about the client. Raises InvitationGone."""
    known = find_invited_by_id(session, invitation_id)
    if known is None:
        raise InvitationGone(UNKNOWN)
    lock_parties(session, [known.party.id, *also])
    session.refresh(known.invitation)
    session.refresh(known.contact)
    return _acceptable(known)


def _keep_person(session: Session, contact: Contact, who: Accepting) -> None:
    """Who they are is known from the first client who lets them in, or from the directory."""
    party = None if who.is_guest else session.get(Party, who.subject_id)
    row = {
        "id": who.subject_id,
        "name": party.name if party else contact.name,
        "address": contact.address,
        "language": party.language if party else contact.language,
        "is_guest": who.is_guest,
        "created_at": clock.now(),
    }
    session.execute(insert_into(session, Person).values(row).on_conflict_do_nothing(index_elements=[Person.id]))


def end_invitations(session: Session, contact_ids: Sequence[uuid.UUID], reason: str) -> int:
    """End what still works, and take letters back that have not gone yet."""
    live = update(Invitation).where(Invitation.contact_id.in_(contact_ids), Invitation.ended_at.is_(None))
    ending = live.values(_ending(reason)).returning(Invitation.notice_id)
    ended = session.scalars(ending.execution_options(synchronize_session=False)).all()
    moment = clock.now()
    publish(session, *(NoticeWithdrawn(notice_id=one, reason="invitation_ended", at=moment) for one in ended))
    return len(ended)


def _ending(reason: str) -> dict[str, Any]:
    return {"ended_at": clock.now(), "end_reason": reason, "code_hash": None}


def _reader(contact: Contact) -> Reader:
    return Reader(name=contact.name, address=contact.address, language=contact.language, party_id=contact.party_id)


def _told(contact: Contact) -> dict[str, Any]:
    return {
        "contact_id": contact.id,
        "party_id": contact.party_id,
        "name": contact.name,
        "address": contact.address,
        "at": clock.now(),
    }


def _record(session: Session, act: str, contact: Contact) -> None:
    record_act(
        session,
        "portal",
        act,
        party_id=contact.party_id,
        subject="contact",
        subject_id=contact.id,
        details={"name": contact.name, "email": contact.address},
    )
