"""Reads of single-use links that still work."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from services.identity.models.credentials import Credential, SecretLink
from services.identity.models.parties import Party
from services.identity.queries.parties import PartyFilter, conditions_of
from services.identity.rules.lifecycle import ISSUED
from shared import clock
from shared.web.paging import Order

SOONEST: list[Order] = [(SecretLink.expires_at, False), (SecretLink.id, False)]


@dataclass(frozen=True, kw_only=True)
class LinkFilter:
    """Which links; what is None or empty does not filter. `expires_before` is exclusive."""

    q: str = ""
    document: str = ""
    party_id: uuid.UUID | None = None
    batch_id: uuid.UUID | None = None
    purpose: str = ""
    expires_before: datetime | None = None


def live_links(chosen: LinkFilter) -> Select[*tuple[Any, ...]]:
    """The links that work at this moment and pass a filter, unordered; each with its party and who issued it.

    `issued_by` is None for a link that the client asked for (a forgotten password).
    """
    conditions = [is_live(), *conditions_of(PartyFilter(q=chosen.q, document=chosen.document))]
    if chosen.party_id:
        conditions.append(SecretLink.party_id == chosen.party_id)
    if chosen.batch_id:
        conditions.append(Credential.batch_id == chosen.batch_id)
    if chosen.purpose:
        conditions.append(SecretLink.purpose == chosen.purpose)
    if chosen.expires_before:
        conditions.append(SecretLink.expires_at < chosen.expires_before)
    columns = select(
        SecretLink.id,
        SecretLink.purpose,
        SecretLink.party_id,
        SecretLink.credential_id,
        SecretLink.created_at,
        SecretLink.expires_at,
        Party.name,
        Party.document_type,
        Party.document_number,
        Credential.issued_by,
        Credential.batch_id,
    )
    return _joined(columns).where(*conditions)


def list_live_links(session: Session, chosen: LinkFilter, limit: int = 100) -> list[Any]:
    """Those that expire first."""
    found = live_links(chosen).order_by(SecretLink.expires_at, SecretLink.id).limit(limit)
    return list(session.execute(found))


def count_live_links(session: Session, link_ids: list[uuid.UUID]) -> int:
    """How many of these links still work."""
    counted = _joined(select(func.count())).where(SecretLink.id.in_(link_ids), is_live())
    return session.scalar(counted) or 0


def lock_live_links(session: Session, link_ids: list[uuid.UUID]) -> list[SecretLink]:
    """Those of these links that still work, as rows. The caller holds the rows of the parties."""
    found = _joined(select(SecretLink)).where(SecretLink.id.in_(link_ids), is_live())
    return list(session.scalars(found.execution_options(populate_existing=True)))


def is_live() -> ColumnElement[bool]:
    """The condition that a link works: unused, in time, and of a credential that still waits for its password."""
    return and_(
        SecretLink.used_at.is_(None),
        SecretLink.voided_at.is_(None),
        SecretLink.expires_at > clock.now(),
        Party.active,
        or_(SecretLink.credential_id.is_(None), Credential.state == ISSUED),
    )


def _joined(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    joined = statement.select_from(SecretLink).join(Party, Party.id == SecretLink.party_id)
    return joined.outerjoin(Credential, Credential.id == SecretLink.credential_id)
