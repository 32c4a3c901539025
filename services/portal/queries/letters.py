"""The mail history of a client: what was told to whom, and how it ended."""

import uuid
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.portal.models import Notice
from services.portal.rules.notices import KINDS_OF
from shared.web.paging import Page, paginate


@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """Letters about one client; `preference` and `text` (in the number) narrow the list down, "" is any."""

    party_id: uuid.UUID
    preference: str = ""
    text: str = ""


def list_letters(session: Session, wanted: LetterFilter, *, cursor: str | None = None, limit: int = 50) -> Page[Notice]:
    """The letters about a client, the newest first. Raises BadCursor."""
    statement = select(Notice).where(Notice.party_id == wanted.party_id)
    if kinds := KINDS_OF.get(wanted.preference):
        statement = statement.where(Notice.kind.in_(kinds))
    if text := wanted.text.strip():
        statement = statement.where(func.upper(Notice.label).contains(text.upper(), autoescape=True))
    return paginate(session, statement, [(Notice.id, True)], cursor=cursor, limit=limit)
