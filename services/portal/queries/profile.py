"""Reading which new e-mail addresses clients asked for."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import EmailChange, Party
from services.portal.rules.profile import CONFIRMED


def find_newest_change(session: Session, party_id: uuid.UUID) -> EmailChange | None:
    """What a party asked for last."""
    wanted = select(EmailChange).where(EmailChange.party_id == party_id).order_by(EmailChange.id.desc())
    return session.scalar(wanted.limit(1))


def find_change_by_token(session: Session, party_id: uuid.UUID, token_hash: bytes) -> EmailChange | None:
    """The change of this party that a link is for."""
    same = (EmailChange.party_id == party_id, EmailChange.token_hash == token_hash)
    return session.scalar(select(EmailChange).where(*same))


def count_changes_since(session: Session, party_id: uuid.UUID, since: datetime) -> int:
    """How many addresses a party has asked for lately."""
    wanted = select(func.count()).where(EmailChange.party_id == party_id, EmailChange.created_at > since)
    return session.scalar(wanted) or 0


def list_confirmed_changes(session: Session, limit: int) -> Sequence[tuple[EmailChange, str]]:
    """What the directory does not know yet, each with its party's name, in the order in which it was asked for."""
    wanted = select(EmailChange, Party.name).join(Party, Party.id == EmailChange.party_id)
    rows = session.execute(wanted.where(EmailChange.state == CONFIRMED).order_by(EmailChange.id).limit(limit))
    return [(change, name) for change, name in rows]
