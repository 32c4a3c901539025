"""Whom clients name: what a contact gets by letter and what it may do, added and changed as a whole."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.portal.actions.notices import withdraw_letters_to
from services.portal.actions.sub_accounts import (
    Acting,
    BeyondOwnRights,
    Means,
    OwnEntry,
    let_in,
    lock_client,
    need_contact,
    record_contact,
    shut_out,
    switch_off,
)
from services.portal.models import Contact, Party
from services.portal.queries.contacts import count_contacts, find_by_address
from services.portal.rules.contacts import (
    LET_IN,
    MOST_CONTACTS,
    NONE,
    SUSPENDED,
    address_key,
    given_rights,
)
from services.portal.rules.notices import PREFERENCES
from services.portal.rules.parties import principal_address
from services.portal.rules.rights import in_order
from shared import clock
from shared.audit import current_actor
from shared.db import new_id


class OwnAddress(Exception):
    """The address is the client's own principal one: letters go there already."""


class AddressTaken(Exception):
    """Another contact of this client has the address."""


class TooManyContacts(Exception):
    """A client has as many contacts as may be."""


class NoMeans(Exception):
    """Somebody is to be invited now, and nothing was made ready for it: the contact changed meanwhile."""


@dataclass(frozen=True, kw_only=True)
class ContactData:
    """What is to be true of a contact, with the fields checked. `rights` and `notices` as somebody chose them."""

    name: str
    address: str
    phone: str
    language: str
    notices: frozenset[str]
    instead: frozenset[str]
    sub_account: bool
    rights: frozenset[str]


def add_contact(
    session: Session, party_id: uuid.UUID, data: ContactData, means: Means | None, by: uuid.UUID | None
) -> Contact:
    """Name somebody, and invite them where the sub-account is switched on.

    Raises OwnAddress, AddressTaken, TooManyContacts, BeyondOwnRights, TooManyInvitations, NotLetIn.
    """
    party, acting = lock_client(session, party_id, by)
    if count_contacts(session, party_id) >= MOST_CONTACTS:
        raise TooManyContacts
    contact = Contact(
        id=new_id(),
        party_id=party_id,
        state=NONE,
        rights=[],
        notices=[],
        instead=[],
        created_at=clock.now(),
        created_by=current_actor().name[:300],
    )
    _write(session, contact, party, acting, data)
    session.add(contact)
    session.flush()
    record_contact(session, "contact.added", contact, **_lists(contact))
    if data.sub_account:
        _invite(session, contact, party, acting, means)
    return contact


def change_contact(
    session: Session,
    party_id: uuid.UUID,
    contact_id: uuid.UUID,
    data: ContactData,
    means: Means | None,
    by: uuid.UUID | None,
) -> Contact:
    """Change somebody who is there. Another address is somebody else: they have to accept an invitation first.

    Raises as `add_contact`, and ContactGone, OwnEntry, NoMeans.
    """
    party, acting = lock_client(session, party_id, by)
    contact = need_contact(session, party_id, contact_id)
    if contact.id == by:
        raise OwnEntry
    moved = contact.address_key != address_key(data.address)
    if moved:
        _move_out(session, contact)
    before, notices = _shown(contact), set(contact.notices)
    _write(session, contact, party, acting, data)
    if unwanted := notices - set(contact.notices):
        withdraw_letters_to(session, party_id, contact.id, unwanted)
    if moved and not _all_own(contact, acting):
        raise BeyondOwnRights("address")
    session.flush()
    if before != _shown(contact) or moved:
        record_contact(session, "contact.changed", contact, **_lists(contact))
    if not data.sub_account:
        if contact.state in LET_IN:
            switch_off(session, contact)
    elif contact.state == NONE:
        _invite(session, contact, party, acting, means)
    return contact


def _move_out(session: Session, contact: Contact) -> None:
    """The person at the former address gets nothing any more, and is not the one behind the sub-account."""
    was_suspended = contact.state == SUSPENDED
    shut_out(session, contact)
    withdraw_letters_to(session, contact.party_id, contact.id)
    contact.person_id, contact.accepted_at, contact.last_sign_in_at, contact.stopped = None, None, None, []
    contact.state = SUSPENDED if was_suspended else NONE


def _invite(session: Session, contact: Contact, party: Party, acting: Acting, means: Means | None) -> None:
    if means is None:
        raise NoMeans
    let_in(session, contact, party, acting, means)


def _write(session: Session, contact: Contact, party: Party, acting: Acting, data: ContactData) -> None:
    key = address_key(data.address)
    if key == address_key(principal_address(party.emails)):
        raise OwnAddress
    same = find_by_address(session, party.id, key)
    if same is not None and same.id != contact.id:
        raise AddressTaken
    _check_given(contact, acting, data)
    contact.name, contact.phone, contact.language = data.name, data.phone, data.language
    contact.address, contact.address_key = data.address, key
    notices, instead = set(data.notices), set(data.instead)
    if acting.notices is not None:
        notices = given_rights(notices, contact.notices, acting.notices)
        instead &= set(contact.instead)  # only the client gives their own letters to somebody else
    contact.notices = _of_preferences(notices)
    contact.instead = _of_preferences(instead & notices)
    contact.rights = in_order(given_rights(data.rights, contact.rights, acting.rights))


def _check_given(contact: Contact, acting: Acting, data: ContactData) -> None:
    """What was chosen and was not there before has to be whoever acts' own to give."""
    if (data.rights - set(contact.rights)) - acting.rights:
        raise BeyondOwnRights("rights")
    if acting.notices is None:
        return
    if (data.notices - set(contact.notices)) - acting.notices:
        raise BeyondOwnRights("notices")
    if data.instead - set(contact.instead):
        raise BeyondOwnRights("instead")


def _all_own(contact: Contact, acting: Acting) -> bool:
    """Whether all that a contact has is of the kind that whoever acts may give."""
    return acting.rights.issuperset(contact.rights) and (
        acting.notices is None or acting.notices.issuperset(contact.notices)
    )


def _of_preferences(chosen: Iterable[str]) -> list[str]:
    held = set(chosen)
    return [one for one in PREFERENCES if one in held]


def _shown(contact: Contact) -> tuple[object, ...]:
    lists = (tuple(contact.notices), tuple(contact.instead), tuple(contact.rights))
    return contact.name, contact.phone, contact.language, *lists


def _lists(contact: Contact) -> dict[str, str]:
    """Rights and letters for the audit trail."""
    return {
        "rights": ", ".join(contact.rights),
        "notices": ", ".join(contact.notices),
        "instead": ", ".join(contact.instead),
    }
