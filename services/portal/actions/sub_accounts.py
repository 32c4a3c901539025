"""Letting people whom a client named in, and out again. Every one of these ends what it has to end at once.

Whoever acts is the client, the staff (`by` is None), or a contact who manages contacts (`by` is its id): that one
gives nobody what they do not have themselves.
"""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.portal.actions.invitations import end_invitations, invite, revoke_invitation
from services.portal.actions.notices import raise_direct_notice, withdraw_letters_to
from services.portal.actions.parties import lock_parties
from services.portal.actions.sessions import NotLetIn, end_sessions_of_contact, hash_token
from services.portal.models import Contact, Invitation, Party, Person
from services.portal.queries.contacts import count_invitations_since, find_contact
from services.portal.rules.contacts import (
    ACTIVE,
    INVITATION_LASTS,
    INVITATIONS_WITHIN,
    INVITED,
    LET_IN,
    MOST_INVITATIONS,
    NONE,
    REMOVED,
    SUSPENDED,
)
from services.portal.rules.invitations import REPLACED
from services.portal.rules.rights import ALL_RIGHTS, MANAGE_CONTACTS
from shared import clock
from shared.audit import record_act
from shared.db import insert_into, new_id
from shared.events.portal import (
    NoticeSecret,
    Reader,
    SubAccountInvited,
    SubAccountRemoved,
    SubAccountResumed,
    SubAccountSuspended,
)
from shared.outbox import publish

SIGN_IN_PATH = "/customerarea/signin"


class ContactGone(Exception):
    """There is no such contact of this client any more."""


class WrongState(Exception):
    """The contact is not in a state in which this can be done with it; somebody may have done it a moment ago."""


class BeyondOwnRights(Exception):
    """A contact who manages contacts wanted to give what they do not have themselves.

    `field`: what was wanted: rights, notices, instead, address (what others gave
    would go to somebody else) or sub_account.
    """

    def __init__(self, field: str = "sub_account") -> None:
        super().__init__(field)
        self.field = field


class OwnEntry(Exception):
    """Nobody changes the entry through which they are let in themselves; leaving is the only thing."""


class TooManyInvitations(Exception):
    """So many people were invited for this client lately; each of them gets a letter."""


@dataclass(frozen=True)
class Means:
    """What was made ready outside of the transaction to let somebody in: the token of a link, sealed for the mailer.

    `person_id`: to whom identity gave the first password that the client typed, at an address that had none.
    """

    token: str
    secret: NoticeSecret
    timezone: str
    person_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Acting:
    """Whoever acts has these rights and gets these letters; a contact gives no others. `by`: as which contact."""

    by: uuid.UUID | None
    rights: frozenset[str]
    notices: frozenset[str] | None
    """None: may give all of them, also instead of the client."""


def lock_client(session: Session, party_id: uuid.UUID, by: uuid.UUID | None) -> tuple[Party, Acting]:
    """Hold the client, and see once more what whoever acts may do: it can have been taken away since the page opened.

    Raises NotLetIn.
    """
    party = lock_parties(session, [party_id])[0]
    if by is None:
        return party, Acting(None, ALL_RIGHTS, None)
    own = find_contact(session, party_id, by)
    if own is None or own.state != ACTIVE or MANAGE_CONTACTS not in own.rights:
        raise NotLetIn
    return party, Acting(by, frozenset(own.rights), frozenset(own.notices))


def need_contact(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID) -> Contact:
    """The contact, as it is. The caller holds the client. Raises ContactGone."""
    found = find_contact(session, party_id, contact_id)
    if found is None:
        raise ContactGone
    return found


def let_in(session: Session, contact: Contact, party: Party, acting: Acting, means: Means) -> None:
    """Invite a contact. Raises BeyondOwnRights, TooManyInvitations."""
    if not acting.rights.issuperset(contact.rights):
        raise BeyondOwnRights
    check_invitations(session, party.id)
    if means.person_id:
        _open_with_password(session, contact, party, means, means.person_id)
    else:
        invite(session, contact, party, means.token, means.secret, means.timezone)


def check_invitations(session: Session, party_id: uuid.UUID) -> None:
    """Raises TooManyInvitations."""
    if count_invitations_since(session, party_id, clock.now() - INVITATIONS_WITHIN) >= MOST_INVITATIONS:
        raise TooManyInvitations


def invite_again(
    session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, means: Means, by: uuid.UUID | None
) -> Contact:
    """Send a fresh link; the former one works no longer.

    Raises ContactGone, WrongState, OwnEntry, BeyondOwnRights, TooManyInvitations.
    """
    party, acting, contact = _begin(session, party_id, contact_id, by, INVITED)
    let_in(session, contact, party, acting, means)
    return contact


def take_invitation_back(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, by: uuid.UUID | None) -> Contact:
    """Nobody gets in with the invitation; letters go on. Raises ContactGone, WrongState, OwnEntry."""
    _, _, contact = _begin(session, party_id, contact_id, by, INVITED)
    shut_out(session, contact)
    contact.state, contact.person_id = NONE, None
    publish(session, SubAccountRemoved(**told(contact)))
    return contact


def suspend_contact(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, by: uuid.UUID | None) -> Contact:
    """Let a contact in no longer until somebody says otherwise; letters go on.

    Raises ContactGone, WrongState, OwnEntry.
    """
    _, _, contact = _begin(session, party_id, contact_id, by, ACTIVE)
    shut_out(session, contact)
    contact.state = SUSPENDED
    publish(session, SubAccountSuspended(**told(contact)))
    record_contact(session, "sub_account.suspended", contact)
    return contact


def resume_contact(
    session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, means: Means | None, by: uuid.UUID | None
) -> Contact:
    """Let a suspended contact in again; where another address was written meanwhile its owner is invited first.

    Raises ContactGone, WrongState, OwnEntry, BeyondOwnRights, TooManyInvitations.
    """
    party, acting, contact = _begin(session, party_id, contact_id, by, SUSPENDED)
    if not acting.rights.issuperset(contact.rights):
        raise BeyondOwnRights
    if contact.person_id is None:
        if means is None:
            raise WrongState
        let_in(session, contact, party, acting, means)
        return contact
    contact.state = ACTIVE
    publish(session, SubAccountResumed(**told(contact)))
    record_contact(session, "sub_account.resumed", contact)
    return contact


def remove_contact(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, by: uuid.UUID | None) -> Contact:
    """No letters and no way in any more. The row stays for the record. Raises ContactGone."""
    lock_client(session, party_id, by)
    contact = need_contact(session, party_id, contact_id)
    was_let_in = contact.state in LET_IN
    shut_out(session, contact)
    withdraw_letters_to(session, party_id, contact.id)
    contact.state, contact.removed_at = REMOVED, clock.now()
    if was_let_in:
        publish(session, SubAccountRemoved(**told(contact)))
    record_contact(session, "contact.removed", contact)
    return contact


def switch_off(session: Session, contact: Contact) -> None:
    """The contact gets letters and signs in no longer; what it might do is kept, should it be let in again."""
    shut_out(session, contact)
    contact.state, contact.person_id = NONE, None
    publish(session, SubAccountRemoved(**told(contact)))
    record_contact(session, "sub_account.switched_off", contact)


def shut_out(session: Session, contact: Contact) -> None:
    """End the sessions and the invitation of a contact. The caller holds the client."""
    end_sessions_of_contact(session, contact.id)
    revoke_invitation(session, contact)


def told(contact: Contact) -> dict[str, Any]:
    """What events about a sub-account say."""
    return {
        "contact_id": contact.id,
        "party_id": contact.party_id,
        "name": contact.name,
        "address": contact.address,
        "at": clock.now(),
    }


def record_contact(session: Session, act: str, contact: Contact, **more: str) -> None:
    """Record what was done with a contact; in `more` what a reader wants to know besides."""
    about = {"name": contact.name, "email": contact.address}
    record_act(
        session,
        "portal",
        act,
        party_id=contact.party_id,
        subject="contact",
        subject_id=contact.id,
        details=about | {name: text for name, text in more.items() if text},
    )


def _begin(
    session: Session, party_id: uuid.UUID, contact_id: uuid.UUID, by: uuid.UUID | None, state: str
) -> tuple[Party, Acting, Contact]:
    party, acting = lock_client(session, party_id, by)
    contact = need_contact(session, party_id, contact_id)
    if contact.id == by:
        raise OwnEntry
    if contact.state != state:
        raise WrongState
    return party, acting, contact


def _open_with_password(session: Session, contact: Contact, party: Party, means: Means, person_id: uuid.UUID) -> None:
    """The client typed a first password and tells it themself: the letter says where to sign in, and nothing secret."""
    end_invitations(session, [contact.id], REPLACED)
    moment = clock.now()
    person = {
        "id": person_id,
        "name": contact.name,
        "address": contact.address,
        "language": contact.language,
        "is_guest": True,
        "created_at": moment,
    }
    session.execute(insert_into(session, Person).values(person).on_conflict_do_nothing(index_elements=[Person.id]))
    contact.state, contact.person_id = INVITED, person_id
    reader = Reader(name=contact.name, address=contact.address, language=contact.language, party_id=party.id)
    values = {"client": party.name}
    notice_id = raise_direct_notice(session, "sub_account_opened", reader, SIGN_IN_PATH, values, worth=INVITATION_LASTS)
    # It counts and can be revoked as any other invitation; its link is in no letter.
    session.add(
        Invitation(
            id=new_id(),
            contact_id=contact.id,
            token_hash=hash_token(means.token),
            notice_id=notice_id,
            created_at=moment,
            expires_at=moment + INVITATION_LASTS,
        )
    )
    session.flush()
    publish(session, SubAccountInvited(**told(contact), rights=list(contact.rights)))
    record_contact(session, "sub_account.invited", contact)
