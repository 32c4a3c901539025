"""The selection that an agent puts together before a batch: kept in the database, page by page."""

import uuid
from collections.abc import Collection

from sqlalchemy import Uuid, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from services.identity.actions.batches import BatchWish, add_batch, record_start
from services.identity.models.batches import BatchDraft, BatchPick, CredentialBatch, DraftPick
from services.identity.models.parties import Party
from services.identity.queries.parties import PartyFilter, parties_matching
from shared import clock
from shared.db import new_id


class AlreadyStarted(Exception):
    """This selection became a batch before: a button pressed twice."""


def ensure_draft(session: Session, staff_id: uuid.UUID) -> BatchDraft:
    """The draft of this staff member, made if there is none."""
    draft = session.scalar(select(BatchDraft).where(BatchDraft.staff_id == staff_id))
    if draft is None:
        draft = BatchDraft(
            id=new_id(), staff_id=staff_id, for_tenants=True, for_owners=True, scope="all", delivery="password",
            exclude_with_access=False, updated_at=clock.now(),
        )  # fmt: skip
        session.add(draft)
        session.flush()
    return draft


def change_draft(
    draft: BatchDraft, *, classes: Collection[str], scope: str, delivery: str, exclude_with_access: bool
) -> None:
    """Keep what was chosen on the page."""
    draft.for_tenants, draft.for_owners = "tenant" in classes, "owner" in classes
    draft.scope, draft.delivery, draft.exclude_with_access = scope, delivery, exclude_with_access
    draft.updated_at = clock.now()


def tick_parties(
    session: Session, draft: BatchDraft, shown: Collection[uuid.UUID], ticked: Collection[uuid.UUID]
) -> None:
    """Of the rows that were shown, those with a tick belong to the selection now, the others do not."""
    session.execute(delete(DraftPick).where(DraftPick.draft_id == draft.id, DraftPick.party_id.in_(set(shown))))
    if rows := [{"draft_id": draft.id, "party_id": one} for one in set(ticked) & set(shown)]:
        session.execute(insert(DraftPick), rows)
    _picking_means_a_scope(draft, bool(rows))


def tick_matching(session: Session, draft: BatchDraft, chosen: PartyFilter) -> None:
    """Add everybody whom a filter finds, on all of its pages."""
    known = select(DraftPick.party_id).where(DraftPick.draft_id == draft.id)
    found = parties_matching(chosen).with_only_columns(Party.id).where(Party.id.not_in(known)).subquery()
    rows = select(literal(draft.id, Uuid()), found.c.id)
    session.execute(insert(DraftPick).from_select(["draft_id", "party_id"], rows))
    _picking_means_a_scope(draft, True)


def untick_all(session: Session, draft: BatchDraft) -> None:
    """Begin the selection anew."""
    session.execute(delete(DraftPick).where(DraftPick.draft_id == draft.id))
    draft.updated_at = clock.now()


def count_picks(session: Session, draft: BatchDraft) -> int:
    """How many are picked."""
    return session.scalar(select(func.count()).select_from(DraftPick).where(DraftPick.draft_id == draft.id)) or 0


def as_it_counts(session: Session, draft: BatchDraft) -> BatchDraft:
    """The draft as a batch would understand it: picking nobody means everybody. A copy, never written."""
    return BatchDraft(
        id=draft.id,
        for_tenants=draft.for_tenants,
        for_owners=draft.for_owners,
        scope=draft.scope if count_picks(session, draft) else "all",
        delivery=draft.delivery,
        exclude_with_access=draft.exclude_with_access,
    )


def start_from_draft(
    session: Session, draft_id: uuid.UUID, staff_id: uuid.UUID, by: str, *, count: int | None = None
) -> CredentialBatch:
    """Turn the draft into a batch; it is gone afterwards, so that pressing twice starts once. Raises AlreadyStarted.

    `count`: how many letters the preview promised, for the audit trail.
    """
    taken = select(BatchDraft).where(BatchDraft.id == draft_id, BatchDraft.staff_id == staff_id).with_for_update()
    draft = session.scalar(taken.execution_options(populate_existing=True))
    if draft is None:
        raise AlreadyStarted
    meant = as_it_counts(session, draft)
    classes = [name for name, wanted in (("tenant", meant.for_tenants), ("owner", meant.for_owners)) if wanted]
    wish = BatchWish(
        classes=classes,
        scope=meant.scope,
        party_ids=[],
        delivery=meant.delivery,
        exclude_with_access=meant.exclude_with_access,
    )
    batch = add_batch(session, wish, by)
    if meant.scope != "all":
        batch.scope = meant.scope
        picks = select(literal(batch.id, Uuid()), DraftPick.party_id).where(DraftPick.draft_id == draft.id)
        session.execute(insert(BatchPick).from_select(["batch_id", "party_id"], picks))
    session.delete(draft)
    record_start(session, batch, count)
    return batch


def _picking_means_a_scope(draft: BatchDraft, picked: bool) -> None:
    # Somebody who ticks people does not mean everybody, even if the choice above still says so.
    if picked and draft.scope == "all":
        draft.scope = "only"
    draft.updated_at = clock.now()
