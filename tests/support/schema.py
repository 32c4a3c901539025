"""A service's database as its migrations make it, without running them for each test.

They run once in each process of tests, in a database aside; the others are copies of it.
"""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import URL, inspect

from shared import migrations
from shared.db import Database
from tests.support.postgres import plain


def migrated(service: str, db: Database) -> None:
    """Fill an empty database with what the service's migrations make; one that has its tables is left alone."""
    with db.engine.connect() as connection:
        is_empty = not inspect(connection).has_table("alembic_version")
    db.dispose()
    if not is_empty:
        return
    if db.is_sqlite:
        shutil.copyfile(_sqlite_original(service), db.url.removeprefix("sqlite:///"))
    else:
        _copy_postgres(db.engine.url, _postgres_original(service, db.engine.url.set(database="postgres")))


@cache
def _sqlite_original(service: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="porteria-schema-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / f"{service}.db"
    db = Database(f"sqlite:///{path}")
    migrations.migrate(service, db)
    db.dispose()  # the last connection writes the log into the file
    return path


@cache
def _postgres_original(service: str, server: URL) -> str:
    name = f"schema_{service}_{os.getpid()}"
    _execute(server, f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}" TEMPLATE template0')
    db = Database(server.set(database=name).render_as_string(hide_password=False))
    migrations.migrate(service, db)
    db.dispose()
    atexit.register(_forget, server, name)
    return name


def _copy_postgres(url: URL, original: str) -> None:
    drop = f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)'
    _execute(url.set(database="postgres"), drop, f'CREATE DATABASE "{url.database}" TEMPLATE "{original}"')


def _execute(server: URL, *statements: str) -> None:
    with psycopg.connect(plain(server.render_as_string(hide_password=False)), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _forget(server: URL, name: str) -> None:
    """A server of ours is gone by now, with all its data; one from outside must not keep what we made."""
    try:
        _execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except psycopg.OperationalError:
        return
