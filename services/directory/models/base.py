"""The base of every table of the directory."""

from sqlalchemy.orm import DeclarativeBase

from shared.db import COLUMN_TYPES, new_metadata


class Base(DeclarativeBase):
    """The directory's own tables; the shared plumbing (outbox, inbox, ...) stands beside them."""

    metadata = new_metadata()
    type_annotation_map = COLUMN_TYPES
