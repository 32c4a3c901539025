"""Reads of the copy of parties. Lists, counts and filters hold parties only, never guests."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from services.identity.models.credentials import Credential
from services.identity.models.parties import Party
from services.identity.queries.credentials import expires_unused
from services.identity.rules.eligibility import BLOCKED_STATES
from services.identity.rules.lifecycle import ACTIVE
from services.identity.rules.logins import email_key, is_email, searchable
from shared.documents import login_key

MOST_OWNERS = 4


@dataclass(frozen=True, kw_only=True)
class PartyFilter:
    """The directory's filters, applied to the copy. Empty ones do not filter; they all hold at once."""

    q: str = ""
    document: str = ""
    code: str = ""
    party_class: str = ""
    active: bool | None = None
    email_state: str = ""
    has_access: bool | None = None
    ends_unused: tuple[datetime, datetime] | None = None
    """Who has a key that nobody used yet and that will end between these two moments."""


def find_party(session: Session, party_id: uuid.UUID) -> Party | None:
    """One party of the copy, or a guest."""
    return session.get(Party, party_id)


def count_parties(session: Session) -> int:
    """How many parties the copy holds."""
    return session.scalar(select(func.count()).select_from(Party).where(is_party())) or 0


def list_unknown(session: Session, party_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the ids that the copy does not hold."""
    wanted = list(dict.fromkeys(party_ids))
    known: set[uuid.UUID] = set()
    for start in range(0, len(wanted), 1000):
        some = Party.id.in_(wanted[start : start + 1000])
        known.update(session.scalars(select(Party.id).where(some, is_party())))
    return [one for one in wanted if one not in known]


def lock_parties(session: Session, party_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Party]:
    """The parties (or guests), locked until the transaction ends: whoever changes credentials of a party holds its row.

    Always in the order of their ids, so that two transactions never wait for each other. (On SQLite the transaction
    itself is the lock.)
    """
    statement = select(Party).where(Party.id.in_(set(party_ids))).order_by(Party.id)
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return {party.id: party for party in session.scalars(locked)}


def login_forms(login: str) -> list[str]:
    """The keys under which the party of this login may be kept: one e-mail key, or candidates of a document."""
    return [email_key(login)] if is_email(login) else list(login_key(login))


def list_parties_by_login(session: Session, login: str) -> Sequence[Party]:
    """Who may sign in with this: nearly always one party or none.

    An e-mail address means the guest with it, and the party with it if that one alone has it. A number may be the
    cédula of one party and the NIT of another. Where two are given, the password tells them apart; the guest comes
    first, because a party can also sign in with its number.
    """
    forms = login_forms(login)
    if not forms:
        return []
    if is_email(login):
        owned = select(Party).where(Party.email_key == forms[0]).order_by(Party.is_guest.desc(), Party.id)
        found = session.scalars(owned.limit(3)).all()
        guests, owners = [one for one in found if one.is_guest], [one for one in found if not one.is_guest]
        return [*guests, *(owners if len(owners) == 1 else ())]
    owned = select(Party).where(Party.document_key.in_(forms), is_party())
    return session.scalars(owned.order_by(Party.id).limit(MOST_OWNERS)).all()


def is_party() -> ColumnElement[bool]:
    """Whether a row is a party of the directory: everything but a guest."""
    return Party.is_guest.is_(False)


def has_access() -> ColumnElement[bool]:
    """Whether a party has a valid credential."""
    return exists().where(Credential.party_id == Party.id, Credential.state == ACTIVE)


def parties_matching(chosen: PartyFilter) -> Select[Party]:
    """The parties that pass a filter, unordered."""
    return select(Party).where(is_party(), *conditions_of(chosen))


def conditions_of(chosen: PartyFilter) -> Sequence[ColumnElement[bool]]:
    """A filter as conditions on Party."""
    conditions: list[ColumnElement[bool]] = []
    conditions += [Party.name_search.contains(word, autoescape=True) for word in searchable(chosen.q).split()]
    if chosen.document.strip():
        bare = "".join(c for c in chosen.document if c.isalnum()).upper()
        conditions.append(
            or_(Party.document_key.in_(login_key(chosen.document)), Party.document_key.contains(bare, autoescape=True))
        )
    if chosen.code.strip():
        conditions.append(func.lower(Party.code) == chosen.code.strip().lower())
    if chosen.party_class:
        conditions.append({"tenant": Party.is_tenant, "owner": Party.is_owner}[chosen.party_class].is_(True))
    if chosen.active is not None:
        conditions.append(Party.active.is_(chosen.active))
    if chosen.email_state == "none":
        conditions.append(Party.email.is_(None))
    elif chosen.email_state == "deliverable":
        conditions.append(Party.email_state.not_in(BLOCKED_STATES))
    elif chosen.email_state:
        conditions.append(Party.email_state == chosen.email_state)
    if chosen.has_access is not None:
        conditions.append(has_access() if chosen.has_access else ~has_access())
    if chosen.ends_unused is not None:
        conditions.append(exists().where(Credential.party_id == Party.id, expires_unused(*chosen.ends_unused)))
    return conditions
