"""Reading whom clients named: contacts, and those of them who may sign in."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.portal.models import Contact, Invitation, UnreachableAddress
from services.portal.queries.invitations import list_newest_invitations
from services.portal.rules.contacts import INVITED, KEPT_STATES
from shared.web.paging import Page, paginate


@dataclass(frozen=True)
class ContactRow:
    """A contact as lists show it. `invitation`: the last one, while it has not been accepted."""

    contact: Contact
    invitation: Invitation | None
    reachable: bool
    """Letters to the address have not come back."""


def list_contacts(session: Session, party_id: uuid.UUID) -> list[ContactRow]:
    """The contacts of a client that are there, by name."""
    found = session.scalars(select(Contact).where(*_kept(party_id))).all()
    return _rows(session, sorted(found, key=lambda one: (one.name.casefold(), one.id)))


def list_removed_contacts(session: Session, party_id: uuid.UUID, limit: int = 50) -> list[ContactRow]:
    """Those who were removed, the last one first."""
    wanted = select(Contact).where(Contact.party_id == party_id, Contact.removed_at.is_not(None))
    return _rows(session, session.scalars(wanted.order_by(Contact.removed_at.desc()).limit(limit)).all())


def page_contacts(
    session: Session, party_id: uuid.UUID | None, *, cursor: str | None = None, limit: int = 50
) -> Page[Contact]:
    """Contacts that are there, of one client or of all."""
    wanted = select(Contact).where(Contact.state.in_(KEPT_STATES))
    if party_id:
        wanted = wanted.where(Contact.party_id == party_id)
    return paginate(session, wanted, [(Contact.id, False)], cursor=cursor, limit=limit)


def find_row(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID) -> ContactRow | None:
    """A contact of this client that is there, as lists show it."""
    found = find_contact(session, party_id, contact_id)
    return _rows(session, [found])[0] if found else None


def find_contact(session: Session, party_id: uuid.UUID, contact_id: uuid.UUID) -> Contact | None:
    """A contact of this client that is there, as it is at this moment."""
    wanted = select(Contact).where(*_kept(party_id), Contact.id == contact_id)
    return session.scalar(wanted, execution_options={"populate_existing": True})


def find_by_address(session: Session, party_id: uuid.UUID, key: str) -> Contact | None:
    """The contact of this client that has this address."""
    return session.scalar(select(Contact).where(*_kept(party_id), Contact.address_key == key))


def count_contacts(session: Session, party_id: uuid.UUID) -> int:
    """How many contacts of a client are there."""
    return session.scalar(select(func.count()).where(*_kept(party_id))) or 0


def count_invitations_since(session: Session, party_id: uuid.UUID, since: datetime) -> int:
    """How many people were invited for a client lately, by whomever."""
    wanted = select(func.count(Invitation.id)).join(Contact, Contact.id == Invitation.contact_id)
    return session.scalar(wanted.where(Contact.party_id == party_id, Invitation.created_at > since)) or 0


def _kept(party_id: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return Contact.party_id == party_id, Contact.state.in_(KEPT_STATES)


def _rows(session: Session, contacts: Sequence[Contact]) -> list[ContactRow]:
    invitations = list_newest_invitations(session, [one.id for one in contacts if one.state == INVITED])
    keys = [one.address_key for one in contacts]
    back = set(session.scalars(select(UnreachableAddress.address_key).where(UnreachableAddress.address_key.in_(keys))))
    return [ContactRow(one, invitations.get(one.id), one.address_key not in back) for one in contacts]
