"""Who gets letters about a client: the client and the contacts, each address once."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.portal.models import Contact, HolderChoice, Party, UnreachableAddress
from services.portal.rules.contacts import KEPT_STATES, address_key
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.parties import writable_address


@dataclass(frozen=True)
class NoticeReader:
    """One address that gets letters about a client. `contact_id`: None is the client themself."""

    party_id: uuid.UUID
    contact_id: uuid.UUID | None
    name: str
    address: str
    language: str
    wants: frozenset[str]
    """Of PREFERENCES."""

    @cached_property
    def key(self) -> str:
        """What makes two spellings of an address one."""
        return address_key(self.address)


def list_readers(session: Session, parties: Iterable[Party]) -> dict[uuid.UUID, list[NoticeReader]]:
    """Everybody who gets letters about these clients, by client; two statements, however many clients.

    However many ways lead to an address, it is listed once, with all that is wanted there; the client comes first. What
    a contact gets instead of the client, the client does not; but they do where the contact's address cannot be written
    to, or the contact stopped it. Addresses that cannot be written to are left out.
    """
    known = {party.id: party for party in parties}
    choices = dict(
        session.execute(
            select(HolderChoice.party_id, HolderChoice.notices).where(HolderChoice.party_id.in_(known))
        ).all()
    )
    contacts: dict[uuid.UUID, list[Contact]] = {}
    for contact in session.scalars(reachable_contacts().where(Contact.party_id.in_(known)).order_by(Contact.id)):
        contacts.setdefault(contact.party_id, []).append(contact)
    return {
        party_id: _of_one(party, choices.get(party_id), contacts.get(party_id, ())) for party_id, party in known.items()
    }


def reachable_contacts() -> Select[Contact]:
    """Contacts that are there and can be written to."""
    lost = select(UnreachableAddress.address_key).where(UnreachableAddress.address_key == Contact.address_key)
    return select(Contact).where(Contact.state.in_(KEPT_STATES), ~lost.exists())


def wanted_by(contact: Contact) -> frozenset[str]:
    """What a contact gets by letter: what the client chose for them, less what they stopped themselves."""
    return frozenset(contact.notices) - frozenset(contact.stopped)


def _of_one(party: Party, choice: Collection[str] | None, contacts: Collection[Contact]) -> list[NoticeReader]:
    taken = {name for contact in contacts for name in wanted_by(contact) if name in contact.instead}
    wanted = frozenset(PREFERENCES if choice is None else choice) - taken
    readers: dict[str, NoticeReader] = {}
    if address := writable_address(party.emails):
        holder = NoticeReader(party.id, None, party.name, address, party.language, wanted)
        readers[holder.key] = holder
    for contact in contacts:
        wants = wanted_by(contact)
        if known := readers.get(contact.address_key):
            readers[known.key] = replace(known, wants=known.wants | wants)
        else:
            reader = NoticeReader(party.id, contact.id, contact.name, contact.address, contact.language, wants)
            readers[reader.key] = reader
    return list(readers.values())
