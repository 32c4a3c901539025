"""A private PostgreSQL from the binaries of this machine."""

import os
import pwd
import re
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from tests.support import processes
from tests.support.processes import ServerFailed

SERVICES = ("directory", "identity", "mailer", "portal")
OLDEST = 15
_USER = "porteria"


class LocalPostgres:
    """PostgreSQL on an own free port of 127.0.0.1 with an own data folder.

    Plain tests do without fsync: the data then survives the death of every process of the server, but not that of
    the machine. `durable=True` switches it on, for measurements and faults that are to be like production.
    """

    def __init__(self, binaries: Path, *, durable: bool = False) -> None:
        self.port = processes.free_port()
        self.url = f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/postgres"
        self._binaries = binaries
        self._durable = durable
        self._user = _system_user()
        self._folder = processes.make_private_folder("porteria-postgres", self._user)
        self._log = self._folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start on the same data and port; returns when it answers. Raises ServerFailed."""
        if not (self._folder / "data").exists():
            self._create_cluster()
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 300,
            "shared_buffers": "128MB",
            "max_wal_size": "2GB",
            "timezone": "UTC",
            "fsync": "on" if self._durable else "off",
            "full_page_writes": "on" if self._durable else "off",
        }
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        self._process = processes.start(
            [self._binaries / "postgres", "-D", self._folder / "data", *arguments],
            log=self._log,
            user=self._user,
            env=_environment(),
            dies_with_us=signal.SIGQUIT,  # its immediate shutdown: takes its own children along
        )
        processes.wait_ready(self._process, lambda: answers(self.url), what="PostgreSQL", log=self._log, timeout=60)

    def stop(self) -> None:
        """Shut down at once, in order, whoever is still connected, and remove the data."""
        processes.end(self._process, signal.SIGINT)
        self._process = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """SIGKILL every process of the server; `start` brings it back on the same data."""
        processes.kill_tree(self._process)
        self._process = None

    def _create_cluster(self) -> None:
        command = [
            *(self._binaries / "initdb", "--pgdata", self._folder / "data", "--username", _USER, "--auth", "trust"),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
        ]
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            user=self._user,
            group=pwd.getpwnam(self._user).pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
            cwd=self._folder,
            env=_environment(),
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise ServerFailed(f"initdb failed: {done.stderr.strip()[-500:]}")


def find_binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL server of this machine that is new enough, or None."""
    folders = {path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")}
    folders |= {path.parent for path in Path("/opt/homebrew/opt").glob("postgresql@*/bin/initdb")}
    folders |= {path.parent for path in Path("/usr/local/opt").glob("postgresql@*/bin/initdb")}
    folders |= {path.parent for path in Path("/usr").glob("pgsql-*/bin/initdb")}
    if on_path := shutil.which("initdb"):
        folders.add(Path(on_path).resolve().parent)
    usable = [(version, folder) for folder in folders if (version := _major_version(folder)) >= OLDEST]
    return max(usable)[1] if usable else None


def _major_version(folder: Path) -> int:
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        return int(re.split(r"\D", answer.split()[2])[0])  # 15.8, 19devel, 19beta1
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return 0


def _system_user() -> str | None:
    """Whose process the server is: PostgreSQL refuses to run as root. None means ours."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise ServerFailed("PostgreSQL refuses to run as root, and there is no system user postgres or nobody")


def _environment() -> dict[str, str]:
    """The environment without settings of other clusters (PGDATA, PGPORT, ...)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def plain(url: str) -> str:
    """Return a SQLAlchemy address as psycopg itself takes it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def answers(url: str) -> bool:
    """Whether the server at `url` takes connections and answers a query."""
    try:
        with psycopg.connect(plain(url), connect_timeout=5) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def server_version(url: str) -> str:
    """Return the version that the server at `url` tells, such as 15.14."""
    with psycopg.connect(plain(url), connect_timeout=10) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]).split()[0] if row else "?"


def create_databases(url: str, prefix: str) -> str:
    """Create one empty database per service; return the pattern `…/{prefix}_{service}` of their addresses."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for service in SERVICES:
            connection.execute(f'CREATE DATABASE "{prefix}_{service}" TEMPLATE template0'.encode())
    pattern = make_url(url).set(database=f"{prefix}_SERVICE").render_as_string(hide_password=False)
    return pattern.replace(f"{prefix}_SERVICE", f"{prefix}_{{service}}")


def empty_databases(url: str, prefix: str) -> None:
    """Empty what `create_databases` created, for the next test: far quicker than to drop and create it."""
    for service in SERVICES:
        name = f"{prefix}_{service}"
        address = make_url(url).set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(plain(address), autocommit=True) as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
            connection.execute(others, (name, connection.info.backend_pid))
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def drop_databases(url: str, prefix: str) -> None:
    """Drop what `create_databases` created, whoever is still connected."""
    with psycopg.connect(plain(url), autocommit=True) as connection:
        for service in SERVICES:
            connection.execute(f'DROP DATABASE IF EXISTS "{prefix}_{service}" WITH (FORCE)'.encode())
