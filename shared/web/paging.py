"""Keyset paging: pages that stay correct while rows come and go, and cost the same at the end as at the beginning.

No Flask in here: queries use it as well as pages and REST.
"""

import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy.orm import InstrumentedAttribute, Session

T = TypeVar("T")
Order = tuple[InstrumentedAttribute[Any] | ColumnElement[Any], bool]
"""A column that is never null, and whether it descends. The last one of an order must be unique."""


class BadCursor(Exception):
    """A cursor that we did not give out, or that belongs to another order."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `next` and `previous` are opaque cursors, None at the ends."""

    items: Sequence[T]
    next: str | None = None
    previous: str | None = None


def paginate(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    order: Sequence[Order],
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Any]:
    """One page of `statement` (without its own ORDER BY) after or before `cursor`.

    A statement of one entity gives a page of entities, any other a page of rows. The values of the order are read
    from attributes of the same name on each item. Raises BadCursor.
    """
    names = [column.key or str(column) for column, _ in order]
    signature = ",".join(f"{name}-" if down else name for name, (_, down) in zip(names, order, strict=True))
    backwards, after = _decode(cursor, signature, order) if cursor else (False, None)
    if after is not None:
        statement = statement.where(_beyond(order, after, backwards))
    ordered = statement.order_by(*(column.desc() if down != backwards else column.asc() for column, down in order))
    result = session.execute(ordered.limit(limit + 1))
    entities = len(statement.column_descriptions) == 1
    items = list(result.scalars() if entities else result)
    more, items = len(items) > limit, items[:limit]
    if backwards:
        items.reverse()
    if not items:
        return Page([])
    first, last = items[0], items[-1]

    def mark(item: Any, direction: str) -> str:
        return _encode(direction, signature, [getattr(item, name) for name in names])

    has_next = backwards or more
    has_previous = more if backwards else cursor is not None
    return Page(items, mark(last, "n") if has_next else None, mark(first, "p") if has_previous else None)


def _beyond(order: Sequence[Order], after: Sequence[Any], backwards: bool) -> ColumnElement[bool]:
    """(a, b) beyond (x, y), written out because the columns may run in different directions."""
    choices = []
    for position, (column, down) in enumerate(order):
        same = [order[i][0] == after[i] for i in range(position)]
        further = column < after[position] if down != backwards else column > after[position]
        choices.append(and_(*same, further))
    # Says nothing new, but lets the database begin at the right place of an index.
    column, down = order[0]
    begin = column <= after[0] if down != backwards else column >= after[0]
    return and_(begin, or_(*choices))


def _encode(direction: str, signature: str, values: Sequence[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, date) else _json_value(value) for value in values]
    text = json.dumps([direction, signature, plain], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _json_value(value: Any) -> Any:
    return str(value) if isinstance(value, uuid.UUID | Decimal) else value


def _decode(cursor: str, signature: str, order: Sequence[Order]) -> tuple[bool, list[Any]]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        direction, signed, values = json.loads(text)
        if signed != signature or direction not in ("n", "p") or len(values) != len(order):
            raise ValueError("another order")
        return direction == "p", [_typed(column, value) for (column, _), value in zip(order, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise BadCursor from error


def _typed(column: Any, value: Any) -> Any:
    kind = column.type.python_type
    if kind in (date, datetime):
        return kind.fromisoformat(value)
    if kind in (uuid.UUID, Decimal):
        return kind(value)
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ValueError("a value of another type")
    return value
