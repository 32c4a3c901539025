"""The base of the mailer's tables."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import COLUMN_TYPES, new_metadata


class Base(DeclarativeBase):
    """The mailer's own tables; the shared plumbing (outbox, inbox, ...) stands beside them."""

    metadata = new_metadata()
    type_annotation_map = COLUMN_TYPES
