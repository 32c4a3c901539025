"""Reading who is signed in."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, contains_eager, joinedload

from services.portal.models import ClientSession, Contact, EndedCredential, Party
from services.portal.queries.accounts import has_another_account
from services.portal.queries.searching import matches_party
from services.portal.rules.sessions import Lifetime
from shared.web.paging import Page, paginate


@dataclass(frozen=True)
class Client:
    """A party that has signed in at least once, or lets somebody in who has, as the back office lists it."""

    id: uuid.UUID
    name: str
    code: str
    document_type: str
    document_number: str
    classes: list[str]
    active: bool
    last_sign_in_at: datetime | None
    """Of the client themself."""
    open_sessions: int


def find_session(session: Session, token_hash: bytes) -> tuple[ClientSession, bool] | None:
    """The session with this token that nobody has ended, with its party and, of somebody whom the party let in, the
    contact and the person; it may have expired. And whether other areas open to whoever signed in."""
    row = session.execute(
        select(ClientSession, has_another_account())
        .join(ClientSession.party)
        .outerjoin(ClientSession.contact)
        .outerjoin(Contact.person)
        .options(
            contains_eager(ClientSession.party),
            contains_eager(ClientSession.contact).contains_eager(Contact.person),
        )
        .where(ClientSession.token_hash == token_hash, ClientSession.ended_at.is_(None))
    ).one_or_none()
    return (row[0], bool(row[1])) if row else None


def has_ended(session: Session, credential_id: uuid.UUID) -> bool:
    """Whether identity has told that this credential works no longer."""
    return session.get(EndedCredential, credential_id) is not None


def is_open(lifetime: Lifetime, now: datetime) -> ColumnElement[bool]:
    """The condition that a session can be used; the same as `not is_expired` with nobody having ended it."""
    return and_(
        ClientSession.ended_at.is_(None),
        ClientSession.created_at > now - lifetime.absolute,
        ClientSession.last_seen_at > now - lifetime.idle,
    )


def list_open_sessions(
    session: Session, subject_id: uuid.UUID, lifetime: Lifetime, now: datetime
) -> Sequence[ClientSession]:
    """In which browsers somebody is signed in, each with the party whose area it shows, the latest seen first."""
    mine = _latest_seen().where(ClientSession.subject_id == subject_id, is_open(lifetime, now))
    return session.scalars(mine.options(joinedload(ClientSession.party))).all()


def list_sessions_about(
    session: Session, party_id: uuid.UUID, lifetime: Lifetime, now: datetime
) -> Sequence[ClientSession]:
    """In which browsers a client is signed in, wherever they look, and whoever the client lets in; the latest seen
    first, each with its party, contact and person."""
    theirs = _latest_seen().where(about(party_id), is_open(lifetime, now))
    contact = joinedload(ClientSession.contact)
    return session.scalars(theirs.options(joinedload(ClientSession.party), contact.joinedload(Contact.person))).all()


def who_signed_in(one: ClientSession) -> str:
    """The name of whoever a session of `list_sessions_about` is of."""
    person = one.contact.person if one.contact else None
    return person.name if person else one.party.name


def about(party_id: uuid.UUID | InstrumentedAttribute[uuid.UUID]) -> ColumnElement[bool]:
    """The condition that a session is the client's own, or shows the client's area."""
    return or_(ClientSession.party_id == party_id, ClientSession.subject_id == party_id)


def _latest_seen() -> Select[ClientSession]:
    return select(ClientSession).order_by(ClientSession.last_seen_at.desc(), ClientSession.id.desc())


def count_open_sessions(session: Session, lifetime: Lifetime, now: datetime) -> int:
    """How many browsers are signed in at this moment."""
    return session.scalar(select(func.count()).select_from(ClientSession).where(is_open(lifetime, now))) or 0


def count_clients(session: Session) -> int:
    """How many parties have ever signed in."""
    return session.scalar(select(func.count()).select_from(Party).where(Party.last_sign_in_at.is_not(None))) or 0


def list_clients(
    session: Session,
    lifetime: Lifetime,
    now: datetime,
    *,
    text: str = "",
    signed_in: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Client]:
    """Those who have signed in, the latest first; `text` is looked for in name, document and code."""
    statement = _clients(lifetime, now).where(Party.last_sign_in_at.is_not(None))
    if text.strip():
        statement = statement.where(matches_party(text))
    if signed_in:
        statement = statement.where(_open_sessions(lifetime, now) > 0)
    order = [(Party.last_sign_in_at, True), (Party.id, True)]
    page = paginate(session, statement, order, cursor=cursor, limit=limit)
    return Page([Client(**row._mapping) for row in page.items], page.next, page.previous)


def find_client(session: Session, party_id: uuid.UUID, lifetime: Lifetime, now: datetime) -> Client | None:
    """One of those who have signed in, or of whose area somebody has."""
    seen = exists().where(ClientSession.party_id == Party.id)
    row = session.execute(
        _clients(lifetime, now).where(Party.id == party_id, or_(Party.last_sign_in_at.is_not(None), seen))
    ).one_or_none()
    return Client(**row._mapping) if row else None


def _clients(lifetime: Lifetime, now: datetime) -> Select[*tuple[Any, ...]]:
    return select(
        Party.id,
        Party.name,
        Party.code,
        Party.document_type,
        Party.document_number,
        Party.classes,
        Party.active,
        Party.last_sign_in_at,
        _open_sessions(lifetime, now).label("open_sessions"),
    )


def _open_sessions(lifetime: Lifetime, now: datetime) -> ColumnElement[int]:
    counted = select(func.count()).select_from(ClientSession)
    return counted.where(about(Party.id), is_open(lifetime, now)).correlate(Party).scalar_subquery()
