"""Migrations: each service has its own Alembic history below `services/<service>/migrations`."""

from importlib import resources

from alembic import command, context
from alembic.config import Config
from sqlalchemy import MetaData, text

from shared.db import Database, plumbing

LOCK_KEY = 7_305_002  # names the advisory lock that lets one process at a time migrate a service's database


def _config(service: str, db: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files(f"services.{service}") / "migrations"))
    config.attributes["database"] = db
    return config


def migrate(service: str, db: Database) -> None:
    """Bring the database to the newest version; safe when several processes start at once."""
    command.upgrade(_config(service, db), "head")


def make_migration(service: str, db: Database, message: str) -> None:
    """Write a new migration from the difference between the models and a migrated database."""
    command.revision(_config(service, db), message, autogenerate=True)


def run_migrations(metadata: MetaData) -> None:
    """What a service's `migrations/env.py` calls."""
    # The modules that declare the tables of `plumbing` must be loaded before they are compared.
    import shared.inbox
    import shared.outbox
    import shared.web.idempotency  # noqa: F401

    db: Database = context.config.attributes["database"]
    with db.engine.connect() as connection:
        if not db.is_sqlite:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            connection.commit()
        context.configure(
            connection=connection,
            target_metadata=[plumbing, metadata],
            render_as_batch=db.is_sqlite,
            compare_type=True,
            user_module_prefix="shared.db.",
            transaction_per_migration=True,
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        finally:
            if not db.is_sqlite:  # the connection goes back to the pool, and would keep the lock there for ever
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK_KEY})
                connection.commit()
