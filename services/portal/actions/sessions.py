"""Opening and ending the sessions of clients."""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, update
from sqlalchemy.orm import Session

from services.portal.actions.parties import lock_parties
from services.portal.models import ClientSession, EndedCredential
from services.portal.queries.sessions import has_ended
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
) -> OpenedSession:
    """Sign a client in. The party must be in the copy.

    Raises CredentialEnded or PartyInactive if that became so since the password was checked.
    """
    party = lock_parties(session, [party_id])[0]
    if not party.active:
        raise PartyInactive
    if has_ended(session, credential_id):
        raise CredentialEnded
    moment = clock.now()
    party.last_sign_in_at = moment
    token = secrets.token_urlsafe(32)
    opened = ClientSession(
        id=new_id(),
        token_hash=hash_token(token),
        party_id=party_id,
        credential_id=credential_id,
        must_change=must_change,
        created_at=moment,
        last_seen_at=moment,
        address=address[:45],
        user_agent=user_agent[:LONGEST_USER_AGENT],
    )
    session.add(opened)
    session.flush()
    publish(session, ClientSignedIn(party_id=party_id, at=moment))
    return OpenedSession(token, opened.id)


def touch_session(session: Session, session_id: uuid.UUID) -> None:
    """Note that the session is in use; the caller asks at most once in TOUCH_EVERY."""
    session.execute(update(ClientSession).where(ClientSession.id == session_id).values(last_seen_at=clock.now()))


def end_session(session: Session, session_id: uuid.UUID, reason: str) -> int:
    """End one session, if nobody ended it before."""
    return _end(session, ClientSession.id == session_id, reason)


def end_sessions_of_parties(
    session: Session, party_ids: Sequence[uuid.UUID], reason: str, by: str | None = None
) -> int:
    """End every session of these parties; returns how many there were."""
    lock_parties(session, party_ids)
    return _end(session, ClientSession.party_id.in_(party_ids), reason, by)


def end_one_session(
    session: Session, party_id: uuid.UUID, session_id: uuid.UUID, reason: str, by: str | None = None
) -> int:
    """End one session of a party, told in the audit trail; returns 0 if somebody ended it before."""
    mine = (ClientSession.party_id == party_id) & (ClientSession.id == session_id)
    return _told(session, party_id, _end(session, mine, reason, by))


def end_sessions_but(session: Session, party_id: uuid.UUID, here: uuid.UUID) -> int:
    """The client ends every session except the one `here`; returns how many."""
    lock_parties(session, [party_id])
    others = (ClientSession.party_id == party_id) & (ClientSession.id != here)
    return _told(session, party_id, _end(session, others, "ended_by_client"))


def _told(session: Session, party_id: uuid.UUID, ended: int) -> int:
    if ended:
        record_act(session, "portal", "sessions.ended", party_id=party_id, count=ended)
    return ended


def end_sessions_of_credentials(session: Session, ended: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> int:
    """Remember that these credentials (with their parties) work no longer, and end what they opened."""
    lock_parties(session, [party_id for _, party_id in ended])
    credential_ids = sorted({credential_id for credential_id, _ in ended})
    moment = clock.now()
    rows = [{"id": credential_id, "ended_at": moment} for credential_id in credential_ids]
    session.execute(insert_into(session, EndedCredential).values(rows).on_conflict_do_nothing())
    return _end(session, ClientSession.credential_id.in_(credential_ids), "credential_revoked")


def end_other_sessions(session: Session, party_id: uuid.UUID, credential_id: uuid.UUID) -> int:
    """End the sessions of a party that were opened with another credential than this new one."""
    lock_parties(session, [party_id])
    others = (ClientSession.party_id == party_id) & (ClientSession.credential_id != credential_id)
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
