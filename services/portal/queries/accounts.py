"""Reading whose areas open to somebody who signs in."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from services.portal.models import ClientSession, Contact, Invitation, Party
from services.portal.rules.contacts import ACTIVE, INVITED
from shared import clock


@dataclass(frozen=True)
class Account:
    """An area that opens to somebody: their own (`contact_id` is None), or that of a client who lets them in."""

    party_id: uuid.UUID
    name: str
    contact_id: uuid.UUID | None = None
    rights: list[str] = field(default_factory=list)


def list_accounts(session: Session, subject_id: uuid.UUID) -> list[Account]:
    """What opens to whoever signs in: the own area first, then clients by name, each once."""
    own = session.scalar(select(Party).where(Party.id == subject_id, Party.active))
    found = {own.id: Account(own.id, own.name)} if own else {}
    let_in = select(Contact, Party.name).join(Party, Party.id == Contact.party_id)
    mine = (Contact.person_id == subject_id, Contact.state == ACTIVE, Party.active)
    for contact, name in session.execute(let_in.where(*mine).order_by(Party.search_name, Contact.id)):
        found.setdefault(contact.party_id, Account(contact.party_id, name, contact.id, contact.rights))
    return list(found.values())


def list_bound_contacts(session: Session, person_id: uuid.UUID) -> Sequence[Contact]:
    """Contacts of somebody whose first password a client typed: they are in with their first sign-in.

    As with a link, too late is too late; whoever was sent a link is bound to nobody until they accept.
    """
    invitations = exists().where(Invitation.contact_id == Contact.id)
    live = invitations.where(Invitation.ended_at.is_(None), Invitation.expires_at > clock.now())
    bound = select(Contact).where(Contact.person_id == person_id, Contact.state == INVITED, live | ~invitations)
    return session.scalars(bound.order_by(Contact.id)).all()


def has_another_account() -> ColumnElement[bool]:
    """Whether to whoever signed in with a ClientSession another area opens than the one they look at."""
    let_in, own = aliased(Contact), aliased(Party)
    others = exists().where(
        let_in.person_id == ClientSession.subject_id,
        let_in.state == ACTIVE,
        let_in.party_id != ClientSession.party_id,
    )
    owns = exists().where(own.id == ClientSession.subject_id, own.active, own.id != ClientSession.party_id)
    return others.correlate(ClientSession) | owns.correlate(ClientSession)
