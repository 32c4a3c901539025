"""Revoking single-use links before they are used."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.identity.actions.lifecycle import end_credentials
from services.identity.models.credentials import Credential, SecretLink
from services.identity.queries.links import lock_live_links
from services.identity.queries.parties import lock_parties
from shared import clock
from shared.audit import record_act


def revoke_links(session: Session, link_ids: Sequence[uuid.UUID], by: str) -> int:
    """Make links useless; returns how many still worked. A credential that only its link could complete ends with it,
    so that a letter that waits does not go out; a password that worked before goes on."""
    owners = session.scalars(select(SecretLink.party_id).where(SecretLink.id.in_(link_ids))).all()
    lock_parties(session, owners)
    links = lock_live_links(session, list(link_ids))
    if not links:
        return 0
    voided = update(SecretLink).where(SecretLink.id.in_([one.id for one in links]), SecretLink.used_at.is_(None))
    session.execute(voided.values(voided_at=clock.now()).execution_options(synchronize_session=False))
    waiting = select(Credential).where(Credential.id.in_([one.credential_id for one in links if one.credential_id]))
    end_credentials(session, session.scalars(waiting).all(), "revoked", by=by)
    party_id = links[0].party_id if len(links) == 1 else None
    link_id = links[0].id if len(links) == 1 else ""
    record_act(
        session, "identity", "link.revoked", subject="link", subject_id=link_id, party_id=party_id, count=len(links)
    )
    return len(links)
