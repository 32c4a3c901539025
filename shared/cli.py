"""The command line that every service has: web, worker, migrate, and the dead letters."""

import json
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication

from shared import bus, migrations
from shared.db import Database
from shared.embedded.lifeline import follow_parent
from shared.inbox import Handlers
from shared.logs import configure_logs
from shared.settings import CommonSettings, SettingsError
from shared.tracing import configure_tracing
from shared.worker import Job, Worker, stop_on_signals, wait_for_database


@dataclass(frozen=True)
class Service:
    """What the command line needs to know of a service.

    `handlers` is a function of the settings where a handler needs some of them. `jobs` gets the settings, the database
    and the running worker (for its wakeups and its stop).
    """

    name: str
    settings: type[CommonSettings]
    create_app: Callable[..., Flask]
    handlers: Handlers | Callable[[Any], Handlers]
    jobs: Callable[[Any, Database, Worker], Sequence[Job]]

    def load(self) -> tuple[Any, Database]:
        """The settings from the environment and the database; ends the process with a clear text if one is wrong."""
        with self._naming_settings():
            settings = self.settings.load()
        return settings, Database(settings.database_url(self.name))

    def hears(self, settings: Any) -> Handlers:
        """The handlers of events."""
        return self.handlers(settings) if callable(self.handlers) else self.handlers

    def work(self, settings: Any, db: Database, worker: Worker) -> Sequence[Job]:
        """The jobs; a setting that proves wrong only now, such as a file that is missing, ends the process too."""
        with self._naming_settings():
            return self.jobs(settings, db, worker)

    @contextmanager
    def _naming_settings(self) -> Iterator[None]:
        try:
            yield
        except SettingsError as error:
            click.echo(f"{self.name} does not start, a setting is wrong or missing:\n{error}", err=True)
            sys.exit(2)

    def application(self, settings: Any, db: Database) -> Flask:
        """The application, made in the process that answers: what exports traces would not survive a fork."""
        configure_tracing(self.name, settings.otlp_url)
        return self.create_app(settings, db)


class _Server(BaseApplication):
    def __init__(self, create: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._create, self._options = create, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._create()


def command_line(service: Service) -> click.Group:
    """The click group of a service; the service adds its own commands to it."""

    @click.group(name=service.name)
    def group() -> None:
        configure_logs(service.name)
        follow_parent()

    @group.command()
    @click.option("--bind", default="127.0.0.1:8000", show_default=True, help="Address and port to serve on.")
    @click.option("--threads", default=16, show_default=True, help="Requests answered at once.")
    def web(bind: str, threads: int) -> None:
        """Serve the pages and the REST API."""
        settings, db = service.load()

        options = {
            "bind": bind,
            "workers": 1,  # one process, so that /metrics tells everything; more replicas rather than more workers
            "worker_class": "gthread",
            "threads": threads,
            "timeout": 60,
            "graceful_timeout": 10,
            "keepalive": 15,
            "proc_name": f"porteria-{service.name}",
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        known = {name: value for name, value in options.items() if name in _gunicorn_settings()}
        _Server(lambda: service.application(settings, db), known).run()

    @group.command()
    def worker() -> None:
        """Hear the bus, publish events and do the timed and long work."""
        settings, db = service.load()
        stop = threading.Event()
        stop_on_signals(stop)
        configure_tracing(service.name, settings.otlp_url)
        wait_for_database(db, stop)
        runner = Worker(service.name, db, settings.broker_url, service.hears(settings), stop=stop)
        runner.run(service.work(settings, db, runner))

    @group.command()
    def migrate() -> None:
        """Bring the database to the newest version."""
        _, db = service.load()
        migrations.migrate(service.name, db)

    @group.command("make-migration")
    @click.argument("message")
    def make_migration(message: str) -> None:
        """Write a migration for what changed in the models (for developers)."""
        _, db = service.load()
        migrations.make_migration(service.name, db, message)

    @group.group("dead-letters")
    def dead_letters() -> None:
        """Messages that this service could not accept."""

    @dead_letters.command("list")
    @click.option("--limit", default=100, show_default=True)
    def list_dead(limit: int) -> None:
        """One JSON line for each: when, why, and the event without its data."""
        settings, _ = service.load()
        for delivery in bus.list_dead(settings.broker_url, service.name, limit):
            click.echo(json.dumps(_describe(delivery), ensure_ascii=False))

    @dead_letters.command("resend")
    @click.option("--limit", type=int, default=None, help="At most so many; all by default.")
    def resend_dead(limit: int | None) -> None:
        """Put them back into the service's queue, for example after an upgrade that knows them."""
        settings, _ = service.load()
        click.echo(f"{bus.resend_dead(settings.broker_url, service.name, limit)} sent again")

    return group


def _gunicorn_settings() -> set[str]:
    from gunicorn.config import KNOWN_SETTINGS

    return {item.name for item in KNOWN_SETTINGS}


def _describe(delivery: bus.Delivery) -> dict[str, Any]:
    """What an operator may see of a dead letter: never its data, which may hold a secret."""
    try:
        envelope = json.loads(delivery.body)
        known = {name: envelope.get(name) for name in ("id", "source", "type", "subject", "time")}
    except (ValueError, AttributeError):
        known = {"bytes": len(delivery.body)}
    return {
        "reason": delivery.headers.get("porteria-reason", "refused by the broker's delivery limit"),
        "died_at": delivery.headers.get("porteria-died-at"),
        "routing_key": delivery.headers.get("porteria-routing-key", delivery.routing_key),
        "event": known,
    }
