"""Reading invitations to the client area."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from services.portal.models import Contact, Invitation, Party


@dataclass(frozen=True)
class Invited:
    """An invitation, whom it is for, and which client invites."""

    invitation: Invitation
    contact: Contact
    party: Party


def find_invited(session: Session, token_hash: bytes) -> Invited | None:
    """What the link with this token is, whether it works or not."""
    return _one(session, Invitation.token_hash == token_hash)


def find_invited_by_id(session: Session, invitation_id: uuid.UUID) -> Invited | None:
    """The same of an invitation that is known."""
    return _one(session, Invitation.id == invitation_id)


def _one(session: Session, which: ColumnElement[bool]) -> Invited | None:
    wanted = select(Invitation, Contact, Party).join(Contact, Contact.id == Invitation.contact_id)
    row = session.execute(wanted.join(Party, Party.id == Contact.party_id).where(which)).one_or_none()
    return Invited(*row) if row else None


def list_newest_invitations(session: Session, contact_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Invitation]:
    """The last invitation of each of these contacts, by contact; who was never invited is missing."""
    wanted = select(Invitation).where(Invitation.contact_id.in_(contact_ids)).order_by(Invitation.id)
    return {one.contact_id: one for one in session.scalars(wanted)}
