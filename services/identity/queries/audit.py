"""Reads of the audit trail. Each must be quick with a million entries."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.identity.models.audit import AuditEntry
from services.identity.models.oauth import OAuthClient
from services.identity.models.parties import Party
from services.identity.models.staff import StaffMember
from services.identity.queries.parties import PartyFilter, conditions_of
from services.identity.rules.acts import OF_OTHERS_FOR_CLIENTS
from services.identity.rules.logins import searchable
from shared.db import Database

AUDIT_ORDER: list[tuple[InstrumentedAttribute[Any], bool]] = [(AuditEntry.at, True), (AuditEntry.id, True)]
SYSTEM = "system"
"""In a filter: what nobody in particular did."""

FEW = 500
CHUNK = 1000


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """What to look for; empty parts do not filter, all hold at once. From `since` on, before `until`.

    `q` is looked for in who acted and in whom or what it was done to; `party` is a name, a document or an id.
    `for_client`: only what the client whom it is about may read.
    """

    q: str = ""
    actor: str = ""
    act: str = ""
    service: str = ""
    party: str = ""
    since: datetime | None = None
    until: datetime | None = None
    for_client: bool = False


@dataclass(frozen=True)
class Names:
    """What the ids of some entries are called now."""

    parties: dict[uuid.UUID, str] = field(default_factory=dict)
    staff: dict[str, str] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)


def find_entry(session: Session, entry_id: uuid.UUID) -> AuditEntry | None:
    """One entry."""
    return session.get(AuditEntry, entry_id)


def entries_matching(session: Session, chosen: AuditFilter) -> Select[AuditEntry]:
    """The entries that pass a filter, to be paged with AUDIT_ORDER.

    Names are turned into ids first, because the trail holds ids: then an index leads to the entries.
    """
    conditions: list[ColumnElement[bool]] = []
    if chosen.actor:
        conditions.append(AuditEntry.actor_id == ("" if chosen.actor == SYSTEM else chosen.actor))
    for column, wanted in (
        (AuditEntry.act, chosen.act),
        (AuditEntry.service, chosen.service),
    ):
        if wanted:
            conditions.append(column == wanted)
    if chosen.since is not None:
        conditions.append(AuditEntry.at >= chosen.since)
    if chosen.until is not None:
        conditions.append(AuditEntry.at < chosen.until)
    if chosen.for_client:
        conditions.append(or_(AuditEntry.actor_kind == "party", AuditEntry.act.in_(OF_OTHERS_FOR_CLIENTS)))
    if chosen.party.strip():
        conditions.append(_about_party(session, chosen.party.strip()))
    if chosen.q.strip():
        conditions.append(_anywhere(session, chosen.q.strip()))
    return select(AuditEntry).where(*conditions)


def count_matching(session: Session, chosen: AuditFilter) -> int:
    """How many entries pass a filter."""
    found = entries_matching(session, chosen).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def every_matching(db: Database, chosen: AuditFilter) -> Iterator[Sequence[AuditEntry]]:
    """All of them, the newest first, some at a time and each time in a short transaction of its own."""
    last: AuditEntry | None = None
    while True:
        with db.read() as session:
            wanted = entries_matching(session, chosen)
            if last is not None:
                wanted = wanted.where(tuple_(AuditEntry.at, AuditEntry.id) < (last.at, last.id))
            found = session.scalars(wanted.order_by(*(column.desc() for column, _ in AUDIT_ORDER)).limit(CHUNK)).all()
        if found:
            yield found
        if len(found) < CHUNK:
            return
        last = found[-1]


def list_entries_of_party(session: Session, party_id: uuid.UUID, limit: int) -> Sequence[AuditEntry]:
    """The newest entries about a party."""
    about = select(AuditEntry).where(AuditEntry.party_id == party_id)
    return session.scalars(about.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)).all()


def list_actors(session: Session) -> list[tuple[str, str]]:
    """(id, name) of everybody of the staff and of every other system, to choose from."""
    staff = session.execute(select(StaffMember.id, StaffMember.name).order_by(func.lower(StaffMember.name))).all()
    return [*((str(row[0]), row[1]) for row in staff), *list_systems(session)]


def list_systems(session: Session) -> list[tuple[str, str]]:
    """(client id, name) of every system that may call us."""
    clients = select(OAuthClient.client_id, OAuthClient.name).order_by(OAuthClient.name)
    return [(row[0], row[1]) for row in session.execute(clients)]


def names_of(session: Session, entries: Iterable[AuditEntry]) -> Names:
    """What the parties, staff and systems of some entries are called now: three queries, however many entries."""
    known = list(entries)
    parties = {one.party_id for one in known if one.party_id is not None}
    parties |= {found for one in known if one.actor_kind == "party" and (found := as_id(one.actor_id))}
    parties |= {found for one in known if one.subject == "party" and (found := as_id(one.subject_id))}
    staff = {found for one in known if one.subject == "staff" and (found := as_id(one.subject_id))}
    clients = {one.subject_id for one in known if one.subject == "client"}
    clients |= {one.actor_id for one in known if one.actor_kind == "client"}
    return Names(
        parties=dict(session.execute(select(Party.id, Party.name).where(Party.id.in_(parties))).all()),
        staff={
            str(row[0]): row[1]
            for row in session.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(staff)))
        },
        clients=dict(
            session.execute(
                select(OAuthClient.client_id, OAuthClient.name).where(OAuthClient.client_id.in_(clients))
            ).all()
        ),
    )


def as_id(text: str) -> uuid.UUID | None:
    """The id that a text is, if it is one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _about_party(session: Session, text: str) -> ColumnElement[bool]:
    if (exact := as_id(text)) is not None:
        return AuditEntry.party_id == exact
    by_name = PartyFilter(q=text)
    by_document = PartyFilter(document=text) if any(c.isdigit() for c in text) else None
    return _of_parties(session, [one for one in (by_name, by_document) if one is not None])


def _anywhere(session: Session, text: str) -> ColumnElement[bool]:
    """Who acted or what it was done to. Whoever writes a letter's or a batch's id finds it as well."""
    words = searchable(text).split()
    staff = [str(one.id) for one in session.scalars(select(StaffMember)) if _has(words, one.name, one.username)]
    clients = [one.client_id for one in session.scalars(select(OAuthClient)) if _has(words, one.name, one.client_id)]
    actors = [*staff, *clients]
    choices = [_of_parties(session, [PartyFilter(q=text)]), AuditEntry.subject_id == text]
    if actors:
        choices += [AuditEntry.actor_id.in_(actors), AuditEntry.subject_id.in_(actors)]
    people = session.scalars(_people(PartyFilter(q=text)).limit(FEW + 1)).all()
    if 0 < len(people) <= FEW:  # what they did in the area of others is about those others
        choices.append(AuditEntry.actor_id.in_([str(one) for one in people]))
    return or_(*choices)


def _people(chosen: PartyFilter) -> Select[uuid.UUID]:
    """The ids of the parties that pass a filter, and of the guests: here both are people who did something."""
    return select(Party.id).where(*conditions_of(chosen))


def _of_parties(session: Session, filters: Sequence[PartyFilter]) -> ColumnElement[bool]:
    """Of few parties their ids are named, which leads to the index; of many the newest entries are soon found."""
    chosen = [_people(one) for one in filters]
    few: set[uuid.UUID] = set()
    for one in chosen:
        found = session.scalars(one.limit(FEW + 1)).all()
        if len(found) > FEW:
            return or_(*(AuditEntry.party_id.in_(one) for one in chosen))
        few.update(found)
    return AuditEntry.party_id.in_(few) if few else false()


def _has(words: Sequence[str], *texts: str) -> bool:
    text = searchable(" ".join(texts))
    return all(word in text for word in words)
