"""Alembic's entry: which tables identity has."""

from services.identity.models import (  # noqa: F401
    audit,
    batches,
    credentials,
    keys,
    oauth,
    parties,
    second_factor,
    staff,
    throttle,
)
from services.identity.models.base import Base
from shared.migrations import run_migrations

run_migrations(Base.metadata)
