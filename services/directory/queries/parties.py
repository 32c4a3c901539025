"""Finding parties: one by its id or document, many by filters, page by page."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, select, tuple_
from sqlalchemy.orm import Session

from services.directory.models import Party, PartyEmail, PartyFacts, PartyWord
from services.directory.rules.parties import codes_like, search_words
from shared.documents import login_key
from shared.web.paging import Order, Page, paginate

MOST_WORDS = 8
LAST = "\U0010ffff"
"""Behind every other character: the end of the range of words with one beginning."""
SORTS: dict[str, list[Order]] = {
    "name": [(Party.name_search, False), (Party.id, False)],
    "-name": [(Party.name_search, True), (Party.id, True)],
    "code": [(Party.code, False)],
    "-code": [(Party.code, True)],
    "document": [(Party.document_key, False), (Party.id, False)],
    "-document": [(Party.document_key, True), (Party.id, True)],
    "created_at": [(Party.id, False)],  # ids are in the order of creation
    "-created_at": [(Party.id, True)],
    "updated_at": [(Party.updated_at, False), (Party.id, False)],
    "-updated_at": [(Party.updated_at, True), (Party.id, True)],
}


@dataclass(frozen=True, kw_only=True)
class PartyFilter:
    """What a list is narrowed to; None and "" mean "any".

    q: words of the name or their beginnings, in any order. document: any spelling, with or without a NIT's check digit.
    code: as it is, or only the number. party_class: tenant, owner, or both (holds both). email_state: of the principal
    address, or `none`. email: a whole address. has_credentials: holds one that is issued or active. never_signed_in:
    holds one, and nobody ever signed in. letter_failed: the latest letter failed or came back.
    """

    q: str = ""
    document: str = ""
    code: str = ""
    party_class: str = ""
    active: bool | None = None
    email_state: str = ""
    email: str = ""
    has_credentials: bool | None = None
    never_signed_in: bool | None = None
    letter_failed: bool | None = None


def find_party(session: Session, party_id: uuid.UUID) -> Party | None:
    """The party with this id."""
    return session.get(Party, party_id)


def find_by_document(session: Session, document_type: str, document_key: str) -> Party | None:
    """The party with this document."""
    return session.scalar(select(Party).filter_by(document_type=document_type, document_key=document_key))


def find_by_code(session: Session, code: str) -> Party | None:
    """The party with this client code."""
    return session.scalar(select(Party).filter_by(code=code))


def list_parties(
    session: Session, wanted: PartyFilter, *, sort: str = "name", cursor: str | None = None, limit: int = 50
) -> Page[Party]:
    """One page of the parties that the filter leaves. Raises BadCursor."""
    return paginate(session, select(Party).where(*_conditions(wanted)), SORTS[sort], cursor=cursor, limit=limit)


def count_parties(session: Session, wanted: PartyFilter | None = None) -> int:
    """How many parties the filter leaves; without one, all, active or not."""
    counting = select(func.count()).select_from(Party).where(*_conditions(wanted or PartyFilter()))
    return session.scalar(counting) or 0


def count_up_to(session: Session, wanted: PartyFilter, most: int) -> int:
    """How many parties the filter leaves; `most` + 1 says that there are more than `most`, without counting them."""
    found = select(Party.id).where(*_conditions(wanted)).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def list_by_documents(session: Session, documents: Collection[tuple[str, str]]) -> dict[tuple[str, str], Party]:
    """The parties with these documents (type, key), by document."""
    if not documents:
        return {}
    found = session.scalars(_in_documents(documents))
    return {(party.document_type, party.document_key): party for party in found}


def _in_documents(documents: Collection[tuple[str, str]]) -> Select[Party]:
    # In one order, so that two transactions that lock the same rows wait for each other instead of dying together.
    wanted = sorted(documents)
    return select(Party).where(tuple_(Party.document_type, Party.document_key).in_(wanted)).order_by(Party.id)


def lock_by_documents(session: Session, documents: Collection[tuple[str, str]]) -> dict[tuple[str, str], Party]:
    """The same for a change: nobody else changes them until this transaction ends."""
    if not documents:
        return {}
    found = session.scalars(_in_documents(documents).with_for_update())
    return {(party.document_type, party.document_key): party for party in found}


def lock_by_addresses(session: Session, keys: Collection[str]) -> list[Party]:
    """The parties that have one of these addresses (in small letters), for a change."""
    if not keys:
        return []
    having = select(PartyEmail.party_id).where(PartyEmail.address_key.in_(keys))
    wanted = select(Party).where(Party.id.in_(having)).order_by(Party.id).with_for_update()
    # With their addresses as they are now that nobody else can change them.
    return list(session.scalars(wanted.execution_options(populate_existing=True)))


def list_owners_of_codes(session: Session, codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """Whose codes these are: code to document (type, key)."""
    if not codes:
        return {}
    rows = session.execute(select(Party.code, Party.document_type, Party.document_key).where(Party.code.in_(codes)))
    return {row.code: (row.document_type, row.document_key) for row in rows}


def list_owners_of_addresses(session: Session, addresses: Collection[str]) -> dict[str, set[uuid.UUID]]:
    """Which parties have these addresses (in small letters)."""
    owners: dict[str, set[uuid.UUID]] = {}
    if addresses:
        asking = select(PartyEmail.address_key, PartyEmail.party_id).where(PartyEmail.address_key.in_(addresses))
        for row in session.execute(asking):
            owners.setdefault(row.address_key, set()).add(row.party_id)
    return owners


def list_facts(session: Session, party_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, PartyFacts]:
    """What is known of the access of these parties; of who is not in it, nothing is known."""
    asking = select(PartyFacts).where(PartyFacts.party_id.in_(list(party_ids)))
    return {facts.party_id: facts for facts in session.scalars(asking)}


def _conditions(wanted: PartyFilter) -> list[ColumnElement[bool]]:
    conditions = _words(wanted.q[:200]) if wanted.q else []
    if wanted.document:
        conditions.append(Party.document_key.in_(login_key(wanted.document)))
    if wanted.code:
        conditions.append(Party.code.in_(codes_like(wanted.code)))
    if wanted.party_class in ("tenant", "both"):
        conditions.append(Party.is_tenant.is_(True))
    if wanted.party_class in ("owner", "both"):
        conditions.append(Party.is_owner.is_(True))
    if wanted.active is not None:
        conditions.append(Party.active.is_(wanted.active))
    if wanted.email_state:
        conditions.append(Party.email_state == wanted.email_state)
    if wanted.email:
        address = wanted.email.strip().lower()
        conditions.append(Party.id.in_(select(PartyEmail.party_id).where(PartyEmail.address_key == address)))
    return conditions + _told_conditions(wanted)


def _told_conditions(wanted: PartyFilter) -> list[ColumnElement[bool]]:
    """By what others told of a party."""
    if wanted.never_signed_in and wanted.has_credentials is False:
        return [false()]  # nobody; a database would look at everybody to find that out
    conditions = []
    if wanted.has_credentials is not None:
        conditions.append(_known(PartyFacts.has_credentials.is_(True), wanted.has_credentials))
    if wanted.never_signed_in is not None:
        never = and_(PartyFacts.has_credentials.is_(True), PartyFacts.signed_in_at.is_(None))
        conditions.append(_known(never, wanted.never_signed_in))
    if wanted.letter_failed is not None:
        failed = PartyFacts.letter_state.in_(("failed", "bounced"))
        # Few have one: SQLite finds them first and sorts them, where `exists` would let it look at everybody.
        few = Party.id.in_(select(PartyFacts.party_id).where(failed))
        conditions.append(few if wanted.letter_failed else _known(failed, False))
    return conditions


def _known(fact: ColumnElement[bool], wanted: bool) -> ColumnElement[bool]:
    having = exists().where(PartyFacts.party_id == Party.id, fact)
    return having if wanted else ~having


def _words(text: str) -> list[ColumnElement[bool]]:
    """A party has a word that begins like this, for each of the words."""
    words = search_words(text)[:MOST_WORDS]
    if not words:  # only signs that are in no word
        return [false()]
    # OFFSET 0: PostgreSQL finds the words first. Otherwise it reads parties in the order of the list until enough have
    # the word, which are almost all where the word is rare or its names come late.
    return [
        Party.id.in_(select(PartyWord.party_id).where(PartyWord.word >= word, PartyWord.word < word + LAST).offset(0))
        for word in words
    ]
