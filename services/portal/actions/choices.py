"""Choosing one's own letters: what a client or a contact stops is kept apart from what the client gives to contacts."""

import uuid
from collections.abc import Collection

from sqlalchemy.orm import Session

from services.portal.actions.ledger import lock_party
from services.portal.actions.notices import withdraw_from
from services.portal.models import HolderChoice, Notice, Party
from services.portal.queries.choices import Choice, find_choice, find_choice_at, find_notice, names_of
from services.portal.queries.readers import list_readers, wanted_by
from services.portal.rules.contacts import KEPT_STATES
from services.portal.rules.notices import KINDS_OF, PREFERENCE_OF
from services.portal.rules.profile import masked_address
from shared import clock
from shared.audit import record_act

STOPPED = "stopped"
"""Why letters are taken back, as NoticeWithdrawn says it."""


class ReaderGone(Exception):
    """Nobody is written to like that any more."""


def choose_letters(
    session: Session, party_id: uuid.UUID, contact_id: uuid.UUID | None, wanted: Collection[str]
) -> Choice:
    """Say which letters a contact wants, or the client themself (None). Raises PartyUnknown, ReaderGone."""
    party = lock_party(session, party_id)
    before = find_choice(session, party, contact_id)
    if contact_id and (before.contact is None or before.contact.state not in KEPT_STATES):
        raise ReaderGone
    _set(session, before, wanted)
    after = find_choice(session, party, contact_id)
    if after.wanted != before.wanted:
        _record(session, "notices.chosen", after, after.wanted)
    return after


def stop_letters(session: Session, notice_id: uuid.UUID) -> Choice:
    """Whoever got this letter wants no more of its kind about that client; doing it again changes nothing.

    Raises ReaderGone for a letter that is not known any more.
    """
    notice, before = _lock(session, notice_id)
    unwanted = frozenset({PREFERENCE_OF[notice.kind]})
    # Also where it goes to somebody else at the moment: it must not come back when that ends.
    known = before.chosen if before.is_holder else frozenset()
    known |= wanted_by(before.contact) if before.contact else frozenset()
    _change(session, before, stops=unwanted)
    if stopped := known & unwanted:
        _record(session, "notices.stopped", before, stopped, notice.address)
    return find_choice_at(session, before.party, notice.address_key)


def choose_by_letter(session: Session, notice_id: uuid.UUID, wanted: Collection[str]) -> Choice:
    """Whoever got this letter wants these about that client, and of the rest nothing. Raises ReaderGone."""
    notice, before = _lock(session, notice_id)
    _set(session, before, wanted)
    after = find_choice_at(session, before.party, notice.address_key)
    if stopped := before.wanted - after.wanted:
        _record(session, "notices.stopped", after, stopped, notice.address)
    elif after.wanted != before.wanted:
        _record(session, "notices.chosen", after, after.wanted, notice.address)
    return after


def _lock(session: Session, notice_id: uuid.UUID) -> tuple[Notice, Choice]:
    notice = find_notice(session, notice_id)
    if notice is None:
        raise ReaderGone
    return notice, find_choice_at(session, lock_party(session, notice.party_id), notice.address_key)


def _set(session: Session, choice: Choice, wanted: Collection[str]) -> None:
    offered = frozenset(choice.offered)
    _change(session, choice, stops=offered.difference(wanted), resumes=offered.intersection(wanted))


def _change(session: Session, choice: Choice, stops: frozenset[str], resumes: frozenset[str] = frozenset()) -> None:
    """What the client gives to contacts stays as it is."""
    party, contact = choice.party, choice.contact
    before = _wanted_at(session, party)
    if choice.is_holder:
        chosen = names_of((choice.chosen - stops) | resumes)
        session.merge(HolderChoice(party_id=party.id, notices=chosen, changed_at=clock.now()))
    if contact:
        contact.stopped = names_of((frozenset(contact.stopped) - resumes) | stops)
    session.flush()
    after = _wanted_at(session, party)
    for key, wanted in before.items():
        gone = wanted - after.get(key, frozenset())
        kinds = [kind for name in names_of(gone) for kind in KINDS_OF[name]]
        if kinds:
            withdraw_from(session, party.id, key, kinds, STOPPED)


def _wanted_at(session: Session, party: Party) -> dict[str, frozenset[str]]:
    return {reader.key: reader.wants for reader in list_readers(session, [party])[party.id]}


def _record(session: Session, act: str, choice: Choice, notices: Collection[str], address: str = "") -> None:
    contact = choice.contact
    told = {"notices": ", ".join(names_of(notices)), "address": masked_address(address)}
    record_act(
        session,
        "portal",
        act,
        party_id=choice.party.id,
        subject="contact" if contact else "party",
        subject_id=contact.id if contact else choice.party.id,
        details={name: value for name, value in told.items() if value} | ({"name": contact.name} if contact else {}),
    )
