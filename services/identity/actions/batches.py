"""Batches: asked for, frozen, issued chunk by chunk. Every step can be repeated after any interruption."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Uuid, case, func, insert, literal, select, update
from sqlalchemy.orm import Session

from services.identity.actions.issuing import Secret, Terms, issue_credentials
from services.identity.models.batches import BatchDraft, BatchMember, BatchPick, CredentialBatch, DraftPick
from services.identity.queries.batches import Preview, list_waiting_members, members_of, preview_members
from shared import clock
from shared.audit import record_act
from shared.db import new_id
from shared.wake import wake

TOPIC = "batches"


@dataclass(frozen=True, kw_only=True)
class BatchWish:
    """What somebody asks for. No class at all means both; picking nobody means everybody."""

    classes: Sequence[str]
    scope: str
    party_ids: Sequence[uuid.UUID]
    delivery: str
    exclude_with_access: bool = False

    @property
    def effective_scope(self) -> str:
        """`only` and `except` of nobody are `all`."""
        return self.scope if self.party_ids else "all"

    def columns(self) -> dict[str, Any]:
        """The wish as the columns that a batch and a draft share."""
        classes = set(self.classes) or {"tenant", "owner"}
        return {
            "for_tenants": "tenant" in classes,
            "for_owners": "owner" in classes,
            "scope": self.effective_scope,
            "delivery": self.delivery,
            "exclude_with_access": self.exclude_with_access,
        }


def start_batch(session: Session, wish: BatchWish, by: str) -> CredentialBatch:
    """Ask for a batch; the worker begins as soon as this commits."""
    batch = add_batch(session, wish, by)
    if picks := [{"batch_id": batch.id, "party_id": one} for one in dict.fromkeys(wish.party_ids)]:
        session.execute(insert(BatchPick), picks)
    record_start(session, batch)
    return batch


def add_batch(session: Session, wish: BatchWish, by: str) -> CredentialBatch:
    """The row of a batch, still without its picks; the worker is told of it."""
    batch = CredentialBatch(
        id=new_id(), state="running", total=0, issued=0, skipped=0, requested_at=clock.now(), requested_by=by,
        **wish.columns(),
    )  # fmt: skip
    session.add(batch)
    session.flush()
    wake(session, TOPIC)
    return batch


def record_start(session: Session, batch: CredentialBatch, count: int | None = None) -> None:
    """Record that a batch was started; `count`: how many letters were promised, if that was counted."""
    details = {"classes": ", ".join(batch.classes), "scope": batch.scope, "delivery": batch.delivery}
    record_act(session, "identity", "batch.started", subject="batch", subject_id=batch.id, count=count, details=details)


def preview_wish(session: Session, wish: BatchWish) -> Preview:
    """What `start_batch` would do with this wish. Nothing is kept: the picks go through a table that is rolled back."""
    savepoint = session.begin_nested()
    try:
        draft = BatchDraft(id=new_id(), staff_id=new_id(), updated_at=clock.now(), **wish.columns())
        session.add(draft)
        session.flush()
        if picks := [{"draft_id": draft.id, "party_id": one} for one in dict.fromkeys(wish.party_ids)]:
            session.execute(insert(DraftPick), picks)
        return preview_members(session, draft)
    finally:
        savepoint.rollback()


def freeze_batch(session: Session, batch_id: uuid.UUID) -> None:
    """Settle who belongs to a batch, once; the database copies the rows, none of them comes through here."""
    batch = _lock_batch(session, batch_id)
    if batch.frozen_at is not None:
        return
    members = members_of(batch).subquery()
    state = case((members.c.reason.is_(None), "waiting"), else_="skipped")
    rows = select(literal(batch.id, Uuid()), members.c.party_id, state, members.c.reason)
    session.execute(insert(BatchMember).from_select(["batch_id", "party_id", "state", "reason"], rows))
    counts: dict[str, int] = dict(
        session.execute(
            select(BatchMember.state, func.count()).where(BatchMember.batch_id == batch.id).group_by(BatchMember.state)
        ).all()
    )
    batch.total, batch.skipped = counts.get("waiting", 0), counts.get("skipped", 0)
    batch.frozen_at = clock.now()
    _finish_if_done(session, batch)


def issue_chunk(session: Session, batch_id: uuid.UUID, secrets: Mapping[uuid.UUID, Secret], terms: Terms) -> None:
    """Issue to some members, if they still wait. Credentials, events and progress commit together, or none of them.

    The update that takes members out of `waiting` decides: whoever repeats a chunk finds nobody left in it.
    """
    batch = _lock_batch(session, batch_id)
    taken = session.scalars(
        update(BatchMember)
        .where(
            BatchMember.batch_id == batch_id, BatchMember.party_id.in_(list(secrets)), BatchMember.state == "waiting"
        )
        .values(state="issued")
        .returning(BatchMember.party_id)
        .execution_options(synchronize_session=False)
    ).all()
    outcome = issue_credentials(session, {one: secrets[one] for one in taken}, terms)
    for reason in set(outcome.refused.values()):  # changed since the batch was frozen
        late = [one for one, why in outcome.refused.items() if why == reason]
        session.execute(
            update(BatchMember)
            .where(BatchMember.batch_id == batch_id, BatchMember.party_id.in_(late))
            .values(state="skipped", reason=reason)
            .execution_options(synchronize_session=False)
        )
    batch.issued += len(outcome.issued)
    batch.skipped += len(outcome.refused)
    batch.total -= len(outcome.refused)
    batch.problem = None
    _finish_if_done(session, batch)


def note_problem(session: Session, batch_id: uuid.UUID, problem: str) -> None:
    """Tell whoever watches why a batch stands still; it is tried again."""
    session.execute(update(CredentialBatch).where(CredentialBatch.id == batch_id).values(problem=problem))


def _finish_if_done(session: Session, batch: CredentialBatch) -> None:
    if not list_waiting_members(session, batch.id, None, 1):
        batch.state, batch.finished_at = "finished", clock.now()


def _lock_batch(session: Session, batch_id: uuid.UUID) -> CredentialBatch:
    locked = select(CredentialBatch).where(CredentialBatch.id == batch_id).with_for_update(key_share=True)
    return session.scalars(locked.execution_options(populate_existing=True)).one()
