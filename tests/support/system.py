"""The whole system running as real processes, each of which a test may kill and start again.

`make run` itself (honcho, front door, embedded parts) is started by `tests/e2e`; here every process stands alone, so
that one can die while the others go on, as in production.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from shared.db import Database
from tests.support.processes import end, free_port, kill_tree, start, tail, wait_ready
from tests.support.schema import migrated
from tests.support.waiting import wait_until

SERVICES = ("directory", "identity", "mailer", "portal")
ROOT = Path(__file__).parents[2]
SCOPES = (
    "parties:read",
    "parties:write",
    "credentials:issue",
    "credentials:verify",
    "passwords:write",
    "letters:read",
    "letters:cancel",
    "letters:send",
    "queue:control",
    "invoices:read",
    "invoices:write",
    "payments:read",
    "payments:write",
    "cases:read",
)


@dataclass
class System:
    """The four services, web and worker apart, behind the front door.

    `database_url` (with `{service}`), `broker_url` and `smtp_url` are what the settings of the same name say; none is
    the embedded default. `extra` is added to the environment of every process.
    """

    folder: Path
    database_url: str | None = None
    broker_url: str | None = None
    smtp_url: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.ports = {service: free_port() for service in SERVICES}
        self.admin_password = secrets.token_urlsafe(12)

    @property
    def environment(self) -> dict[str, str]:
        """What every process gets; nothing of the tests' own PORTERIA_ settings leaks in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("PORTERIA_")}
        settings = {
            "PYTHONPATH": str(ROOT),
            "PORTERIA_DATA": str(self.folder / "var"),
            "PORTERIA_PORT": str(self.port),
            "PORTERIA_ADMIN_PASSWORD": self.admin_password,
            "PORTERIA_MAIL_DELAY": "0",
        }
        parts = {
            "PORTERIA_DATABASE_URL": self.database_url,
            "PORTERIA_BROKER_URL": self.broker_url,
            "PORTERIA_SMTP_URL": self.smtp_url,
        }
        settings |= {name: value for name, value in parts.items() if value}
        return {**own, **settings, **self.extra}

    def log(self, name: str) -> Path:
        """Where a process writes what it says."""
        return self.folder / f"{name}.log"

    def run(self, service: str, *arguments: str) -> str:
        """Run a command of a service to its end and return what it printed."""
        command = [sys.executable, "-m", f"services.{service}", *arguments]
        done = subprocess.run(command, env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def prepare(self) -> None:
        """Migrate the databases and create the administrator and the services' own OAuth2 clients."""
        from shared.keyring import Keyring

        (self.folder / "var").mkdir(parents=True, exist_ok=True)
        for service in SERVICES:
            Keyring(self.folder / "var", service).client_secret()
        for service in SERVICES:
            migrated(service, Database(self._database(service)))
        self.run("identity", "migrate")  # besides, it registers the other services
        self.run("identity", "first-administrator")

    def _database(self, service: str) -> str:
        if self.database_url:
            return self.database_url.replace("{service}", service)
        return f"sqlite:///{self.folder / 'var' / f'{service}.db'}"

    def start(self, *names: str) -> None:
        """Start these processes (`mailer.worker`, `identity.web`, `frontdoor`), all of them by default."""
        said = {name: self.log(name).stat().st_size if self.log(name).exists() else 0 for name in names or self.names}
        for name in said:
            self.processes[name] = start(self._command(name), log=self.log(name), env=self.environment)
        for name, before in said.items():
            self._wait_ready(name, before)

    @property
    def names(self) -> list[str]:
        """The processes of the system."""
        return [*(f"{service}.{side}" for service in SERVICES for side in ("web", "worker")), "frontdoor"]

    def _command(self, name: str) -> list[str]:
        if name == "frontdoor":
            routes = [part for service, port in self.ports.items() for part in (f"--{service}", str(port))]
            return [sys.executable, "-m", "shared.embedded.frontdoor", "--port", str(self.port), *routes]
        service, side = name.split(".")
        bind = ["--bind", f"127.0.0.1:{self.ports[service]}"] if side == "web" else []
        return [sys.executable, "-m", f"services.{service}", side, *bind]

    def _wait_ready(self, name: str, said_before: int) -> None:
        """Wait until a web process answers, or a worker says that it has begun."""
        if name.endswith(".web"):
            service = name.split(".", maxsplit=1)[0]
            address = f"http://127.0.0.1:{self.ports[service]}/readyz/{service}"
        elif name == "frontdoor":
            address = f"{self.url}/healthz/identity"
        else:
            address = ""

        def is_ready() -> bool:
            return answers(address) if address else b"worker_started" in self.log(name).read_bytes()[said_before:]

        wait_ready(self.processes[name], is_ready, what=name, log=self.log(name), timeout=60)

    def kill(self, name: str) -> None:
        """SIGKILL a process and all that it started."""
        kill_tree(self.processes.pop(name))

    def stop(self) -> None:
        """End everything in order."""
        import signal

        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            end(process, signal.SIGTERM)
        self.processes.clear()

    def dead(self) -> list[str]:
        """Processes that ended although nobody told them to, with the end of their log."""
        return [
            f"{name}:\n{tail(self.log(name))}" for name, process in self.processes.items() if process.poll() is not None
        ]

    def client(self, *scopes: str) -> "Client":
        """Another system: an OAuth2 client of its own (all scopes by default)."""
        options = [part for scope in scopes or SCOPES for part in ("--scope", scope)]
        printed = json.loads(self.run("identity", "create-client", f"test-{secrets.token_hex(3)}", *options))
        return Client(self.url, printed["client_id"], printed["client_secret"])


def answers(address: str) -> bool:
    """Whether an address answers 200."""
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


class Client:
    """A client of the REST API as an integrator would write one: token, then calls."""

    def __init__(self, url: str, client_id: str, client_secret: str) -> None:
        self.url, self._credentials = url, (client_id, client_secret)
        self._session = requests.Session()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """A bearer token, asked for again before it expires."""
        if time.monotonic() > self._until:
            answer = requests.post(
                f"{self.url}/oauth/token", data={"grant_type": "client_credentials"}, auth=self._credentials, timeout=20
            )
            answer.raise_for_status()
            self._token = answer.json()["access_token"]
            self._until = time.monotonic() + answer.json()["expires_in"] - 60
        return self._token

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One call below /api, for example `call("GET", "mailer/v1/letters")`."""
        headers = {"Authorization": f"Bearer {self.token()}", **options.pop("headers", {})}
        return self._session.request(method, f"{self.url}/api/{path}", headers=headers, timeout=60, **options)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer of a GET that must succeed."""
        answer = self.call("GET", path, params=params)
        assert answer.ok, f"GET {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON answer of a POST that must succeed."""
        answer = self.call("POST", path, json=body, **options)
        assert answer.ok, f"POST {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **params, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def import_csv(self, content: bytes, name: str = "people.csv") -> dict[str, Any]:
        """Import people and wait until it ended; what is counted stands beside the state."""
        answer = self.call("POST", "directory/v1/imports", files={"file": (name, content, "text/csv")})
        assert answer.status_code == 202, answer.text[:500]
        path = f"directory/v1/imports/{answer.json()['id']}"

        def ended() -> dict[str, Any] | None:
            state: dict[str, Any] = self.get(path)
            return state | state["counts"] if state["state"] in ("finished", "failed") else None

        return wait_until(ended, timeout=120, message=lambda: f"the import did not end: {self.get(path)}")

    def issue_batch(self, *, wait: bool = True, timeout: float = 120, **body: Any) -> dict[str, Any]:
        """Start a batch; by default wait until it is finished."""
        request = {"classes": ["tenant", "owner"], "scope": "all", "party_ids": [], "delivery": "password", **body}
        answer = self.call("POST", "identity/v1/credential-batches", json=request)
        assert answer.status_code == 202, answer.text[:500]
        path = f"identity/v1/credential-batches/{answer.json()['id']}"
        if not wait:
            return answer.json()

        def ended() -> dict[str, Any] | None:
            state = self.get(path)
            return state if state["state"] != "running" else None

        return wait_until(ended, timeout=timeout, message=lambda: f"the batch did not end: {self.get(path)}")

    def can_sign_in(self, login: str, password: str) -> bool:
        """Whether identity accepts this login and password."""
        body = {"login": login, "password": password}
        return bool(self.post("identity/v1/credentials/verify", body)["valid"])
