"""The portal's own tables stand on this."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import COLUMN_TYPES, new_metadata


class Base(DeclarativeBase):
    """The portal's own tables; the shared plumbing (outbox, inbox, ...) stands beside them."""

    metadata = new_metadata()
    type_annotation_map = COLUMN_TYPES
