"""Letting people into the areas of clients once they have shown who they are."""

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.actions.invitations import end_invitations, note_accepted
from services.portal.actions.parties import lock_parties
from services.portal.models import Contact
from services.portal.queries.accounts import list_bound_contacts
from services.portal.rules.contacts import ACTIVE
from services.portal.rules.invitations import USED
from shared import clock


def activate_bound(session: Session, person_id: uuid.UUID) -> int:
    """Somebody signs in whose first password a client typed: that they did is their acceptance. Returns for how many
    clients it was the first time."""
    if not list_bound_contacts(session, person_id):
        return 0
    # All of them at once, in one order: the session that is opened next locks one of them, too.
    theirs = session.scalars(select(Contact.party_id).where(Contact.person_id == person_id)).all()
    lock_parties(session, [*theirs, person_id])
    session.expire_all()
    bound = list_bound_contacts(session, person_id)
    end_invitations(session, [contact.id for contact in bound], USED)
    for contact in bound:
        contact.state, contact.accepted_at = ACTIVE, clock.now()
        note_accepted(session, contact, person_id)
    session.flush()
    return len(bound)
