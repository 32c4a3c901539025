"""Reads of credentials and links."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from services.identity.models.credentials import Credential, SealingKey, SecretLink
from services.identity.rules.lifecycle import LIVING


def list_credentials(session: Session, party_id: uuid.UUID, limit: int | None = None) -> Sequence[Credential]:
    """Every credential that a party ever had, the newest first; no more than `limit` of them."""
    statement = select(Credential).where(Credential.party_id == party_id)
    return session.scalars(statement.order_by(Credential.issued_at.desc(), Credential.id.desc()).limit(limit)).all()


def list_links(session: Session, party_id: uuid.UUID, limit: int) -> Sequence[SecretLink]:
    """The single-use links of a party, the newest first."""
    statement = select(SecretLink).where(SecretLink.party_id == party_id)
    return session.scalars(statement.order_by(SecretLink.created_at.desc(), SecretLink.id.desc()).limit(limit)).all()


def list_living(session: Session, party_ids: Iterable[uuid.UUID]) -> Sequence[Credential]:
    """The issued and active credentials of some parties, as they are now."""
    statement = select(Credential).where(Credential.party_id.in_(set(party_ids)), Credential.state.in_(LIVING))
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def list_superseded(session: Session, by: Iterable[uuid.UUID]) -> Sequence[Credential]:
    """The credentials whose place was taken by these."""
    statement = select(Credential).where(Credential.superseded_by.in_(set(by)))
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def list_parties_of(session: Session, credential_ids: Iterable[uuid.UUID]) -> Sequence[uuid.UUID]:
    """To whom these credentials belong."""
    return session.scalars(select(Credential.party_id).where(Credential.id.in_(set(credential_ids))).distinct()).all()


def list_unused(session: Session, moment: datetime, limit: int) -> Sequence[uuid.UUID]:
    """Credentials that nobody used until `expires_at` passed."""
    statement = select(Credential.id).where(
        Credential.expires_at.is_not(None),
        Credential.expires_at <= moment,
        Credential.first_used_at.is_(None),
        Credential.state.in_(LIVING),
    )
    return session.scalars(statement.order_by(Credential.expires_at).limit(limit)).all()


def expires_unused(now: datetime, before: datetime) -> ColumnElement[bool]:
    """Whether a credential was not used yet and will end before a moment if that stays so."""
    return and_(
        Credential.expires_at.is_not(None),
        Credential.expires_at > now,
        Credential.expires_at <= before,
        Credential.first_used_at.is_(None),
        Credential.state.in_(LIVING),
    )


def find_link(session: Session, token_sha256: bytes) -> SecretLink | None:
    """The single-use link of a token."""
    return session.scalar(select(SecretLink).where(SecretLink.token_sha256 == token_sha256))


def find_current_sealing_key(session: Session) -> SealingKey | None:
    """The key of the mailer with which secrets are sealed now."""
    return session.scalar(select(SealingKey).where(SealingKey.current.is_(True)).order_by(SealingKey.fetched_at.desc()))


def list_with_access(session: Session, party_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    """The states of the living credentials of some parties."""
    found: dict[uuid.UUID, set[str]] = {}
    for one in list_living(session, party_ids):
        found.setdefault(one.party_id, set()).add(one.state)
    return found
