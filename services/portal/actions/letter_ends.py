"""How letters ended, as the mailer tells: the mail history knows it, and which addresses nothing reaches."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.portal.models import FormerLetter, Notice, UnreachableAddress
from services.portal.rules.contacts import address_key
from services.portal.rules.notices import RAISED, WITHDRAWN
from shared.db import insert_into

CHUNK = 500


@dataclass(frozen=True)
class LetterEnd:
    """That the letter of a notice ended so; `state` of sent, withdrawn, failed or bounced."""

    notice_id: uuid.UUID
    state: str
    at: datetime


def note_ends(session: Session, ends: Iterable[LetterEnd]) -> None:
    """Remember how letters ended. In whatever order it is told, and however often, the last thing that happened stays.

    Letters that are about no notice of ours are left out.
    """
    newest: dict[uuid.UUID, LetterEnd] = {}
    for end in ends:
        known = newest.get(end.notice_id)
        newest[end.notice_id] = end if known is None or end.at >= known.at else known
    told = list(newest)
    for start in range(0, len(told), CHUNK):
        _note(session, {key: newest[key] for key in told[start : start + CHUNK]})


def _note(session: Session, ends: Mapping[uuid.UUID, LetterEnd]) -> None:
    former = select(FormerLetter.of_id, FormerLetter.notice_id).where(FormerLetter.notice_id.in_(ends))
    of = {row.of_id: ends[row.notice_id] for row in session.execute(former)}
    wanted = select(Notice.id, Notice.notice_id, Notice.state, Notice.ended_at)
    wanted = wanted.where(Notice.notice_id.in_(ends) | Notice.id.in_(of)).order_by(Notice.id).with_for_update()
    changed = []
    for row in session.execute(wanted):
        # Where the words were to change and the former letter had gone already, that one is what was told.
        end = ends.get(row.notice_id) or of[row.id]
        if _counts(end, row.state, row.ended_at):
            changed.append({"id": row.id, "state": end.state, "ended_at": end.at})
    if changed:
        session.execute(update(Notice), changed)


def _counts(end: LetterEnd, state: str, ended_at: datetime | None) -> bool:
    if state == RAISED or ended_at is None:
        return True
    if end.state == WITHDRAWN:
        return False
    return state == WITHDRAWN or end.at > ended_at  # what we took back may have left just before


def forget_letters(session: Session, before: datetime, limit: int = 2000) -> bool:
    """Forget letters that were raised before a moment; True while there may be more."""
    # Their ids are in the order of time (UUIDv7).
    first = uuid.UUID(int=int(before.timestamp() * 1000) << 80)
    old = session.scalars(select(Notice.id).where(Notice.id < first).order_by(Notice.id).limit(limit)).all()
    for start in range(0, len(old), CHUNK):
        session.execute(delete(Notice).where(Notice.id.in_(old[start : start + CHUNK])))
    return len(old) == limit


def mark_unreachable(session: Session, addresses: Iterable[tuple[str, datetime]]) -> None:
    """Nothing is sent to these addresses any more, since then."""
    rows = {address_key(address): since for address, since in addresses}
    for key in sorted(rows):
        statement = insert_into(session, UnreachableAddress).values(address_key=key, since=rows[key])
        session.execute(statement.on_conflict_do_nothing(index_elements=["address_key"]))


def mark_reachable(session: Session, addresses: Iterable[tuple[str, datetime]]) -> None:
    """Somebody of the staff said then that these addresses may be written to again."""
    for address, at in addresses:
        key = address_key(address)
        gone = delete(UnreachableAddress).where(UnreachableAddress.address_key == key, UnreachableAddress.since <= at)
        session.execute(gone)
