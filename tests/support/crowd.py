"""Many rows where there were few: every table of a service gets copies of its rows, whatever its columns are.

For tests of what depends on the number of rows. Nothing here means anything: names are the same, ids are new.
"""

import secrets
import uuid
from typing import Any

from sqlalchemy import Column, Date, Engine, MetaData, Table, Uuid, func, insert, inspect, select
from sqlalchemy.engine import Connection

# Plumbing, and tables with one row for each thing that there is once.
NOT_COPIED = frozenset(
    (
        "agency",
        "alembic_version",
        "outbox",
        "inbox",
        "deferred",
        "idempotency_keys",
        "queue",
        "reminder_rules",
        "counters",
        "throttle",
        "signing_keys",
        "sealing_keys",
        "workers",
    )
)
Row = dict[str, Any]


def crowd(engine: Engine, number: int) -> dict[str, int]:
    """Copy rows until every table that has some has this many; returns how many rows each table has then."""
    metadata = MetaData()
    metadata.reflect(engine)
    made: dict[str, list[Any]] = {}
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if table.name not in NOT_COPIED:
                _copy(connection, table, number, made)
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in metadata.sorted_tables
        }


def _copy(connection: Connection, table: Table, number: int, made: dict[str, list[Any]]) -> None:
    originals = [dict(row._mapping) for row in connection.execute(select(table).limit(20))]
    there = connection.scalar(select(func.count()).select_from(table)) or 0
    if not originals or there >= number:
        return
    fresh = _fresh_columns(connection, table)
    rows = [_another(table, originals[index % len(originals)], index, fresh, made) for index in range(number - there)]
    connection.execute(insert(table), rows)
    keys = list(table.primary_key.columns)
    if len(keys) == 1:
        made[table.name] = [row.get(keys[0].name) for row in rows]


def _another(table: Table, original: Row, index: int, fresh: set[str], made: dict[str, list[Any]]) -> Row:
    row = dict(original)
    for column in table.columns:
        if column.computed is not None:
            row[column.name] = GIVEN_OUT
            continue
        parent = _parent(column, made)
        if parent and row[column.name] is not None:
            row[column.name] = made[parent][index % len(made[parent])]
        elif column.name in fresh:
            row[column.name] = _fresh(column, row[column.name])
    # A number that the database gives out, or a value that it makes of others, is left to it.
    return {name: value for name, value in row.items() if value is not GIVEN_OUT}


def _parent(column: Column[Any], made: dict[str, list[Any]]) -> str | None:
    """The table to which a column points, by its foreign key or else by its name."""
    for key in column.foreign_keys:
        if key.column.table.name in made and key.column.primary_key and key.column.table is not column.table:
            return str(key.column.table.name)
    noun = column.name.removesuffix("_id")
    named = {f"{noun}s", f"{noun[:-1]}ies"} if noun != column.name else set()
    return next((name for name in made if name in named and name != column.table.name), None)


def _fresh_columns(connection: Connection, table: Table) -> set[str]:
    """Columns that must differ from row to row."""
    look = inspect(connection)
    unique = [list(table.primary_key.columns.keys())]
    unique += [list(one["column_names"]) for one in look.get_unique_constraints(table.name)]
    unique += [[name for name in one["column_names"] if name] for one in look.get_indexes(table.name) if one["unique"]]
    fresh: set[str] = set()
    for names in filter(None, unique):
        free = [name for name in names if not isinstance(table.columns[name].type, Date)]
        candidates = [name for name in free if not table.columns[name].foreign_keys] or names
        if not fresh & set(names):
            fresh.add(candidates[-1])
    return fresh


GIVEN_OUT = object()


def _fresh(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, uuid.UUID) or isinstance(column.type, Uuid):
        return uuid.uuid4()
    if isinstance(value, bytes):
        return secrets.token_bytes(32)
    if isinstance(value, int):
        return GIVEN_OUT if column.table.autoincrement_column is column else secrets.randbelow(2**30) + 1000
    length = getattr(column.type, "length", None) or 32
    return secrets.token_hex(32)[: min(length, 32)]
