"""Dead letters: messages that a service could not accept, kept for people to look at and to send again."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any

from shared import clock
from shared.bus.connection import count_waiting, open_channel
from shared.bus.messages import BrokerUnavailable, DeadLetter, Delivery, Message
from shared.bus.publisher import Publisher, open_publisher
from shared.bus.topology import dead_queue_of, queue_of

REASON, ROUTING_KEY, DIED_AT = "porteria-reason", "porteria-routing-key", "porteria-died-at"
CHUNK = 100
LONGEST_REASON = 2000  # characters
LONGEST_HEADER = 500
MOST_HEADERS = 20
UNREADABLE = Delivery(
    b"", "", {REASON: "its properties can not be read; look at it, or remove it, at the broker"}, None
)


def send_dead(broker_url: str, service: str, letters: Sequence[DeadLetter]) -> None:
    """Put letters into the service's dead-letter queue. Raises BrokerUnavailable unless all were confirmed."""
    if letters:
        with open_publisher(broker_url) as publisher:
            publish_dead(publisher, service, letters)


def publish_dead(publisher: Publisher, service: str, letters: Sequence[DeadLetter]) -> None:
    """The same over a publisher that is open already."""
    died_at = clock.now().isoformat()
    messages = [
        Message(
            id=str(number),
            routing_key=letter.delivery.routing_key,
            body=letter.delivery.body,
            headers=_modest(letter.delivery.headers)
            | {
                REASON: _printable(letter.reason)[:LONGEST_REASON],
                ROUTING_KEY: _printable(routing_key_of(letter.delivery)),
                DIED_AT: died_at,
            },
        )
        for number, letter in enumerate(letters)
    ]
    _publish_all(publisher, dead_queue_of(service), messages)


def list_dead(broker_url: str, service: str, limit: int = 100) -> list[Delivery]:
    """The oldest dead letters, which stay where they are; UNREADABLE for each that can not be taken apart.

    Raises BrokerUnavailable.
    """
    with ExitStack() as held:
        taken = _take(held, broker_url, dead_queue_of(service), limit)
        return [UNREADABLE if message is None else delivery_from(message) for message in taken]


def resend_dead(broker_url: str, service: str, limit: int | None = None) -> int:
    """Put dead letters back into the service's own queue, the oldest first; returns how many.

    Not into the exchange: the other services had them already. Each is confirmed there before it is removed here, so
    whatever happens none is lost, though one may come twice. What can not be taken apart stays. Raises
    BrokerUnavailable.
    """
    # Counted once: what dies again meanwhile is not taken again.
    left = count_waiting(broker_url, dead_queue_of(service))
    left = left if limit is None else min(limit, left)
    sent = 0
    with open_publisher(broker_url) as publisher, ExitStack() as held:
        messages = _take(held, broker_url, dead_queue_of(service), left)
        while taken := list(islice(messages, CHUNK)):
            readable = [message for message in taken if message is not None]
            deliveries = [delivery_from(message) for message in readable]
            again = [
                Message(str(number), delivery.routing_key, delivery.body, _modest(delivery.headers))
                for number, delivery in enumerate(deliveries)
            ]
            _publish_all(publisher, queue_of(service), again)
            for last in {id(message.channel): message for message in readable}.values():
                last.channel.basic_ack(last.delivery_tag, multiple=True)
            sent += len(readable)
    return sent


def delivery_from(message: Any) -> Delivery:
    """A kombu message as the rest of the program sees it."""
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body or b"")
    return Delivery(body, message.delivery_info.get("routing_key") or "", dict(message.headers), message.content_type)


def routing_key_of(delivery: Delivery) -> str:
    """The routing key with which it was first published, also after it went straight into a queue."""
    original = delivery.headers.get(ROUTING_KEY)
    return original if isinstance(original, str) else delivery.routing_key


def _take(held: ExitStack, broker_url: str, queue: str, limit: int) -> Iterator[Any]:
    """Up to `limit` messages, not given back before `held` is closed; None for one that py-amqp can not take apart.

    Its connection is out of step from there, so another one goes on behind it; but it stays open, because the broker
    would hand out the same message again.
    """
    channel = held.enter_context(open_channel(broker_url))
    for _ in range(limit):
        try:
            message = channel.basic_get(queue)
        except ValueError:  # UnicodeDecodeError and its like
            channel = held.enter_context(open_channel(broker_url))
            yield None
            continue
        if message is None:
            return
        yield channel.message_to_python(message)


def _publish_all(publisher: Publisher, queue: str, messages: Sequence[Message]) -> None:
    if len(publisher.publish_to_queue(queue, messages)) < len(messages):
        raise BrokerUnavailable(f"not every message was confirmed in {queue}")


def _modest(headers: dict[str, Any]) -> dict[str, str]:
    """The sender's own headers, as far as they are plain: anyone sends anything, and all of them must fit one frame."""
    plain = [
        (name, value)
        for name, value in headers.items()
        if isinstance(value, str) and len(value) <= LONGEST_HEADER and not name.startswith("x-")
    ]
    return {_printable(name): _printable(value) for name, value in plain[:MOST_HEADERS]}


def _printable(text: str) -> str:
    # Half a surrogate pair can come out of JSON, but can not be sent.
    return text.encode("utf-8", "replace").decode()
