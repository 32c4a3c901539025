"""Who gets letters about a client: the client and the contacts, each address once."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.portal.models import Contact, HolderChoice, Party
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

    @property
    def key(self) -> str:
        """What makes two spellings of an address one."""
        return address_key(self.address)


def list_readers(session: Session, parties: Iterable[Party]) -> dict[uuid.UUID, list[NoticeReader]]:
    """Everybody who gets letters about these clients, by client; three statements, however many clients.

    However many ways lead to an address, it is listed once, with all that is wanted there; the client comes first. What
    a contact gets instead of the client, the client does not.
    """
    known = {party.id: party for party in parties}
    choices = dict(
        session.execute(
            select(HolderChoice.party_id, HolderChoice.notices).where(HolderChoice.party_id.in_(known))
        ).all()
    )
    contacts: dict[uuid.UUID, list[Contact]] = {}
    kept = select(Contact).where(Contact.party_id.in_(known), Contact.state.in_(KEPT_STATES)).order_by(Contact.id)
    for contact in session.scalars(kept):
        contacts.setdefault(contact.party_id, []).append(contact)
    return {
        party_id: _of_one(party, choices.get(party_id), contacts.get(party_id, ())) for party_id, party in known.items()
    }


def _of_one(party: Party, choice: Collection[str] | None, contacts: Collection[Contact]) -> list[NoticeReader]:
    taken = {name for contact in contacts for name in contact.instead if name in contact.notices}
    wanted = frozenset(PREFERENCES if choice is None else choice) - taken
    readers: dict[str, NoticeReader] = {}
    if address := writable_address(party.emails):
        holder = NoticeReader(party.id, None, party.name, address, party.language, wanted)
        readers[holder.key] = holder
    for contact in contacts:
        wants = frozenset(contact.notices)
        if known := readers.get(contact.address_key):
            readers[known.key] = _also(known, wants)
        else:
            reader = NoticeReader(party.id, contact.id, contact.name, contact.address, contact.language, wants)
            readers[reader.key] = reader
    return list(readers.values())


def _also(reader: NoticeReader, wants: frozenset[str]) -> NoticeReader:
    return NoticeReader(
        reader.party_id, reader.contact_id, reader.name, reader.address, reader.language, reader.wants | wants
    )
