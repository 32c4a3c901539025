"""What travels on the bus, as the rest of the program sees it: no word of kombu or pika."""

from dataclasses import dataclass, field
from typing import Any

CONTENT_TYPE = "application/cloudevents+json"


class BrokerUnavailable(Exception):
    """The broker can not be reached, or did not do what was asked of it; trying again later is right."""


@dataclass(frozen=True)
class Message:
    """A message that goes out. `body` is a CloudEvent in structured JSON, `routing_key` is its type."""

    id: str
    routing_key: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivery:
    """A message that came in; nobody has checked it yet, anyone may have sent it."""

    body: bytes
    routing_key: str
    headers: dict[str, Any]
    content_type: str | None


@dataclass(frozen=True)
class DeadLetter:
    """A delivery that must not be tried again, and why."""

    delivery: Delivery
    reason: str
