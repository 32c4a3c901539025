"""The bus (interface, being completed)."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

EXCHANGE = "porteria.events"


class BrokerUnavailable(Exception):
    """The broker cannot be reached or did not confirm."""


@dataclass(frozen=True)
class Message:
    id: str
    routing_key: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Delivery:
    body: bytes
    routing_key: str
    headers: dict[str, Any]
    content_type: str | None
    tag: Any = None


@dataclass(frozen=True)
class DeadLetter:
    delivery: Delivery
    reason: str


class Publisher:
    def __enter__(self) -> "Publisher":
        return self

    def __exit__(self, *_: object) -> None: ...

    def publish(self, messages: Sequence[Message]) -> set[str]:
        raise NotImplementedError


def open_publisher(broker_url: str) -> Publisher:
    raise BrokerUnavailable


class Consumer:
    def __init__(self, broker_url: str, service: str, *, prefetch: int = 500, batch: int = 50) -> None: ...

    def run(self, handle: Callable[[list[Delivery]], list[DeadLetter]], stop: threading.Event) -> None:
        stop.wait()


def declare_topology(broker_url: str) -> None: ...
def list_dead(broker_url: str, service: str, limit: int = 100) -> list[Delivery]:
    return []


def resend_dead(broker_url: str, service: str, limit: int | None = None) -> int:
    return 0


def send_dead(broker_url: str, service: str, letters: Sequence[DeadLetter]) -> None: ...
