"""Opening and ending the sessions of clients."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from services.portal.actions.parties import lock_parties
from services.portal.models import ClientSession, Contact, EndedCredential, Party, Person
from services.portal.queries.sessions import about, has_ended
from services.portal.rules.contacts import ACTIVE
from services.portal.rules.sessions import Lifetime
from shared import clock
from shared.audit import record_act
from shared.db import insert_into, new_id
from shared.events.portal import ClientSignedIn
from shared.outbox import publish

TOUCH_EVERY = timedelta(minutes=1)


LONGEST_USER_AGENT = 400


class CredentialEnded(Exception):
    """The credential was revoked between identity's answer and the opening of the session."""


class PartyInactive(Exception):
    """The party was deactivated: it cannot be signed in."""


class NotLetIn(Exception):
    """The client does not let this person in any more."""


@dataclass(frozen=True)
class OpenedSession:
    """A session that was just opened. `token` goes into the browser's cookie and is kept nowhere else."""

    token: str
    session_id: uuid.UUID


def hash_token(token: str) -> bytes:
    """What is stored instead of a session's token (256 random bits need no slow hash)."""
    return hashlib.sha256(token.encode()).digest()


def open_session(
    session: Session,
    party_id: uuid.UUID,
    credential_id: uuid.UUID,
    *,
    must_change: bool,
    address: str,
    user_agent: str,
    contact_id: uuid.UUID | None = None,
    must_choose: bool = False,
) -> OpenedSession:
    """Sign a client in, or somebody whom the client lets in (`contact_id`). The party must be in the copy.

    Raises CredentialEnded, PartyInactive or NotLetIn if that became so since the password was checked.
    """
    party, contact = _lock_area(session, party_id, contact_id)
    if has_ended(session, credential_id):
        raise CredentialEnded
    moment = clock.now()
    if contact is None:
        party.last_sign_in_at = moment
    elif not must_choose:  # otherwise nobody knows yet at whose area they are going to look
        contact.last_sign_in_at = moment
    token = secrets.token_urlsafe(32)
    opened = ClientSession(
        id=new_id(),
        token_hash=hash_token(token),
        subject_id=(contact.person_id if contact else None) or party_id,
        party_id=party_id,
        contact_id=contact_id,
        must_choose=must_choose,
        credential_id=credential_id,
        must_change=must_change,
        created_at=moment,
        last_seen_at=moment,
        address=address[:45],
        user_agent=user_agent[:LONGEST_USER_AGENT],
    )
    session.add(opened)
    session.flush()
    if contact is None:
        publish(session, ClientSignedIn(party_id=party_id, at=moment))
    return OpenedSession(token, opened.id)


def switch_session(session: Session, session_id: uuid.UUID, party_id: uuid.UUID, contact_id: uuid.UUID | None) -> None:
    """Look at another client's area in the same browser. The caller has checked that the area is one of the person's.

    Raises PartyInactive, NotLetIn.
    """
    _, contact = _lock_area(session, party_id, contact_id)
    if contact:
        contact.last_sign_in_at = clock.now()
    change = update(ClientSession).where(ClientSession.id == session_id, ClientSession.ended_at.is_(None))
    session.execute(change.values(party_id=party_id, contact_id=contact_id, must_choose=False))


def _lock_area(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID | None) -> tuple[Party, Contact | None]:
    """The party, and the contact as whom somebody enters its area. Raises PartyInactive, NotLetIn."""
    party = lock_parties(session, [party_id])[0]
    if not party.active:
        raise PartyInactive
    if contact_id is None:
        return party, None
    contact = session.get(Contact, contact_id, populate_existing=True)
    _lock_people(session, [contact.person_id] if contact and contact.person_id else [])
    if contact is None or contact.party_id != party_id or contact.state != ACTIVE:
        raise NotLetIn
    return party, contact


def _lock_subjects(session: Session, subject_ids: Sequence[uuid.UUID]) -> None:
    """Keep others from opening sessions of these, whether they are parties, people whom clients let in, or both."""
    lock_parties(session, subject_ids)
    _lock_people(session, subject_ids)


def _lock_people(session: Session, person_ids: Sequence[uuid.UUID]) -> None:
    session.execute(select(Person.id).where(Person.id.in_(set(person_ids))).order_by(Person.id).with_for_update())


def touch_session(session: Session, session_id: uuid.UUID) -> None:
    """Note that the session is in use; the caller asks at most once in TOUCH_EVERY."""
    session.execute(update(ClientSession).where(ClientSession.id == session_id).values(last_seen_at=clock.now()))


def end_session(session: Session, session_id: uuid.UUID, reason: str) -> int:
    """End one session, if nobody ended it before."""
    return _end(session, ClientSession.id == session_id, reason)


def end_sessions_of_parties(
    session: Session, party_ids: Sequence[uuid.UUID], reason: str, by: str | None = None
) -> int:
    """End every session of these parties, and of whomever they let in; returns how many there were."""
    lock_parties(session, party_ids)
    theirs = or_(ClientSession.party_id.in_(party_ids), ClientSession.subject_id.in_(party_ids))
    return _end(session, theirs, reason, by)


def end_sessions_of_contact(session: Session, contact_id: uuid.UUID) -> int:
    """End every session in which somebody looks at the client's area as this contact. The caller holds the party."""
    return _end(session, ClientSession.contact_id == contact_id, "access_ended")


def end_one_session(session: Session, subject_id: uuid.UUID, session_id: uuid.UUID) -> int:
    """Whoever signed in ends one session of theirs, told in the audit trail; returns 0 if it was over before."""
    mine = (ClientSession.subject_id == subject_id) & (ClientSession.id == session_id)
    return _told(session, subject_id, _end(session, mine, "ended_by_client"))


def end_session_about(session: Session, party_id: uuid.UUID, session_id: uuid.UUID, by: str | None) -> int:
    """The staff ends a session of a client, or of somebody whom the client lets in; returns 0 if it was over before."""
    theirs = about(party_id) & (ClientSession.id == session_id)
    return _told(session, party_id, _end(session, theirs, "staff", by))


def end_sessions_but(session: Session, subject_id: uuid.UUID, here: uuid.UUID) -> int:
    """Whoever signed in ends every session of theirs except the one `here`; returns how many."""
    _lock_subjects(session, [subject_id])
    others = (ClientSession.subject_id == subject_id) & (ClientSession.id != here)
    return _told(session, subject_id, _end(session, others, "ended_by_client"))


def _told(session: Session, subject_id: uuid.UUID, ended: int) -> int:
    if ended:
        record_act(session, "portal", "sessions.ended", party_id=subject_id, count=ended)
    return ended


def end_sessions_of_credentials(session: Session, ended: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> int:
    """Remember that these credentials (with whose they are) work no longer, and end what they opened."""
    _lock_subjects(session, [subject_id for _, subject_id in ended])
    credential_ids = sorted({credential_id for credential_id, _ in ended})
    moment = clock.now()
    rows = [{"id": credential_id, "ended_at": moment} for credential_id in credential_ids]
    session.execute(insert_into(session, EndedCredential).values(rows).on_conflict_do_nothing())
    return _end(session, ClientSession.credential_id.in_(credential_ids), "credential_revoked")


def end_other_sessions(session: Session, subject_id: uuid.UUID, credential_id: uuid.UUID) -> int:
    """End the sessions of whoever signed in that were opened with another credential than this new one."""
    _lock_subjects(session, [subject_id])
    others = (ClientSession.subject_id == subject_id) & (ClientSession.credential_id != credential_id)
    return _end(session, others, "password_changed")


def end_expired_sessions(session: Session, lifetime: Lifetime) -> int:
    """Mark as ended what nobody may use any more."""
    moment = clock.now()
    expired = or_(
        ClientSession.last_seen_at <= moment - lifetime.idle, ClientSession.created_at <= moment - lifetime.absolute
    )
    return _end(session, expired, "expired")


def delete_old_sessions(session: Session, before: datetime) -> int:
    """Delete what ended before a moment, and the memory of credentials that ended then; returns how many sessions."""
    session.execute(delete(EndedCredential).where(EndedCredential.ended_at < before))
    return _count(session.execute(delete(ClientSession).where(ClientSession.ended_at < before)))


def _end(session: Session, which: ColumnElement[bool], reason: str, by: str | None = None) -> int:
    change = update(ClientSession).where(which, ClientSession.ended_at.is_(None))
    values = {"ended_at": clock.now(), "end_reason": reason, "ended_by": by}
    return _count(session.execute(change.values(values), execution_options={"synchronize_session": False}))


def _count(result: Any) -> int:
    return int(result.rowcount)
