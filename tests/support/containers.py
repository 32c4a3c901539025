"""PostgreSQL and RabbitMQ in containers, where a container engine answers."""

import functools
import gc
import itertools
import warnings
from typing import Any

from docker.errors import DockerException
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from tests.support import postgres, processes, rabbitmq
from tests.support.processes import ServerFailed
from tests.support.waiting import wait_until

_POSTGRES_IMAGE = "postgres:15-alpine"
_RABBITMQ_IMAGE = "rabbitmq:3.13-alpine"
_NAME = "porteria"


@functools.cache
def why_no_engine() -> str | None:
    """Return why no container engine can be used, or None when one answers."""
    with warnings.catch_warnings():
        # The client leaves its socket open when nobody answers; collected here, nobody else sees the warning.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            DockerClient().client.ping()
        except DockerException as error:
            reason = type(error).__name__
        else:
            return None
        gc.collect()
    return f"no container engine answers ({reason})"


class _Server:
    """A container on a port that stays the same over restarts (engines hand out another one otherwise)."""

    def __init__(self, image: str, inner_port: int, **environment: str) -> None:
        self.port = processes.free_port()
        self._container: Any = DockerContainer(image).with_bind_ports(inner_port, self.port)
        for name, value in environment.items():
            self._container.with_env(name, value)
        self._created = False

    @property
    def _host(self) -> str:
        return str(self._container.get_container_host_ip())

    def start(self) -> None:
        """Create, or start again with its data; returns when it answers. Raises ServerFailed."""
        try:
            if self._created:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
                self._created = True
            wait_until(self._answers, timeout=120, message="the container's server did not answer", interval=0.1)
        except (DockerException, AssertionError, OSError) as error:
            self.stop()
            raise ServerFailed(f"container {self._container.image}: {error}") from error

    def kill(self) -> None:
        """SIGKILL the container; `start` brings it back on the same data."""
        self._container.get_wrapped_container().kill("SIGKILL")

    def stop(self) -> None:
        """Remove the container and its data."""
        if self._created:
            self._container.stop()
            self._created = False

    def _answers(self) -> bool:
        raise NotImplementedError


class ContainerPostgres(_Server):
    """PostgreSQL in a container."""

    def __init__(self, *, durable: bool = False) -> None:
        super().__init__(
            _POSTGRES_IMAGE, 5432, POSTGRES_USER=_NAME, POSTGRES_PASSWORD=_NAME, POSTGRES_HOST_AUTH_METHOD="trust"
        )
        fsync = "on" if durable else "off"
        self._container.with_command(f"postgres -c max_connections=300 -c fsync={fsync} -c timezone=UTC")

    @property
    def url(self) -> str:
        """Where the server's own database is."""
        return f"postgresql+psycopg://{_NAME}:{_NAME}@{self._host}:{self.port}/postgres"

    def _answers(self) -> bool:
        return postgres.answers(self.url)


class ContainerRabbitmq(_Server):
    """RabbitMQ in a container."""

    def __init__(self) -> None:
        super().__init__(
            _RABBITMQ_IMAGE,
            5672,
            RABBITMQ_DEFAULT_USER=_NAME,
            RABBITMQ_DEFAULT_PASS=_NAME,
            RABBITMQ_NODENAME="rabbit@localhost",
        )
        self._numbers = itertools.count(0)
        self._ready_vhosts = 0

    @property
    def url(self) -> str:
        """Where the default virtual host is."""
        return f"amqp://{_NAME}:{_NAME}@{self._host}:{self.port}/%2F"

    def new_vhost(self) -> str:
        """Return the address of a virtual host that nobody used yet."""
        number = next(self._numbers)
        if number >= self._ready_vhosts:
            rabbitmq.add_vhosts(self.control, range(number, number + rabbitmq.POOL), _NAME)
            self._ready_vhosts = number + rabbitmq.POOL
        return rabbitmq.with_vhost(self.url, rabbitmq.vhost_name(number))

    def release_vhost(self, url: str) -> None:
        """A used virtual host is never handed out again: nothing to do."""

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` in the container and return what it prints. Raises ServerFailed."""
        done = self._container.exec(["rabbitmqctl", *arguments])
        if done.exit_code:
            raise ServerFailed(f"rabbitmqctl failed: {done.output.decode(errors='replace')[-500:]}")
        return str(done.output.decode())

    def _answers(self) -> bool:
        return rabbitmq.answers(self.url)
