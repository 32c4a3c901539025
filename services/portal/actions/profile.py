"""What clients change about themselves. The directory keeps it; here is what has to be true on the way there."""

import uuid
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.portal.actions.notices import raise_direct_notice, reader_of
from services.portal.actions.parties import PartyData, copy_parties, lock_parties
from services.portal.actions.sessions import hash_token
from services.portal.models import EmailChange, Party
from services.portal.queries.profile import count_changes_since, find_change_by_token
from services.portal.rules.moments import moment_text
from services.portal.rules.parties import principal_address
from services.portal.rules.profile import (
    APPLIED,
    CONFIRM_WITHIN,
    CONFIRMED,
    EXPIRED,
    MOST_REQUESTS,
    REFUSED,
    REPLACED,
    WAITING,
    WITHDRAWN,
    masked_address,
)
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.events.portal import NoticeSecret
from shared.wake import wake

CONFIRM_PATH = "/customerarea/profile/email/confirm?token="
PROFILE_PATH = "/customerarea/profile"
TOPIC = "email_changes"


class TooManyRequests(Exception):
    """This party asked for several new addresses lately; each of them sends a letter to somebody."""


class ConfirmationGone(Exception):
    """A link confirms nothing. `reason`: used, expired, replaced (by a newer one, or withdrawn) or unknown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def note_contact_change(session: Session, party: PartyData, fields: list[str]) -> None:
    """The directory took what a client changed: the copy follows at once, and it is recorded."""
    copy_parties(session, [party])
    _record(session, "profile.changed", party.party_id, fields=", ".join(fields))


def request_email(
    session: Session, party_id: uuid.UUID, address: str, token: str, secret: NoticeSecret, timezone: str
) -> EmailChange:
    """A client wants another address: a letter with a link goes there, and takes the place of a former one.

    `secret` is the token, sealed for the mailer. Raises TooManyRequests.
    """
    party = lock_parties(session, [party_id])[0]
    moment = clock.now()
    if count_changes_since(session, party_id, moment - CONFIRM_WITHIN) >= MOST_REQUESTS:
        raise TooManyRequests
    _end_waiting(session, party_id, REPLACED)
    change = EmailChange(
        id=new_id(),
        party_id=party_id,
        address=address,
        former=principal_address(party.emails),
        token_hash=hash_token(token),
        state=WAITING,
        created_at=moment,
        expires_at=moment + CONFIRM_WITHIN,
    )
    session.add(change)
    session.flush()
    values = {"address": address, "until": moment_text(change.expires_at, party.language, timezone)}
    if reader := reader_of(party, address):
        raise_direct_notice(
            session, "email_confirmation", reader, CONFIRM_PATH, values, secret=secret, worth=CONFIRM_WITHIN
        )
    _record(session, "email.requested", party_id, address=address)
    return change


def find_confirmable(session: Session, party_id: uuid.UUID, token: str) -> EmailChange:
    """The change that a link would confirm now. Raises ConfirmationGone."""
    change = find_change_by_token(session, party_id, hash_token(token))
    if change is None:
        raise ConfirmationGone("unknown")
    if change.state in (REPLACED, WITHDRAWN):
        raise ConfirmationGone("replaced")
    if change.state == EXPIRED or (change.state == WAITING and change.expires_at <= clock.now()):
        raise ConfirmationGone("expired")
    if change.state != WAITING:
        raise ConfirmationGone("used")
    return change


def confirm_email(session: Session, party_id: uuid.UUID, token: str) -> EmailChange:
    """The client has the mailbox: from here on it is for us to bring the address to the directory.

    Raises ConfirmationGone.
    """
    party = lock_parties(session, [party_id])[0]
    change = find_confirmable(session, party_id, token)
    # The agency may have corrected the address since: the one that letters go to until now is the one to be told.
    change.former = principal_address(party.emails)
    change.state, change.confirmed_at = CONFIRMED, clock.now()
    _record(session, "email.confirmed", party_id, address=change.address)
    wake(session, TOPIC)
    return change


def withdraw_email(session: Session, party_id: uuid.UUID) -> bool:
    """The client does not want the new address any more; returns whether one was waiting."""
    lock_parties(session, [party_id])
    return _end_waiting(session, party_id, WITHDRAWN)


def finish_email(session: Session, change: EmailChange, party: PartyData, timezone: str) -> None:
    """The directory has the confirmed address; the former one is told, once."""
    copy_parties(session, [party])
    if not _end_confirmed(session, change, APPLIED) or not change.former:
        return
    party_now = session.get_one(Party, change.party_id)
    told = {"address": masked_address(change.address), "moment": moment_text(clock.now(), party_now.language, timezone)}
    if former := reader_of(party_now, change.former):
        raise_direct_notice(session, "email_changed", former, PROFILE_PATH, told)


def refuse_email(session: Session, change: EmailChange, message: str) -> None:
    """The directory does not take the confirmed address; the client reads why."""
    _end_confirmed(session, change, REFUSED, message)


def expire_email_changes(session: Session) -> None:
    """What was not confirmed in time is over."""
    late = update(EmailChange).where(EmailChange.state == WAITING, EmailChange.expires_at <= clock.now())
    values = {"state": EXPIRED, "ended_at": clock.now()}
    session.execute(late.values(values).execution_options(synchronize_session=False))


def _end_confirmed(session: Session, change: EmailChange, state: str, message: str = "") -> bool:
    """Whoever comes second changes nothing."""
    mine = update(EmailChange).where(EmailChange.id == change.id, EmailChange.state == CONFIRMED)
    values = {"state": state, "message": message[:300], "ended_at": clock.now()}
    done: Any = session.execute(mine.values(values).execution_options(synchronize_session=False))
    return bool(done.rowcount)


def _end_waiting(session: Session, party_id: uuid.UUID, state: str) -> bool:
    mine = update(EmailChange).where(EmailChange.party_id == party_id, EmailChange.state == WAITING)
    values = {"state": state, "ended_at": clock.now()}
    done: Any = session.execute(mine.values(values).execution_options(synchronize_session=False))
    return bool(done.rowcount)


def _record(session: Session, act: str, party_id: uuid.UUID, **details: str) -> None:
    record_act(session, "portal", act, party_id=party_id, subject="party", subject_id=party_id, details=details)
