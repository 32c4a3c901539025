"""Alembic's entry: which tables identity has."""

from services.identity.models import audit, batches, credentials, keys, oauth, parties, staff, throttle  # noqa: F401
from services.identity.models.base import Base
from shared.migrations import run_migrations

run_migrations(Base.metadata)
