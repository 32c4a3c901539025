"""The running system on PostgreSQL, RabbitMQ and a real SMTP listener, started once for all that share it."""

import secrets
from collections.abc import Iterator

import pytest

from tests.support import postgres
from tests.support.servers import PostgresServer, RabbitmqServer
from tests.support.smtp import SmtpSink
from tests.support.system import System


@pytest.fixture(scope="session")
def sink() -> Iterator[SmtpSink]:
    """Where the mailer's letters arrive."""
    listener = SmtpSink()
    listener.start()
    yield listener
    listener.stop()


@pytest.fixture(scope="session")
def running(
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: PostgresServer,
    rabbitmq_server: RabbitmqServer,
    sink: SmtpSink,
) -> Iterator[System]:
    """All processes on real parts."""
    prefix = f"e{secrets.token_hex(4)}"
    vhost = rabbitmq_server.new_vhost()
    system = System(
        tmp_path_factory.mktemp("system"),
        database_url=postgres.create_databases(postgres_server.url, prefix),
        broker_url=vhost,
        smtp_url=sink.url,
    )
    system.prepare()
    system.start()
    yield system
    dead = system.dead()
    system.stop()
    postgres.drop_databases(postgres_server.url, prefix)
    rabbitmq_server.release_vhost(vhost)
    assert not dead, "\n".join(dead)


@pytest.fixture
def system(running: System, sink: SmtpSink) -> System:
    """The running system, with an empty letter box."""
    sink.release()
    sink.messages.clear()
    return running
