"""The contracts of the bus: what each event is called, what it carries, and how it becomes a CloudEvent.

One module per producing service declares frozen dataclasses with `@event(type)`. Everything else follows from the
dataclass: the marshmallow schema that checks what comes in, the AsyncAPI document, and the routing key (= the type).
"""

from shared.events.envelope import Envelope, decode, encode
from shared.events.registry import InvalidEvent, UnknownEvent, event, registered, schema_of, type_of

__all__ = [
    "Envelope",
    "InvalidEvent",
    "UnknownEvent",
    "decode",
    "encode",
    "event",
    "registered",
    "schema_of",
    "type_of",
]
