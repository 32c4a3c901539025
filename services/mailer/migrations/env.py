"""Alembic's entry for the mailer."""

from services.mailer.models import Base
from shared.migrations import run_migrations

run_migrations(Base.metadata)
