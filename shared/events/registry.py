"""Which event types exist, and the marshmallow schema of each, derived from its dataclass."""

import dataclasses
import re
import types
import typing
import uuid
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

TYPE_PATTERN = re.compile(r"^(porteria|external)\.[a-z]+\.[A-Z][A-Za-z]+\.v[1-9][0-9]*$")

E = TypeVar("E")

_types: dict[str, type] = {}
_names: dict[type, str] = {}
_schemas: dict[type, type[Schema]] = {}
_instances: dict[type, Schema] = {}
_dumpers: dict[type, Callable[[Any], dict[str, Any]]] = {}


class InvalidEvent(Exception):
    """A message that will never be acceptable: no CloudEvent, not what its type declares, or not from whom it says."""


class UnknownEvent(InvalidEvent):
    """A type, or a version of a type, that this process does not know."""


def event(name: str) -> Callable[[type[E]], type[E]]:
    """Declare a frozen dataclass as the event of this type (`porteria.<service>.<Noun><PastVerb>.v<N>`)."""
    if not TYPE_PATTERN.match(name):
        raise ValueError(f"{name} is not a valid event type")

    def register(cls: type[E]) -> type[E]:
        if name in _types:
            raise ValueError(f"{name} is declared twice")
        _types[name], _names[cls] = cls, name
        return cls

    return register


def registered() -> dict[str, type]:
    """Every declared event: type to dataclass. The modules that declare them are loaded here."""
    import shared.events.acts
    import shared.events.directory
    import shared.events.external
    import shared.events.identity
    import shared.events.mailer
    import shared.events.portal  # noqa: F401

    return dict(sorted(_types.items()))


def type_of(cls: type) -> str:
    """The event type of a declared dataclass."""
    return _names[cls]


def class_of(name: str) -> type:
    """The dataclass of an event type; raises UnknownEvent."""
    try:
        return registered()[name]
    except KeyError:
        raise UnknownEvent(f"unknown event type or version: {name}") from None


def schema_of(cls: type[Any]) -> Schema:
    """The schema that dumps and checks this dataclass. Unknown fields are ignored: adding one is compatible."""
    if cls not in _instances:
        _instances[cls] = _schema_class(cls)()
    return _instances[cls]


def dump(event: Any) -> dict[str, Any]:
    """What the event's schema would dump, without asking it: a schema looks at each value in several ways, and a day
    with very many events spends most of its time on that."""
    cls = type(event)
    if cls not in _dumpers:
        _dumpers[cls] = _dumper(cls)
    return _dumpers[cls](event)


def _dumper(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    hints = typing.get_type_hints(cls)
    parts = [(item.name, _writing(hints[item.name])) for item in dataclasses.fields(cls)]

    def write(event: Any) -> dict[str, Any]:
        found = {}
        for name, writing in parts:
            value = getattr(event, name)
            found[name] = None if value is None else writing(value)
        return found

    return write


def _writing(hint: Any) -> Callable[[Any], Any]:
    """How a value of this type that is not None is written; the types are those of `_field`."""
    if isinstance(hint, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not type(None)]
    if typing.get_origin(hint) is list:
        one = _writing(typing.get_args(hint)[0])
        return lambda values: [one(value) for value in values]
    if dataclasses.is_dataclass(hint):
        return _dumper(typing.cast(type, hint))
    if hint is Decimal:
        return lambda value: format(Decimal(value), "f")
    return _WRITINGS[hint]


_WRITINGS: dict[Any, Callable[[Any], Any]] = {
    str: str,
    uuid.UUID: str,
    int: int,
    bool: bool,
    datetime: datetime.isoformat,
    date: date.isoformat,
}


def _schema_class(cls: type[Any]) -> type[Schema]:
    if cls not in _schemas:
        _schemas[cls] = _build_schema(cls)
    return _schemas[cls]


def _build_schema(cls: type[Any]) -> type[Schema]:
    hints = typing.get_type_hints(cls)
    declared: dict[str, Any] = {
        item.name: _field(hints[item.name], required=is_required(item)) for item in dataclasses.fields(cls)
    }

    def make(_self: Schema, data: dict[str, Any], **_: Any) -> Any:
        return cls(**data)

    declared["make"] = post_load(make)
    declared["Meta"] = type("Meta", (), {"unknown": EXCLUDE})
    return type(cls.__name__, (Schema,), declared)


def is_required(item: dataclasses.Field[Any]) -> bool:
    """Whether a field of an event has no default."""
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


def _field(hint: Any, *, required: bool) -> fields.Field[Any]:
    """The marshmallow field of a type hint: plain types, `X | None`, `list[X]` and nested dataclasses."""
    options: dict[str, Any] = {"required": required}
    if isinstance(hint, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not type(None)]
        options["allow_none"] = True
    if typing.get_origin(hint) is list:
        return fields.List(_field(typing.get_args(hint)[0], required=True), **options)
    if dataclasses.is_dataclass(hint):
        return fields.Nested(_schema_class(typing.cast(type, hint)), **options)
    if hint is int:  # "12" is not a number: contracts are exact
        return fields.Integer(strict=True, **options)
    if hint is Decimal:  # a JSON number would lose cents on the way
        return fields.Decimal(as_string=True, **options)
    return Schema.TYPE_MAPPING[hint](**options)


def load(name: str, data: Any) -> Any:
    """Check `data` against the event type and return its dataclass; raises InvalidEvent (UnknownEvent)."""
    cls = class_of(name)
    if not isinstance(data, dict):
        raise InvalidEvent(f"{name}: data is not an object")
    try:
        return schema_of(cls).load(data)
    except ValidationError as error:
        # Only the field names: a value may be a secret that somebody sent by mistake.
        names = ", ".join(sorted(map(str, error.normalized_messages())))
        raise InvalidEvent(f"{name}: wrong or missing {names}") from None
