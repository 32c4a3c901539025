"""How a party is found by what somebody typed, and what belongs to the parties found."""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.portal.models import Party
from services.portal.rules.parties import document_search_key, search_key

FEW = 500
"""So many finds are named one by one; of more than these the newest are soon met on the way through the list."""


def matches_party(text: str) -> ColumnElement[bool]:
    """A party has all words of the text in its name, or the text in its document, or it is its code."""
    conditions = [Party.search_name.contains(word, autoescape=True) for word in search_key(text).split()]
    wanted = and_(*conditions)
    if document := document_search_key(text):
        wanted = or_(wanted, Party.document_key.contains(document, autoescape=True), Party.code == text.strip())
    return wanted


def begins_with(number: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """A number begins with the text, as it was typed or in capitals."""
    return or_(*(number.startswith(one, autoescape=True) for one in sorted({text, text.upper()})))


def found_by(session: Session, text: str, entity: Any, itself: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that a text finds rows of `entity`: because of `itself`, or because of their party.

    What is found is looked up first. Few are named one by one, and indexes lead to the rows. Of many, almost any
    stretch of the list has some, and each row on the way is asked instead. Without this the database guesses how many
    a text finds, and often wrongly: a rare name then means reading all rows.
    """
    rows = session.scalars(select(entity.id).where(itself).limit(FEW + 1)).all()
    parties = session.scalars(select(Party.id).where(matches_party(text)).limit(FEW + 1)).all()
    either: list[ColumnElement[bool]] = []
    if rows:
        either.append(itself if len(rows) > FEW else entity.id.in_(rows))
    if len(parties) > FEW:
        # A scalar, because databases turn EXISTS into a join, and would begin it at the parties.
        either.append(select(matches_party(text)).where(Party.id == entity.party_id).scalar_subquery())
    elif parties:
        either.append(entity.party_id.in_(parties))
    return or_(*either) if either else false()
