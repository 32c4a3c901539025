"""Which service hears what: the exchange, the queues and their bindings, as data and as one idempotent declaration.

A binding leaves the version open (`…CredentialIssued.*`): a version that a service does not know yet reaches it and is
dead-lettered with the reason, to be sent again after the upgrade. Unheard, it would be lost.
"""

from typing import Any

from kombu import Exchange, Queue, binding

EXCHANGE = "porteria.events"

HEARS: dict[str, tuple[str, ...]] = {
    "directory": (
        "porteria.identity.CredentialIssued.*",
        "porteria.identity.CredentialActivated.*",
        "porteria.identity.CredentialRevoked.*",
        "porteria.mailer.LetterSent.*",
        "porteria.mailer.LetterFailed.*",
        "porteria.mailer.LetterBounced.*",
        "porteria.mailer.AddressSuppressed.*",
        "porteria.mailer.AddressReleased.*",
        "porteria.portal.ClientSignedIn.*",
    ),
    "identity": (
        "porteria.directory.PartyRegistered.*",
        "porteria.directory.PartyUpdated.*",
        "porteria.directory.PartyDeactivated.*",
        "porteria.mailer.LetterSent.*",
        "porteria.mailer.LetterCancelled.*",
        "porteria.mailer.LetterFailed.*",
        "porteria.mailer.LetterBounced.*",
        "porteria.directory.ActRecorded.*",
        "porteria.identity.ActRecorded.*",
        "porteria.mailer.ActRecorded.*",
        "porteria.portal.ActRecorded.*",
    ),
    "mailer": (
        "porteria.identity.CredentialIssued.*",
        "porteria.identity.CredentialRevoked.*",
        "porteria.identity.RecoveryRequested.*",
        "porteria.identity.StaffInvited.*",
        "porteria.directory.PartyDeactivated.*",
        "porteria.directory.AddressCleared.*",
        "external.mail.LetterRequested.*",
        "porteria.portal.NoticeRaised.*",
        "porteria.portal.NoticeWithdrawn.*",
    ),
    "portal": (
        "porteria.directory.PartyRegistered.*",
        "porteria.directory.PartyUpdated.*",
        "porteria.directory.PartyDeactivated.*",
        "porteria.directory.AddressCleared.*",
        "porteria.identity.CredentialRevoked.*",
        "porteria.identity.PasswordChanged.*",
        "porteria.mailer.LetterSent.*",
        "porteria.mailer.LetterCancelled.*",
        "porteria.mailer.LetterFailed.*",
        "porteria.mailer.LetterBounced.*",
        "porteria.mailer.AddressSuppressed.*",
        "porteria.mailer.AddressReleased.*",
        "external.billing.InvoiceIssued.*",
    ),
}
"""Service → binding keys of its queue."""

# Kills and lost connections count as deliveries, also of messages that nobody looked at yet: generous.
DELIVERY_LIMIT = 50
# Listing dead letters delivers them and puts them back. Without a number RabbitMQ 4 drops them after twenty looks.
DEAD_DELIVERY_LIMIT = 1_000_000


def queue_of(service: str) -> str:
    """The name of the queue that a service consumes."""
    return f"porteria.{service}"


def dead_queue_of(service: str) -> str:
    """The name of the queue of messages that a service could not accept."""
    return f"porteria.{service}.dead"


def declare(channel: Any) -> None:
    """Declare exchange, queues, bindings and dead-letter queues on an open kombu channel; idempotent."""
    exchange = Exchange(EXCHANGE, type="topic", durable=True)
    exchange(channel).declare()
    for service, keys in HEARS.items():
        dead = Queue(dead_queue_of(service), durable=True, queue_arguments=_dead_arguments())
        dead(channel).queue_declare()
        bindings = [binding(exchange, routing_key=key) for key in keys]
        queue = Queue(queue_of(service), durable=True, bindings=bindings, queue_arguments=_arguments(service))
        queue(channel).queue_declare()
        for bound in bindings:
            bound.bind(queue(channel), channel=channel)


def _arguments(service: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        # What the broker itself gives up goes where the rest of the dead letters is; at-least-once, because plain
        # dead-lettering publishes without confirms. It asks for reject-publish, which without a maximum length
        # never rejects.
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": dead_queue_of(service),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _dead_arguments() -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-delivery-limit": DEAD_DELIVERY_LIMIT}
