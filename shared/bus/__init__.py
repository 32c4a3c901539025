"""The bus: events go out through a publisher and come in through a consumer, on RabbitMQ or on the embedded broker.

The address decides which: `amqp://` and `amqps://` are RabbitMQ, `embedded:///absolute/path/broker.db` is a file of
this machine. Only this package knows kombu and pika.
"""

from shared.bus.connection import declare_topology, queue_depth
from shared.bus.consumer import Consumer
from shared.bus.deadletters import list_dead, resend_dead, send_dead
from shared.bus.messages import BrokerUnavailable, DeadLetter, Delivery, Message
from shared.bus.publisher import Publisher, open_publisher
from shared.bus.topology import EXCHANGE

__all__ = [
    "EXCHANGE",
    "BrokerUnavailable",
    "Consumer",
    "DeadLetter",
    "Delivery",
    "Message",
    "Publisher",
    "declare_topology",
    "list_dead",
    "open_publisher",
    "queue_depth",
    "resend_dead",
    "send_dead",
]
