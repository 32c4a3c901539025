"""Reading the copy of the parties."""

import uuid
from collections.abc import Sequence

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from services.portal.models import Party
from services.portal.queries.searching import matches_party


def find_party(session: Session, party_id: uuid.UUID) -> Party | None:
    """The portal's copy of a party."""
    return session.get(Party, party_id)


def search_parties(session: Session, text: str, *, party_class: str = "", limit: int = 20) -> Sequence[Party]:
    """The first by name whom a text finds, by name, document or code; with a class only those who have it."""
    statement = select(Party).where(matches_party(text))
    if party_class:
        # The classes are a short list of known words in JSON, written the same way on both databases.
        statement = statement.where(cast(Party.classes, String).contains(f'"{party_class}"'))
    return session.scalars(statement.order_by(Party.search_name, Party.id).limit(limit)).all()


def find_party_by_document(session: Session, document_type: str, document_key: str) -> Party | None:
    """The party with this document."""
    wanted = select(Party).where(Party.document_key == document_key, Party.document_type == document_type)
    return session.scalar(wanted.limit(1))


def find_party_by_code(session: Session, code: str) -> Party | None:
    """The party with this client code."""
    return session.scalar(select(Party).where(Party.code == code).limit(1))
