"""A consumer in a thread, and messages to send to it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from shared.bus import Consumer, DeadLetter, Delivery, Message

HEARD = "porteria.identity.CredentialIssued.v1"  # by directory and mailer


@dataclass
class Heard:
    """What a consumer was given so far."""

    batches: list[list[bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        """Every body, in order, as often as it came."""
        return [body for batch in self.batches for body in batch]


def messages(bodies: Sequence[bytes | int], routing_key: str = HEARD) -> list[Message]:
    """One message for each body; a number stands for its digits, which are the message's id too."""
    texts = [body if isinstance(body, bytes) else b"%d" % body for body in bodies]
    return [Message(id=text.decode(), routing_key=routing_key, body=text) for text in texts]


@contextmanager
def listening(
    broker_url: str, service: str, handle: Callable[[list[Delivery]], list[DeadLetter]] | None = None, **options: int
) -> Iterator[Heard]:
    """A running consumer of a service for the time of the block; `handle` gets each batch after it was noted."""
    heard, stop = Heard(), threading.Event()

    def note(deliveries: list[Delivery]) -> list[DeadLetter]:
        heard.batches.append([delivery.body for delivery in deliveries])
        return handle(deliveries) if handle else []

    thread = threading.Thread(target=Consumer(broker_url, service, **options).run, args=(note, stop), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive(), "the consumer does not stop"
