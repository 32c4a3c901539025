"""The AsyncAPI document, generated from the declared events; `make docs` writes it to docs/asyncapi.json."""

import json
from pathlib import Path
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from shared.bus import EXCHANGE
from shared.bus.topology import HEARS
from shared.events import registered, schema_of
from shared.events.envelope import CONTENT_TYPE

EXAMPLES = Path(__file__).parent / "examples"


def build() -> dict[str, Any]:
    """The AsyncAPI 3.0 document of the exchange `porteria.events`."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: type(schema).__name__)
    spec = APISpec("Portería", "1", "3.1.0", plugins=[plugin])
    messages = {name: _message(spec, name, cls) for name, cls in registered().items()}
    for message in messages.values():
        message["payload"]["allOf"][1]["properties"]["data"] = {"$ref": f"#/components/schemas/{message['name']}"}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Portería: events",
            "version": "1",
            "description": (
                f"Topic exchange `{EXCHANGE}` (durable). Every message is a CloudEvents 1.0 event in structured JSON; "
                "its routing key is its type. Delivery is at least once: drop what you know by `source` and `id`. "
                "A compatible change adds an optional field; a breaking one is a new version beside the old."
            ),
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(name) for name in messages},
        "operations": _operations(messages),
        "components": {
            "messages": messages,
            "schemas": {"CloudEvent": _cloud_event(), **spec.to_dict()["components"]["schemas"]},
        },
    }


def _message(spec: APISpec, name: str, cls: type) -> dict[str, Any]:
    schema = schema_of(cls)
    if cls.__name__ not in spec.components.schemas:
        spec.components.schema(cls.__name__, schema=schema)
    specific = {"type": "object", "properties": {"type": {"const": name}}}
    return {
        "name": cls.__name__,
        "title": name,
        "description": " ".join((cls.__doc__ or "").split()),
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, specific]},
        "examples": [{"payload": json.loads((EXAMPLES / f"{name}.json").read_text("utf-8"))}],
    }


def _channel(name: str) -> dict[str, Any]:
    return {
        "address": name,
        "messages": {name.split(".")[2]: {"$ref": f"#/components/messages/{name}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": EXCHANGE, "type": "topic", "durable": True}}},
    }


def _operations(messages: dict[str, Any]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for name in messages:
        producer, noun = name.split(".")[1:3]
        operations[f"{producer}.send.{noun}"] = {"action": "send", "channel": {"$ref": f"#/channels/{name}"}}
        for service, keys in HEARS.items():
            if any(key.rsplit(".", 1)[0] == name.rsplit(".", 1)[0] for key in keys):
                channel = {"$ref": f"#/channels/{name}"}
                operations[f"{service}.receive.{noun}"] = {"action": "receive", "channel": channel}
    return operations


def _cloud_event() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "CloudEvents 1.0, structured JSON.",
        "required": ["id", "source", "type", "specversion", "data"],
        "properties": {
            "id": {"type": "string", "description": "Unique within its source."},
            "source": {"type": "string", "examples": ["/porteria/identity"]},
            "specversion": {"const": "1.0"},
            "type": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "correlationid": {"type": "string", "description": "Follows a piece of work through requests and events."},
            "traceparent": {"type": "string", "description": "W3C trace context, where traces are recorded."},
            "data": {"type": "object"},
        },
    }


def render() -> str:
    """The document as it stands in docs/asyncapi.json."""
    return json.dumps(build(), indent=2, ensure_ascii=False) + "\n"
