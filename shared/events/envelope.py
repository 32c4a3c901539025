"""CloudEvents 1.0 in structured JSON: how an event travels."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.events.registry import InvalidEvent, dump, load, type_of

CONTENT_TYPE = "application/cloudevents+json"
MAXIMUM_BYTES = 256 * 1024

_format = JSONFormat()


@dataclass(frozen=True)
class Envelope:
    """An event that came in: its identity (`source` + `id`), what it belongs to, and the event itself."""

    id: str
    source: str
    type: str
    time: datetime | None
    correlation_id: str | None
    event: Any
    traceparent: str | None = None


def encode(
    event: Any,
    *,
    id: uuid.UUID,  # noqa: A002
    time: datetime,
    correlation_id: str | None,
    traceparent: str | None = None,
) -> bytes:
    """The bytes of an event. The source is `/porteria/<service>`, taken from the type.

    `traceparent` is CloudEvents' extension for distributed tracing.
    """
    name = type_of(type(event))
    attributes: dict[str, Any] = {
        "id": str(id),
        "source": f"/porteria/{name.split('.')[1]}",
        "type": name,
        "specversion": "1.0",
        "time": time,
        "datacontenttype": "application/json",
    }
    if correlation_id:
        attributes["correlationid"] = correlation_id
    if traceparent:
        attributes["traceparent"] = traceparent
    data = dump(event)
    return bytes(_format.write(CloudEvent(attributes, data)))


def decode(body: bytes) -> Envelope:
    """Read and check a message; raises InvalidEvent with a reason that quotes no content."""
    if len(body) > MAXIMUM_BYTES:
        raise InvalidEvent(f"larger than {MAXIMUM_BYTES} bytes")
    try:
        raw = _format.read(CloudEvent, body)
    except (ValueError, KeyError, TypeError, AttributeError, json.JSONDecodeError, CloudEventValidationError) as error:
        raise InvalidEvent(f"no CloudEvent 1.0: {type(error).__name__}") from None
    return Envelope(
        id=raw.get_id(),
        source=raw.get_source(),
        type=raw.get_type(),
        time=raw.get_time(),
        correlation_id=raw.get_extension("correlationid"),
        event=load(raw.get_type(), raw.get_data()),
        traceparent=_text(raw.get_extension("traceparent")),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
