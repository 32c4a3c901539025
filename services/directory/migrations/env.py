"""Alembic's entry for the directory."""

from services.directory.models import Base
from shared.migrations import run_migrations

run_migrations(Base.metadata)
