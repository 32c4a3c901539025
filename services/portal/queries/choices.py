"""Reading what somebody wants by letter about a client, and what they could have."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.portal.models import Contact, FormerLetter, HolderChoice, Notice, Party
from services.portal.queries.readers import reachable_contacts, wanted_by
from services.portal.rules.contacts import KEPT_STATES, address_key
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.parties import writable_address


@dataclass(frozen=True)
class Choice:
    """What one reader wants: the client (`is_holder`), a contact, or both at one address; or nobody, any more."""

    party: Party
    is_holder: bool
    contact: Contact | None
    chosen: frozenset[str]
    """What the client wants themself."""
    taken: Mapping[str, str]
    """What a contact gets instead of the client → the contact's name."""

    @property
    def offered(self) -> list[str]:
        """What the reader gets unless they stop it, in the order of PREFERENCES."""
        of_contact = self.contact.notices if self.contact else ()
        return [one for one in PREFERENCES if one in of_contact or (self.is_holder and one not in self.taken)]

    @property
    def wanted(self) -> frozenset[str]:
        """Those of `offered` that they have not stopped."""
        wanted = wanted_by(self.contact) if self.contact else frozenset()
        return (wanted | self.chosen if self.is_holder else wanted).intersection(self.offered)


def find_choice(session: Session, party: Party, contact_id: uuid.UUID | None) -> Choice:
    """The choice of a contact of a client, or of the client themself (None)."""
    contact = session.get(Contact, contact_id, populate_existing=True) if contact_id else None
    return _choice(session, party, contact_id is None, contact)


def find_choice_at(session: Session, party: Party, key: str) -> Choice:
    """The choice of whoever is written to at this address (an `address_key`) about a client."""
    wanted = select(Contact).where(
        Contact.party_id == party.id, Contact.address_key == key, Contact.state.in_(KEPT_STATES)
    )
    contact = session.scalar(wanted, execution_options={"populate_existing": True})
    return _choice(session, party, address_key(writable_address(party.emails)) == key, contact)


def find_notice(session: Session, notice_id: uuid.UUID) -> Notice | None:
    """The notice that a letter is about, by the id that stands in it, also if its words changed since."""
    former = select(FormerLetter.of_id).where(FormerLetter.notice_id == notice_id)
    return session.scalar(select(Notice).where(or_(Notice.notice_id == notice_id, Notice.id.in_(former))))


def _choice(session: Session, party: Party, is_holder: bool, contact: Contact | None) -> Choice:
    chosen = session.scalar(select(HolderChoice.notices).where(HolderChoice.party_id == party.id))
    taken = _taken(session, party, contact) if is_holder else {}
    return Choice(party, is_holder, contact, frozenset(PREFERENCES if chosen is None else chosen), taken)


def _taken(session: Session, party: Party, besides: Contact | None) -> dict[str, str]:
    others = session.scalars(reachable_contacts().where(Contact.party_id == party.id).order_by(Contact.id.desc()))
    return {
        name: one.name
        for one in others
        if besides is None or one.id != besides.id
        for name in wanted_by(one).intersection(one.instead)
    }


def names_of(wanted: Collection[str]) -> list[str]:
    """Known preferences, each once, in their order."""
    return [one for one in PREFERENCES if one in wanted]
