"""Publishing: what goes out and is known to have arrived at the broker."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from shared.bus.messages import Message


class Publisher(Protocol):
    """An open way to the broker, for one thread. After any error throw it away and open a new one."""

    def publish(self, messages: Sequence[Message]) -> set[str]:
        """Publish to `porteria.events`; returns the ids that the broker confirmed. Raises BrokerUnavailable."""
        ...

    def publish_to_queue(self, queue: str, messages: Sequence[Message]) -> set[str]:
        """The same straight into one queue, past the exchange."""
        ...

    def close(self) -> None:
        """Close the connection; never raises."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_publisher(broker_url: str) -> Publisher:
    """Connect, declare the topology (what nobody is bound for would be lost), and be ready to publish.

    Raises BrokerUnavailable.
    """
    if broker_url.startswith("embedded:"):
        from shared.bus.embedded import EmbeddedPublisher

        return EmbeddedPublisher(broker_url)
    from shared.bus.rabbitmq import RabbitmqPublisher

    return RabbitmqPublisher(broker_url)
