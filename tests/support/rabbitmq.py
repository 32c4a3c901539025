"""A private RabbitMQ from the binaries of this machine, and fresh virtual hosts on any RabbitMQ."""

import base64
import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pika
from pika.exceptions import AMQPError

from tests.support import processes
from tests.support.processes import ServerFailed

POOL = 40
_USER = _PASSWORD = "porteria"


class LocalRabbitmq:
    """RabbitMQ on own free ports of 127.0.0.1 with own folders, own node name and own epmd."""

    def __init__(self, program: Path) -> None:
        self.port = processes.free_port()
        self.url = f"amqp://{_USER}:{_PASSWORD}@127.0.0.1:{self.port}/{vhost_name(0)}"
        self._program = program
        self._folder = processes.make_private_folder("porteria-rabbitmq")
        self._log = self._folder / "server.log"
        self._epmd_port = processes.free_port()
        self._environment = self._make_environment()
        self._epmd: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration()
        self._vhosts = itertools.count(1)
        self._ready_vhosts = POOL

    def start(self) -> None:
        """Start on the same data and ports; returns when it answers. Raises ServerFailed."""
        # An epmd of our own, as our own child: the one that Erlang starts by itself stays behind for ever.
        if self._epmd is None or self._epmd.poll() is not None:
            epmd = shutil.which("epmd")
            if epmd is None:
                raise ServerFailed("epmd, a part of Erlang, is not on the PATH")
            self._epmd = processes.start(
                [epmd, "-port", str(self._epmd_port), "-address", "127.0.0.1"], log=self._folder / "epmd.log"
            )
        # With RABBITMQ_ALLOW_INPUT the script replaces itself by Erlang, so the pid is the server's own.
        self._process = processes.start([self._program, "-noinput"], log=self._log, env=self._environment)
        processes.wait_ready(self._process, lambda: answers(self.url), what="RabbitMQ", log=self._log, timeout=120)

    def stop(self) -> None:
        """Stop in order and remove the data."""
        # What it holds is thrown away: no reason to wait for a clean shutdown.
        processes.kill_tree(self._process)
        processes.end(self._epmd, signal.SIGKILL)
        self._process = self._epmd = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL every process of the server; `start` brings it back on the same data."""
        processes.kill_tree(self._process)
        self._process = None

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` against this server (takes about 2 s) and return what it prints."""
        return _run([str(self._program.with_name("rabbitmqctl")), *arguments], self._environment)

    def is_on_disk(self, queue: str) -> bool:
        """Whether a quorum queue outlives a kill by now.

        RabbitMQ itself forgets one that was declared within the last half second: its list of them
        (ra's names.dets) is written that late. Such a queue then refuses all work until it is deleted.
        """
        lists = (self._folder / "data").glob("*/quorum/*/names.dets")
        return any(queue.encode() in names.read_bytes() for names in lists)

    def new_vhost(self) -> str:
        """Return the address of a virtual host that nobody used yet."""
        number = next(self._vhosts)
        if number >= self._ready_vhosts:
            add_vhosts(self.control, range(number, number + POOL), _USER)
            self._ready_vhosts = number + POOL
        return with_vhost(self.url, vhost_name(number))

    def release_vhost(self, url: str) -> None:
        """A used virtual host is never handed out again: nothing to do."""

    def _make_environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        folder = self._folder
        return kept | {
            "HOME": str(folder),  # where Erlang keeps the cookie
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"porteria{self.port}@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(processes.free_port()),
            "RABBITMQ_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "no-such-file"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_ALLOW_INPUT": "1",
        }

    def _write_configuration(self) -> None:
        for name in ("data", "log"):
            (self._folder / name).mkdir()
        (self._folder / "plugins").write_text("[].\n")
        (self._folder / "definitions.json").write_text(json.dumps(_definitions()))
        (self._folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"load_definitions = {self._folder / 'definitions.json'}\n"
            "loopback_users = none\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "disk_free_limit.absolute = 64MB\n"
            "raft.wal_max_size_bytes = 67108864\n"
        )


class GivenRabbitmq:
    """A RabbitMQ whose address stands in the environment; it is neither started nor killed by us."""

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """Check that it answers. Raises ServerFailed."""
        if not answers(self.url):
            raise ServerFailed("no RabbitMQ answers at PORTERIA_TEST_BROKER_URL")

    def stop(self) -> None:
        """Leave it running: it is not ours."""

    def new_vhost(self) -> str:
        """Return its one virtual host, emptied: without a console only one test after the other can use it."""
        wipe(self.url)
        return self.url

    def release_vhost(self, url: str) -> None:
        """Remove what the test declared."""
        wipe(url)


def find_program() -> Path | None:
    """Return RabbitMQ's own start script, or None.

    Debian's /usr/sbin/rabbitmq-server is passed over: it changes the user and knows only the system's own folders.
    """
    known = [
        Path("/usr/lib/rabbitmq/bin/rabbitmq-server"),
        Path("/opt/homebrew/sbin/rabbitmq-server"),
        Path("/usr/local/sbin/rabbitmq-server"),
        *sorted(Path("/opt").glob("rabbitmq*/sbin/rabbitmq-server")),
    ]
    for program in known:
        if os.access(program, os.X_OK) and shutil.which("erl"):
            return program
    return None


def answers(url: str) -> bool:
    """Whether an AMQP connection to `url` opens."""
    parameters = pika.URLParameters(url)
    parameters.connection_attempts = 1
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = 10
    try:
        # Asked without pika first: it writes a dozen log lines about a port that nobody listens on yet.
        socket.create_connection((parameters.host, parameters.port), timeout=5).close()
        pika.BlockingConnection(parameters).close()
    except (AMQPError, OSError):
        return False
    return True


def server_version(url: str) -> str:
    """Return the version that the server tells when one connects."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        return str(connection._impl.server_properties.get("version", b"?"))
    finally:
        connection.close()


def vhost_name(number: int) -> str:
    """Return the name of the pool's virtual host with this number."""
    return f"porteria-test-{number}"


def with_vhost(url: str, vhost: str) -> str:
    """Return `url` with another virtual host."""
    return f"{url.rpartition('/')[0]}/{quote(vhost, safe='')}"


def add_vhosts(control: Callable[..., str], numbers: range, user: str) -> None:
    """Create virtual hosts that `user` may use, all in one call of rabbitmqctl: each costs 2 s to start."""
    control(
        "eval",
        '[begin Name = iolist_to_binary([<<"porteria-test-">>, integer_to_binary(N)]),'
        ' rabbit_vhost:add(Name, <<"tests">>),'
        f' rabbit_auth_backend_internal:set_permissions(<<"{user}">>, Name, <<".*">>, <<".*">>, <<".*">>, <<"tests">>)'
        f" end || N <- lists:seq({numbers.start}, {numbers.stop - 1})], ok.",
    )


def wipe(url: str) -> None:
    """Delete the queues and the exchange that Portería declares, as far as they exist."""
    from shared.bus import topology  # the product is loaded only where it is needed

    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for service in topology.HEARS:
            channel.queue_delete(topology.queue_of(service))
            channel.queue_delete(topology.dead_queue_of(service))
        channel.exchange_delete(topology.EXCHANGE)


def _definitions() -> dict[str, object]:
    """Users and a pool of virtual hosts: made while the server starts, which costs less than one rabbitmqctl."""
    salt = os.urandom(4)
    password = base64.b64encode(salt + hashlib.sha256(salt + _PASSWORD.encode()).digest()).decode()
    vhosts = [vhost_name(number) for number in range(POOL)]
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "users": [
            {
                "name": _USER,
                "password_hash": password,
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "administrator",
            }
        ],
        "vhosts": [{"name": vhost} for vhost in vhosts],
        "permissions": [{"user": _USER, "vhost": vhost, **everything} for vhost in vhosts],
    }


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout
