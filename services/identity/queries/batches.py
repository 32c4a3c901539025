"""Who belongs to a batch, and the batches themselves."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.identity.models.batches import BatchDraft, BatchMember, BatchPick, CredentialBatch, DraftPick
from services.identity.models.parties import Party
from services.identity.queries.parties import has_access, is_party
from services.identity.rules import eligibility as why
from services.identity.rules.eligibility import BLOCKED_STATES


@dataclass(frozen=True)
class Preview:
    """How many letters would go out, and for each party that gets none the reason."""

    total: int
    skipped: Sequence[tuple[uuid.UUID, str]]

    @property
    def reasons(self) -> dict[str, int]:
        """How many are skipped for each reason, in the order in which reasons are told."""
        counted = Counter(reason for _, reason in self.skipped)
        return {reason: counted[reason] for reason in why.REASONS if counted[reason]}


def members_of(chosen: CredentialBatch | BatchDraft) -> Select[Any]:
    """(party_id, reason) of everybody whom a batch or a draft means; no reason = a letter.

    One statement for the preview and for the batch itself, so that the preview cannot promise anything else. It is
    filled into `batch_members` by the database alone, however many they are. Of several parties with one address the
    first by code gets the letter.
    """
    picks = _picks(chosen)
    in_class = _in_class(chosen)
    reason = case(
        (~in_class, why.OTHER_CLASS),
        (Party.active.is_(False), why.INACTIVE),
        (Party.email.is_(None), why.NO_EMAIL),
        (Party.email_state.in_(BLOCKED_STATES), why.BLOCKED_ADDRESS),
        *([(has_access(), why.ALREADY_HAS_ACCESS)] if chosen.exclude_with_access else []),
        else_=null(),
    )
    told = select(Party.id, Party.email_key, Party.code, reason.label("reason"))
    inner = told.where(is_party(), _meant(chosen, picks, in_class)).subquery()
    rank = func.row_number().over(
        partition_by=(inner.c.reason.is_(None), inner.c.email_key), order_by=(inner.c.code, inner.c.id)
    )
    ranked = select(inner.c.id, inner.c.reason, rank.label("rank")).subquery()
    final = case((ranked.c.reason.is_not(None), ranked.c.reason), (ranked.c.rank > 1, why.SAME_ADDRESS), else_=null())
    known = select(ranked.c.id.label("party_id"), final.label("reason"))
    if chosen.scope != "only":
        return known
    parties = select(Party.id).where(is_party())
    stranger = select(picks.c.party_id, literal(why.UNKNOWN_PARTY)).where(picks.c.party_id.not_in(parties))
    both = union_all(known, stranger).subquery()
    return select(both.c.party_id, both.c.reason)


def preview_members(session: Session, chosen: CredentialBatch | BatchDraft) -> Preview:
    """Count and explain, without starting anything."""
    members = members_of(chosen).subquery()
    total = session.scalar(select(func.count()).select_from(members).where(members.c.reason.is_(None))) or 0
    skipped = session.execute(
        select(members.c.party_id, members.c.reason).where(members.c.reason.is_not(None)).order_by(members.c.party_id)
    )
    return Preview(total, [(row.party_id, row.reason) for row in skipped])


def _picks(chosen: CredentialBatch | BatchDraft) -> Any:
    if isinstance(chosen, CredentialBatch):
        return select(BatchPick.party_id).where(BatchPick.batch_id == chosen.id).subquery()
    return select(DraftPick.party_id).where(DraftPick.draft_id == chosen.id).subquery()


def _in_class(chosen: CredentialBatch | BatchDraft) -> ColumnElement[bool]:
    return or_(
        Party.is_tenant.is_(True) if chosen.for_tenants else false(),
        Party.is_owner.is_(True) if chosen.for_owners else false(),
    )


def _meant(chosen: CredentialBatch | BatchDraft, picks: Any, in_class: ColumnElement[bool]) -> ColumnElement[bool]:
    picked = Party.id.in_(select(picks.c.party_id))
    return {"all": in_class, "only": picked, "except": in_class & ~picked}[chosen.scope]


def find_batch(session: Session, batch_id: uuid.UUID) -> CredentialBatch | None:
    """One batch."""
    return session.get(CredentialBatch, batch_id)


def find_running_batch(session: Session) -> CredentialBatch | None:
    """The batch that the worker has to carry on: the oldest one."""
    running = select(CredentialBatch).where(CredentialBatch.state == "running")
    return session.scalars(running.order_by(CredentialBatch.requested_at, CredentialBatch.id).limit(1)).first()


def all_batches() -> Select[CredentialBatch]:
    """Every batch, to be paged with BATCH_ORDER."""
    return select(CredentialBatch)


BATCH_ORDER: list[tuple[InstrumentedAttribute[Any], bool]] = [
    (CredentialBatch.requested_at, True),
    (CredentialBatch.id, True),
]


def list_waiting_members(session: Session, batch_id: uuid.UUID, after: uuid.UUID | None, limit: int) -> list[uuid.UUID]:
    """The next members without a credential, by keyset: memory does not grow with the batch."""
    waiting = select(BatchMember.party_id).where(BatchMember.batch_id == batch_id, BatchMember.state == "waiting")
    if after is not None:
        waiting = waiting.where(BatchMember.party_id > after)
    return list(session.scalars(waiting.order_by(BatchMember.party_id).limit(limit)))


def list_picks(session: Session, batch_id: uuid.UUID, limit: int) -> list[uuid.UUID]:
    """Some of the parties that were named in the request."""
    return list(session.scalars(select(BatchPick.party_id).where(BatchPick.batch_id == batch_id).limit(limit)))


def count_reasons(session: Session, batch_id: uuid.UUID) -> dict[str, int]:
    """How many members were skipped for each reason."""
    counts = (
        select(BatchMember.reason, func.count())
        .where(BatchMember.batch_id == batch_id, BatchMember.state == "skipped")
        .group_by(BatchMember.reason)
    )
    found: dict[str | None, int] = {row[0]: row[1] for row in session.execute(counts)}
    return {reason: found[reason] for reason in why.REASONS if found.get(reason)}


def skipped_members(batch_id: uuid.UUID) -> Select[*tuple[Any, ...]]:
    """The skipped members of a batch with what is known of them, to be paged by party_id."""
    return (
        select(
            BatchMember.party_id,
            BatchMember.reason,
            Party.name,
            Party.document_type,
            Party.document_number,
            Party.email,
        )
        .outerjoin(Party, and_(Party.id == BatchMember.party_id, is_party()))
        .where(BatchMember.batch_id == batch_id, BatchMember.state == "skipped")
    )


def duration_of(batch: CredentialBatch, moment: datetime) -> float:
    """Seconds that a batch took, or has taken so far."""
    return ((batch.finished_at or moment) - batch.requested_at).total_seconds()


def list_picked(session: Session, draft_id: uuid.UUID, party_ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these parties are picked in a draft."""
    picked = select(DraftPick.party_id).where(DraftPick.draft_id == draft_id, DraftPick.party_id.in_(party_ids))
    return set(session.scalars(picked))


def skipped_of_preview(chosen: BatchDraft) -> Select[Any]:
    """Who would get no letter, with what is known of them, to be paged by party_id."""
    members = members_of(chosen).subquery()
    return (
        select(
            members.c.party_id, members.c.reason, Party.name, Party.document_type, Party.document_number, Party.email
        )
        .outerjoin(Party, and_(Party.id == members.c.party_id, is_party()))
        .where(members.c.reason.is_not(None))
    )
