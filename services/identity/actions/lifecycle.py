"""Carrying out what `rules/lifecycle.py` says, for any number of credentials at once.

Each function takes the rows of the parties first (`lock_parties`), looks at the credentials as they are under that
lock, and changes them with updates that name the state they start from. So a use and the cancelling of the letter that
race for one credential have exactly one winner.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, update
from sqlalchemy.orm import Session

from services.identity.models.credentials import Credential, SecretLink
from services.identity.queries.credentials import list_living, list_parties_of, list_superseded
from services.identity.queries.parties import lock_parties
from services.identity.rules.lifecycle import ACTIVE, ISSUED, keeps_its_hash, may_return, state_after, states_before
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.events.identity import CredentialActivated, CredentialRevoked
from shared.outbox import publish

SYSTEM = "system"


def deliver_credentials(session: Session, credential_ids: Collection[uuid.UUID], delivered_at: datetime) -> None:
    """Their letters were accepted: passwords become the valid ones, the former ones end."""
    _activate(session, credential_ids, "delivered", delivered_at)
    session.execute(
        update(Credential)
        .where(Credential.id.in_(set(credential_ids)), Credential.delivered_at.is_(None))
        .values(delivered_at=delivered_at)
        .execution_options(synchronize_session=False)
    )


def use_credential(session: Session, credential_id: uuid.UUID) -> bool:
    """Somebody proved to know it. True if it is the valid one now; False if it ended meanwhile."""
    moment = clock.now()
    used = (
        update(Credential)
        .where(Credential.id == credential_id, Credential.state == ACTIVE)
        .values(first_used_at=func.coalesce(Credential.first_used_at, moment))
        .execution_options(synchronize_session=False)
    )
    _activate(session, [credential_id], "used", moment)
    return bool(getattr(session.execute(used), "rowcount", 0))


def fail_letters(session: Session, credential_ids: Collection[uuid.UUID], happening: str) -> None:
    """Their letters were cancelled (`letter_cancelled`) or never arrived (`letter_failed`): the former ones stay valid.

    Where a letter came back after it had been accepted, the former credential is valid again, unless somebody used the
    new one.
    """
    parties = list_parties_of(session, credential_ids)
    lock_parties(session, parties)
    wanted = set(credential_ids)
    ended = end_credentials(
        session, [one for one in list_living(session, parties) if one.id in wanted], happening, by=SYSTEM
    )
    taken = {one.party_id for one in list_living(session, [one.party_id for one in ended]) if one.state == ACTIVE}
    _restore(session, [one for one in list_superseded(session, [one.id for one in ended]) if one.party_id not in taken])


def revoke_access(session: Session, party_id: uuid.UUID, by: str) -> int:
    """Take every credential and every open link from a party; returns how many credentials ended."""
    lock_parties(session, [party_id])
    ended = end_credentials(session, list_living(session, [party_id]), "revoked", by=by)
    void_links(session, [party_id])
    if ended:
        record_act(session, "identity", "credential.revoked", party_id=party_id, count=len(ended))
    return len(ended)


def expire_credentials(session: Session, credential_ids: Collection[uuid.UUID]) -> int:
    """End initial credentials that nobody used in time; returns how many."""
    parties = list_parties_of(session, credential_ids)
    lock_parties(session, parties)
    wanted = set(credential_ids)
    unused = [one for one in list_living(session, parties) if one.id in wanted]
    return len(end_credentials(session, unused, "expired", by=SYSTEM))


def end_credentials(
    session: Session, credentials: Sequence[Credential], happening: str, *, by: str
) -> list[Credential]:
    """End those credentials that `happening` ends, and tell of it. The caller holds the parties' rows."""
    ending = [(one, after) for one in credentials if (after := state_after(one, happening)) is not None]
    by_state: dict[str, list[uuid.UUID]] = {}
    for one, after in ending:
        by_state.setdefault(after, []).append(one.id)
    values = {"ended_at": clock.now(), "end_reason": happening, "ended_by": by}
    if not keeps_its_hash(happening):
        values["password_hash"] = None
    for after, ids in by_state.items():
        session.execute(
            update(Credential)
            .where(Credential.id.in_(ids), Credential.state.in_(states_before(happening)))
            .values(state=after, **values)
            .execution_options(synchronize_session=False)
        )
    publish(
        session,
        *(CredentialRevoked(credential_id=one.id, party_id=one.party_id, reason=happening) for one, _ in ending),
    )
    return [one for one, _ in ending]


def void_links(session: Session, party_ids: Collection[uuid.UUID]) -> None:
    """Make every open link of these parties useless."""
    session.execute(
        update(SecretLink)
        .where(SecretLink.party_id.in_(set(party_ids)), SecretLink.used_at.is_(None), SecretLink.voided_at.is_(None))
        .values(voided_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _activate(session: Session, credential_ids: Collection[uuid.UUID], happening: str, moment: datetime) -> None:
    parties = list_parties_of(session, credential_ids)
    lock_parties(session, parties)
    wanted, living = set(credential_ids), list_living(session, parties)
    rising = {one.party_id: one for one in living if one.id in wanted and state_after(one, happening) == ACTIVE}
    former = [one for one in living if one.state == ACTIVE and one.party_id in rising]
    _note_successors(session, [(one.id, rising[one.party_id].id) for one in former])
    # The former ones first: the database allows one active credential for each party at any moment.
    end_credentials(session, former, "superseded", by=SYSTEM)
    _set_active(session, list(rising.values()), happening, moment)


def _note_successors(session: Session, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    if not pairs:
        return
    statement = (
        update(Credential)
        .where(Credential.id == bindparam("former"))
        .values(superseded_by=bindparam("successor"))
        .execution_options(synchronize_session=False)
    )
    session.connection().execute(statement, [{"former": former, "successor": new} for former, new in pairs])


def _set_active(session: Session, credentials: Sequence[Credential], happening: str, moment: datetime) -> None:
    if not credentials:
        return
    session.execute(
        update(Credential)
        .where(Credential.id.in_([one.id for one in credentials]), Credential.state == ISSUED)
        .values(state=ACTIVE, activated_at=moment)
        .execution_options(synchronize_session=False)
    )
    events = [CredentialActivated(credential_id=one.id, party_id=one.party_id, how=happening) for one in credentials]
    publish(session, *events)


def _restore(session: Session, superseded: Sequence[Credential]) -> None:
    """Give the former passwords back, as credentials of their own: the end of the former ones was told already."""
    back = {one.party_id: one for one in superseded if may_return(one)}
    if not back:
        return
    moment = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "party_id": one.party_id,
            "state": ACTIVE,
            "origin": one.origin,
            "delivery": "none",
            "password_hash": one.password_hash,
            "issued_at": moment,
            "issued_by": SYSTEM,
            "expires_at": one.expires_at,
            "delivered_at": one.delivered_at,
            "activated_at": moment,
            "first_used_at": one.first_used_at,
        }
        for one in back.values()
    ]
    session.execute(
        update(Credential)
        .where(Credential.id.in_([one.id for one in back.values()]))
        .values(password_hash=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(insert(Credential), rows)
    publish(
        session, *(CredentialActivated(credential_id=r["id"], party_id=r["party_id"], how="restored") for r in rows)
    )
